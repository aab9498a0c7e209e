"""What whoever deploys the stacks must be allowed: each call, on its resource, with its conditions.

What CloudFormation does for a type is listed in the type's resource schema, which
cfn-lint ships: the permissions of its handlers and of its tags. What SAM, people and the
workflows call is recorded when the templates are deployed into ministack.
"""

import dataclasses
import fnmatch
import json

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from samcli.lib.bootstrap import bootstrap

from reference import REFERENCE, as_list
from stacks import ACCOUNT, KEY, REGION, SETTINGS_OF, plain_policies, roles_in

ARTIFACT_STACK = bootstrap.SAM_CLI_STACK_NAME
ARTIFACTS = f"arn:aws:s3:::{ARTIFACT_STACK}-samclisourcebucket-abcdefghijkl"
CLOUDFORMATION = "cloudformation.amazonaws.com"

# The service that a type hands the roles that its properties name.
PASSED_TO = {
    "AWS::Events::Rule": "events.amazonaws.com",
    "AWS::Lambda::Function": "lambda.amazonaws.com",
    "AWS::Pipes::Pipe": "pipes.amazonaws.com",
    "AWS::S3::Bucket": "s3.amazonaws.com",
    "AWS::StepFunctions::StateMachine": "states.amazonaws.com",
}

# Actions that a type's handlers list and call only where a resource sets one of the
# properties. Where one does, the action is needed.
ONLY_WITH = {
    "AWS::IAM::ManagedPolicy": {
        "Groups": "iam:AttachGroupPolicy iam:DetachGroupPolicy",
        "Users": "iam:AttachUserPolicy iam:DetachUserPolicy",
    },
    "AWS::IAM::Role": {"ManagedPolicyArns": "iam:AttachRolePolicy iam:DetachRolePolicy"},
    "AWS::KMS::Key": {"Tags": "kms:TagResource kms:UntagResource"},
    "AWS::Lambda::EventSourceMapping": {"KmsKeyArn": "kms:*"},
    "AWS::Lambda::Function": {
        "CapacityProviderConfig": "lambda:PassCapacityProvider",
        "Code/S3ObjectVersion": "s3:GetObjectVersion",
        "CodeSigningConfigArn": "lambda:GetCodeSigningConfig lambda:PutFunctionCodeSigningConfig lambda:DeleteFunctionCodeSigningConfig",
        "FileSystemConfigs": "elasticfilesystem:* s3files:*",
        "FunctionScalingConfig": "lambda:PutFunctionScalingConfig",
        "KmsKeyArn": "kms:*",
        "Layers": "lambda:GetLayerVersion",
        "PublishToLatestPublished": "lambda:PublishVersion",
        "RecursiveLoop": "lambda:PutFunctionRecursionConfig",
        "ReservedConcurrentExecutions": "lambda:PutFunctionConcurrency lambda:DeleteFunctionConcurrency",
        "RuntimeManagementConfig": "lambda:AssociateRuntimeAlias lambda:PutRuntimeManagementConfig",
        "VpcConfig": "ec2:*",
    },
    "AWS::Logs::LogGroup": {
        "BearerTokenAuthenticationEnabled": "logs:PutBearerTokenAuthentication",
        "DataProtectionPolicy": "logs:PutDataProtectionPolicy logs:DeleteDataProtectionPolicy firehose:TagDeliveryStream logs:CreateLogDelivery",
        "DeletionProtectionEnabled": "logs:PutLogGroupDeletionProtection",
        "FieldIndexPolicies": "logs:PutIndexPolicy logs:DeleteIndexPolicy",
        "KmsKeyId": "logs:AssociateKmsKey logs:DisassociateKmsKey",
        "ResourcePolicyDocument": "logs:PutResourcePolicy logs:DeleteResourcePolicy",
        "RetentionInDays": "logs:PutRetentionPolicy logs:DeleteRetentionPolicy",
    },
    "AWS::Pipes::Pipe": {
        "KmsKeyIdentifier": "kms:*",
        "LogConfiguration/FirehoseLogDestination": "firehose:TagDeliveryStream iam:CreateServiceLinkedRole",
        "LogConfiguration/S3LogDestination": "s3:*",
    },
    "AWS::S3::Bucket": {
        "AbacStatus": "s3:PutBucketAbac",
        "AccelerateConfiguration": "s3:PutAccelerateConfiguration",
        "AccessControl": "s3:PutBucketAcl s3:PutObjectAcl",
        "AnalyticsConfigurations": "s3:PutAnalyticsConfiguration",
        "CorsConfiguration": "s3:PutBucketCORS",
        "IntelligentTieringConfigurations": "s3:PutIntelligentTieringConfiguration",
        "InventoryConfigurations": "s3:PutInventoryConfiguration",
        "LifecycleConfiguration": "s3:PutLifecycleConfiguration",
        "LoggingConfiguration": "s3:PutBucketLogging",
        "MetadataConfiguration": "s3tables:* s3:CreateBucketMetadataTableConfiguration s3:DeleteBucketMetadataTableConfiguration s3:UpdateBucketMetadata*",
        "MetadataTableConfiguration": "s3tables:* s3:CreateBucketMetadataTableConfiguration s3:DeleteBucketMetadataTableConfiguration",
        "MetricsConfigurations": "s3:PutMetricsConfiguration",
        "NotificationConfiguration": "s3:PutBucketNotification",
        "ObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
        "ObjectLockEnabled": "s3:PutBucketObjectLockConfiguration",
        "OwnershipControls": "s3:PutBucketOwnershipControls",
        "ReplicationConfiguration": "s3:PutReplicationConfiguration iam:PassRole",
        "WebsiteConfiguration": "s3:PutBucketWebsite s3:DeleteBucketWebsite",
    },
    "AWS::SNS::Topic": {
        "DataProtectionPolicy": "sns:PutDataProtectionPolicy",
        "DeliveryStatusLogging": "iam:GetRole iam:PassRole",
    },
    "AWS::StepFunctions::StateMachine": {
        "DefinitionS3Location/Version": "s3:GetObjectVersion",
        "EncryptionConfiguration": "kms:*",
    },
}

# What a handler lists and the role may not have all the same.
LEFT_OUT = {
    ("AWS::IAM::Role", "iam:DeleteRolePermissionsBoundary"): "A boundary must hold for whoever changes the template, too.",
    ("AWS::S3::Bucket", "s3:DeleteObject"): "No role of the pipeline touches an object. AWS doesn't say which property would need it.",
    **{
        ("AWS::Lambda::Function", f"kms:{action}"): "The key of EnvironmentKmsKeyArn is its owner's; its policy lets the role, as docs/pipeline.md says."
        for action in ("CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey")
    },
}

# What no handler and no recorded call shows: what for, action, resource, reason.
TRANSFORM, LOGS = "transforms", "logs"
TRANSFORMS = [f"arn:aws:cloudformation:{REGION}:aws:transform/{name}" for name in ("LanguageExtensions", "Serverless-2016-10-31")]
ALSO = [
    *[
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-template.html
        (TRANSFORM, "cloudformation:CreateChangeSet", transform, "Templates with transforms: whoever makes the change set, and the role that it is given, need them.")
        for transform in TRANSFORMS
    ],
    *[
        # https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
        (LOGS, f"logs:{action}", "*", "Step Functions sets up its logs with its caller's rights.")
        for action in ("CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery", "ListLogDeliveries",
                       "PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups")
    ],
]

# Actions that AWS's reference gives a resource, and that need "*" all the same.
ON_EVERYTHING = {
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
    "cloudwatch:PutCompositeAlarm": "It must be granted on *: CloudWatch refuses a narrower resource.",
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    "cloudwatch:DescribeAlarms": "With a narrower resource it tells of no composite alarm.",
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
    "cloudwatch:GetMetricData": "Metrics that services and functions write are no resource; its optional one is a dataset of OTLP.",
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
    "sns:Unsubscribe": "The call names a subscription. AWS's table had no resource for it until 2026, and now an optional one.",
    "sns:GetSubscriptionAttributes": "The same.",
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    **{
        f"ec2:{action}": "Lambda asks for it on every resource before it connects a function to subnets."
        for action in ("AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface", "UnassignPrivateIpAddresses")
    },
}

# API operations of S3 whose action has another name.
S3_ACTIONS = {
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjectsV2": "ListBucket",
    "ListObjects": "ListBucket",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
}

# What the tests' administrator calls beside deploying: it looks whether ministack listens and keeps what
# it was told, and takes names, so that a deployment fails.
OF_TESTS = {"kms", "lambda", "monitoring", "pipes", "states"}


@dataclasses.dataclass(frozen=True)
class Holder:
    """Who calls, and in which variant of the policies that it has."""

    name: str
    variant: str
    arn: str
    itself: bool  # calls AWS itself, and not CloudFormation that was handed the role: CloudFormation calls with its rights


@dataclasses.dataclass
class Need:
    """A call that must be allowed, or refused."""

    holder: Holder
    side: str  # primary or replica; empty: of no stack
    action: str
    arn: str
    why: str
    context: dict
    key: str = None  # name of the key's policy
    unlisted: bool = False  # AWS's reference doesn't have the resource
    refused: bool = False


def bounded(role):
    """What conditions see of a role's boundary."""
    return {"iam:PermissionsBoundary": role["PermissionsBoundary"]} if "PermissionsBoundary" in role else {}


class Needs:
    def __init__(self, stacks, artifacts, tagged=False):
        """stacks are alike but for their options, from and to which they may be updated. tagged: they have tags, which all resources get."""
        self.stacks, self.artifacts, self.tagged = stacks, artifacts, tagged
        types = {stack.templates[logical]["Type"] for stack in [*stacks, artifacts] for logical in stack.resources}
        self.schemas = {type_: PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_).schema for type_ in types}
        self.calls = {}
        self.left_out = set()
        self.key_policies = {}
        self.problems = []

    def add(self, holder, side, action, arn, why, context=None, by_cloudformation=False, **more):
        context = {"aws:PrincipalArn": holder.arn, "aws:SecureTransport": "true", **(context or {})}
        if by_cloudformation and holder.itself:
            context["aws:CalledVia"] = CLOUDFORMATION
        call = Need(holder, side, action, arn, why, context, **more)
        self.calls.setdefault(json.dumps([holder.name, holder.variant, side, action, arn, context, more]), call)

    # --- of stacks ---

    @staticmethod
    def sets(stacks, type_, path):
        """Whether a resource of the type sets the property in one of the stacks."""
        def set_in(properties, names):
            return not names or names[0] in properties and (len(names) == 1 or set_in(properties[names[0]], names[1:]))
        return any(
            stack.templates[logical]["Type"] == type_ and set_in(properties, path.split("/"))
            for stack in stacks
            for logical, properties in stack.resources.items()
        )

    def is_needed(self, stacks, type_, action):
        if REFERENCE.action(action) is None:
            return False  # a name that a handler lists and IAM doesn't know
        with_ = [path for path, actions in ONLY_WITH.get(type_, {}).items()
                 if any(fnmatch.fnmatchcase(action, pattern) for pattern in actions.split())]
        if with_ and not any(self.sets(stacks, type_, path) or self.tagged and path == "Tags" for path in with_):
            return False
        if (type_, action) in LEFT_OUT:
            self.left_out.add((type_, action))
            return False
        return True

    def listed(self, stacks, type_, handlers):
        """The actions of a type by its schema: those of the handlers, and those of its tags, each with where it is listed."""
        schema = self.schemas[type_]
        for handler in handlers:
            for action in sorted(schema["handlers"].get(handler, {}).get("permissions", [])):
                yield handler, action
        tagging = schema.get("tagging", {})
        tags = tagging.get("tagProperty", "/properties/Tags").removeprefix("/properties/")
        if tagging.get("cloudFormationSystemTags") or self.sets(stacks, type_, tags) or self.tagged and tagging.get("taggable"):
            for action in tagging.get("permissions", []):
                yield "tagging", action

    @staticmethod
    def targets(stack, logical, action):
        """The resources that a resource's handler does an action to, and what is known of the call."""
        type_, properties = stack.templates[logical]["Type"], stack.resources[logical]
        if action == "iam:PassRole":
            return [(arn, {"iam:PassedToService": PASSED_TO[type_]}) for arn in roles_in(properties)]
        if action == "s3:GetObject" and type_ in ("AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"):
            return [(f"{ARTIFACTS}/autobackup-prod/main/0123456789abcdef", {})]
        if type_ in SETTINGS_OF:
            return [(stack.arn(one["Ref"] if "Ref" in one else one["Fn::GetAtt"][0]), {}) for one in as_list(properties[SETTINGS_OF[type_]])]
        if action in ("iam:AttachRolePolicy", "iam:DetachRolePolicy"):
            roles = [one["Ref"] for one in properties.get("Roles", [])]
            return [(stack.arn(role), {"iam:PolicyARN": stack.arn(logical), **bounded(stack.resources[role])}) for role in roles]
        takes_resource = REFERENCE.arn_types(action)
        arns, context = [stack.arn(logical) if takes_resource else "*"], {}
        if type_ == "AWS::KMS::Alias" and takes_resource:  # the alias and its key must both allow it
            arns.append(stack.arn(properties["TargetKeyId"]["Ref"]))
        if type_ == "AWS::Lambda::EventSourceMapping":
            context["lambda:FunctionArn"] = stack.arn(properties["FunctionName"]["Ref"])
        if type_ == "AWS::IAM::Role":
            context |= bounded(properties)
        return [(arn, context) for arn in arns]

    def tags(self, stack, logical, handler):
        """The tags that conditions may see: before a resource is made it has none."""
        type_, properties = stack.templates[logical]["Type"], stack.resources[logical]
        own = {one["Key"]: one["Value"] for one in properties.get("Tags", []) if isinstance(one, dict)}
        if handler == "create":
            return {f"aws:RequestTag/{key}": value for key, value in own.items()}
        if self.schemas[type_].get("tagging", {}).get("cloudFormationSystemTags"):
            own["aws:cloudformation:stack-name"] = stack.name
            own["aws:cloudformation:logical-id"] = logical
        return {f"aws:ResourceTag/{key}": value for key, value in own.items()}

    def of_stack(self, holder, side, stack, stacks, handlers=("create", "read", "update", "delete")):
        for logical in stack.resources:
            type_ = stack.templates[logical]["Type"]
            for handler, action in self.listed(stacks, type_, handlers):
                if not self.is_needed(stacks, type_, action):
                    continue
                for arn, context in self.targets(stack, logical, action):
                    key = None
                    if ":key/" in arn:
                        of = logical if type_ == "AWS::KMS::Key" else stack.resources[logical]["TargetKeyId"]["Ref"]
                        key = f"{stack.name} {of}"
                        self.key_policies[key] = plain_policies(stack.resources[of]["KeyPolicy"])
                    self.add(holder, side, action, arn, f"{handler} of {type_} {logical}",
                             {**context, **self.tags(stack, logical, handler)}, by_cloudformation=True, key=key)

    # --- of nothing that a schema or a recorded call shows ---

    def also(self, holder, side, actions):
        for kind, action, arn, reason in ALSO:
            if kind in actions:
                self.add(holder, side, action, arn, reason, by_cloudformation=kind == LOGS, unlisted=kind == TRANSFORM)

    def foreign_keys(self, holder):
        """Nobody does anything to a key that isn't the stacks', where its policy leaves the account to decide."""
        self.key_policies["foreign"] = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}]}
        for action in REFERENCE.actions("kms"):
            if any(one["name"] == "key" for one, _ in REFERENCE.arn_types(action)):
                self.add(holder, "", action, KEY.replace("1a2b", "9f9f"), "it is a key of somebody else", key="foreign", refused=True)

    def unbounded(self, holder, role):
        """With a boundary, nobody makes a role or gives it permissions without it, or takes it away."""
        for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary", "iam:AttachRolePolicy", "iam:DeleteRolePermissionsBoundary"):
            for context in ({}, {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/other"}):
                self.add(holder, "", action, role, "the role hasn't the boundary", context, by_cloudformation=True, refused=True)

    # --- of recorded calls ---

    def of_call(self, holder, side, call):
        service, action, stack = call["service"], call["action"], call.get("stack")
        name = f"{service}:{S3_ACTIONS.get(action, action) if service == 's3' else action}"
        why = f"{action}, called by {call['caller']},"
        if name == "sts:GetCallerIdentity":
            return  # it needs no permission
        if REFERENCE.action(name) is None:
            self.problems.append(f"{why} is no action of IAM: say in .ci/needs.py which it needs")
            return
        arn = "*"
        if service == "cloudformation" and stack and REFERENCE.arn_types(name):
            arn = f"arn:aws:cloudformation:{call.get('region') or REGION}:{ACCOUNT}:stack/{stack}/1a2b3c4d"
        if service == "s3" and call.get("bucket"):
            arn = f"arn:aws:s3:::{call['bucket']}" + (f"/{call['key']}" if call.get("key") else "")
        self.add(holder, side, name, arn, why)
        if call.get("role"):
            self.add(holder, side, "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{call['role'].split('/')[-1]}", why, {"iam:PassedToService": CLOUDFORMATION})

    def lists(self):
        """The lists above must not outlive what they were written for."""
        for type_, paths in ONLY_WITH.items():
            listed = [action for handler in ("create", "read", "update", "delete")
                      for action in self.schemas[type_]["handlers"].get(handler, {}).get("permissions", [])]
            for path, actions in paths.items():
                if path.split("/")[0] not in self.schemas[type_]["properties"]:
                    yield f"ONLY_WITH: {type_} has no property {path}"
                for pattern in actions.split():
                    if not fnmatch.filter(listed, pattern):
                        yield f"ONLY_WITH: no handler of {type_} lists {pattern}"
        for one in LEFT_OUT.keys() - self.left_out:
            yield f"LEFT_OUT: {one[1]} of {one[0]} is not needed any more"
