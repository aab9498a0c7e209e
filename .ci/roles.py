"""Holds pipeline.yaml's roles against what CloudFormation and SAM do with them.

    roles.py --calls FILE EXPANDED...

What CloudFormation does for a type is listed in the type's resource schema, which
cfn-lint ships: the permissions of its handlers and of its tags. SAM's and the
workflows' own calls are recorded when the templates are deployed into ministack.
Each must be allowed by its role, on that very resource, as iam.py decides, which
knows what an action is done to. And nothing else may be allowed: every action,
resource and value of a condition in a role must have been needed by something here.

EXPANDED are JSON files from expand.py, with the pipeline's stage. pipeline.json is
held against the others; pipeline-with-every-option.json against those that end
likewise.
"""

import argparse
import fnmatch
import json
import pathlib
import re
import sys

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from samcli.lib.bootstrap import bootstrap

from iam import REFERENCE, NotDecided, Policy, as_list, decide

ACCOUNT = "123456789012"
REGION = "eu-central-1"
EVERY_OPTION = "-with-every-option"
ARTIFACTS = "arn:aws:s3:::aws-sam-cli-managed-default-samclisourcebucket-abcdefghijkl"
STACKS = ("autobackup-prod", "autobackup-replica-prod")
ARTIFACT_STACK = bootstrap.SAM_CLI_STACK_NAME
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1a2b3c4d-0000-0000-0000-000000000000"
CALLERS = {"plan": "PlanRole", "deploy": "DeployRole"}
ROLES = [*CALLERS.values(), "ExecutionRole"]
POLICY_LIMIT = 10_240  # characters, of a role's inline policies together, without white space

# Where a resource's ARN comes from: {name} is the property that names it.
ARNS = {
    "AWS::CloudWatch::Alarm": ("AlarmName", f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{{name}}"),
    "AWS::CloudWatch::CompositeAlarm": ("AlarmName", f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{{name}}"),
    "AWS::CloudWatch::Dashboard": ("DashboardName", f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{{name}}"),
    "AWS::Events::Rule": ("Name", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{{name}}"),
    "AWS::IAM::Role": ("RoleName", f"arn:aws:iam::{ACCOUNT}:role/{{name}}"),
    "AWS::KMS::Alias": ("AliasName", f"arn:aws:kms:{REGION}:{ACCOUNT}:{{name}}"),
    "AWS::KMS::Key": (None, KEY),
    "AWS::Lambda::EventSourceMapping": (None, f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:1a2b3c4d"),
    "AWS::Lambda::Function": ("FunctionName", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{name}}"),
    "AWS::Logs::LogGroup": ("LogGroupName", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{name}}"),
    "AWS::Pipes::Pipe": ("Name", f"arn:aws:pipes:{REGION}:{ACCOUNT}:pipe/{{name}}"),
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::{name}"),
    "AWS::SNS::Topic": ("TopicName", f"arn:aws:sns:{REGION}:{ACCOUNT}:{{name}}"),
    "AWS::SQS::Queue": ("QueueName", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{name}}"),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{{name}}"),
}

# Types that are a setting of another resource, and the property that names it.
SETTINGS_OF = {
    "AWS::Lambda::Permission": "FunctionName",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueuePolicy": "Queues",
}

# The service that a type hands the roles that its properties name.
PASSED_TO = {
    "AWS::Lambda::Function": "lambda.amazonaws.com",
    "AWS::Pipes::Pipe": "pipes.amazonaws.com",
    "AWS::S3::Bucket": "s3.amazonaws.com",
    "AWS::StepFunctions::StateMachine": "states.amazonaws.com",
}

# Actions that a type's handlers list and call only where a resource sets one of the
# properties. Where one does, the action is needed.
ONLY_WITH = {
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
    ("AWS::Events::Rule", "iam:PassRole"): "The rule's target is a queue, which takes no role.",
    ("AWS::IAM::Role", "iam:DeleteRolePermissionsBoundary"): "A boundary must hold for whoever changes the template, too.",
    ("AWS::S3::Bucket", "s3:DeleteObject"): "No role of the pipeline touches an object. AWS doesn't say which property would need it.",
    **{
        ("AWS::Lambda::Function", f"kms:{action}"): "The key of EnvironmentKmsKeyArn is its owner's; its policy lets the role, as docs/pipeline.md says."
        for action in ("CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey")
    },
}

# What no handler and no recorded call shows: role, action, resource, reason.
TRANSFORMS = [f"arn:aws:cloudformation:{REGION}:aws:transform/{name}" for name in ("LanguageExtensions", "Serverless-2016-10-31")]
ALSO = [
    *[
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-template.html
        (role, "cloudformation:CreateChangeSet", transform, "Templates with transforms: whoever makes the change set, and the role that it is given, need them.")
        for role in ROLES
        for transform in TRANSFORMS
    ],
    *[
        # https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
        ("ExecutionRole", f"logs:{action}", "*", "Step Functions sets up its logs with its caller's rights.")
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
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
    "sns:Unsubscribe": "The call names a subscription. AWS's table had no resource for it until 2026, and now an optional one.",
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

problems = []


def problem(text):
    if text not in problems:
        problems.append(text)


class Stack:
    """An expanded template, its values resolved as far as names and policies go."""

    def __init__(self, name, template):
        self.name = name
        self.values = {
            "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws", "AWS::Region": REGION, "AWS::URLSuffix": "amazonaws.com",
            **{name: str(given.get("Default", "")) for name, given in template.get("Parameters", {}).items()},
        }
        self.conditions = template.get("Conditions", {})
        self.templates = template["Resources"]
        self.resources = {
            logical: self.resolve(resource["Properties"])
            for logical, resource in self.templates.items()
            if self.holds(resource.get("Condition"))
        }

    def holds(self, condition):
        if condition is None:
            return True
        if isinstance(condition, str):
            return self.holds(self.conditions[condition])
        (function, arguments), = condition.items()
        match function:
            case "Condition":
                return self.holds(arguments)
            case "Fn::Not":
                return not self.holds(arguments[0])
            case "Fn::And":
                return all(map(self.holds, arguments))
            case "Fn::Or":
                return any(map(self.holds, arguments))
            case "Fn::Equals":
                left, right = (str(self.resolve(one)) for one in arguments)
                return left == right
        raise ValueError(f"{self.name}: a condition with {function} is not known here")

    def resolve(self, value):
        """A value with its references replaced. A resource stays a Ref or GetAtt; AWS::NoValue is None."""
        if isinstance(value, list):
            return [one for one in map(self.resolve, value) if one is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, argument), = value.items()
            if function == "Ref" and argument == "AWS::NoValue":
                return None
            if function == "Ref" and argument in self.values:
                return self.values[argument]
            if function == "Fn::If":
                return self.resolve(argument[1] if self.holds(argument[0]) else argument[2])
            if function == "Fn::GetAtt" and argument[1] == "Arn" and self.templates[argument[0]]["Type"] == "AWS::IAM::Role":
                return {"Role": argument[0], "Arn": self.arn(argument[0])}
            if function == "Fn::Sub" and isinstance(argument, str):
                return re.sub(r"\$\{([\w:]+)\}", lambda found: self.values.get(found[1], found[0]), argument)
        resolved = {key: self.resolve(one) for key, one in value.items()}
        return {key: one for key, one in resolved.items() if one is not None}

    def arn(self, logical):
        type_ = self.templates[logical]["Type"]
        if type_ not in ARNS:
            raise ValueError(f"{self.name}: the ARN of a {type_} is not known: add it to ARNS or SETTINGS_OF in .ci/roles.py")
        property_, arn = ARNS[type_]
        # CloudFormation names what has no name after the stack.
        made = f"{self.name}-{logical}-1A2B3C4D5E6F"
        if type_ == "AWS::S3::Bucket":
            made = made.lower()
        return arn.format(name=self.resolve(self.templates[logical]["Properties"].get(property_)) or made)


def roles_in(value):
    """The ARNs of the roles that a resource's properties name."""
    if isinstance(value, dict) and value.keys() == {"Role", "Arn"}:
        yield value["Arn"]
    elif isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from roles_in(one)


def plain_policies(value):
    """A policy document as IAM gets it."""
    if isinstance(value, list):
        return [plain_policies(one) for one in value]
    if isinstance(value, dict):
        return value["Arn"] if value.keys() == {"Role", "Arn"} else {key: plain_policies(one) for key, one in value.items()}
    return value


class Check:
    def __init__(self, reference, pipelines, stacks, artifacts):
        self.reference, self.pipelines, self.stacks, self.artifacts = reference, pipelines, stacks, artifacts
        types = {stack.templates[logical]["Type"] for stack in [*stacks, artifacts] for logical in stack.resources}
        self.schemas = {type_: PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_).schema for type_ in types}
        self.requests, self.reasons = [], []
        self.left_out = set()
        self.own_policy = {}

    # --- what is needed ---

    def need(self, pipeline, role, action, arn, why, context=None, key_policy=None, unlisted=False, refused=False):
        """Adds a call that must be allowed, or refused."""
        name = self.pipelines[pipeline].resources[role]["RoleName"]
        request = {
            "policies": f"{pipeline} {role}", "action": action, "resource": arn,
            "context": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
                        "aws:PrincipalAccount": ACCOUNT, "aws:SecureTransport": "true", **(context or {})},
            "key_policy": key_policy, "unlisted": unlisted,
        }
        if request not in self.requests:
            self.requests.append(request)
            self.reasons.append((role, why, refused))

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
        if self.reference.action(action) is None:
            return False  # a name that a handler lists and IAM doesn't know
        with_ = [path for path, actions in ONLY_WITH.get(type_, {}).items()
                 if any(fnmatch.fnmatchcase(action, pattern) for pattern in actions.split())]
        if with_ and not any(self.sets(stacks, type_, path) for path in with_):
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
        if tagging.get("cloudFormationSystemTags") or self.sets(stacks, type_, tags):
            for action in tagging.get("permissions", []):
                yield "tagging", action

    def targets(self, stack, logical, action):
        """The resources that a resource's handler does an action to, and what is known of the call."""
        type_, properties = stack.templates[logical]["Type"], stack.resources[logical]
        if action == "iam:PassRole":
            return [(arn, {"iam:PassedToService": PASSED_TO[type_]}) for arn in roles_in(properties)]
        if action == "s3:GetObject" and type_ in ("AWS::Lambda::Function", "AWS::StepFunctions::StateMachine"):
            return [(f"{ARTIFACTS}/autobackup-prod/main/0123456789abcdef", {})]
        if type_ in SETTINGS_OF:
            return [(stack.arn(one["Ref"] if "Ref" in one else one["Fn::GetAtt"][0]), {}) for one in as_list(properties[SETTINGS_OF[type_]])]
        takes_resource = self.reference.arn_types(action)
        arns, context = [stack.arn(logical) if takes_resource else "*"], {}
        if type_ == "AWS::KMS::Alias" and takes_resource:  # the alias and its key must both allow it
            arns.append(stack.arn(properties["TargetKeyId"]["Ref"]))
        if type_ == "AWS::Lambda::EventSourceMapping":
            context["lambda:FunctionArn"] = stack.arn(properties["FunctionName"]["Ref"])
        if type_ == "AWS::IAM::Role" and "PermissionsBoundary" in properties:
            context["iam:PermissionsBoundary"] = properties["PermissionsBoundary"]
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

    def of_stack(self, pipeline, role, stack, stacks, handlers):
        """What is needed for a stack; the others are the same with other options, from and to which it may be updated."""
        for logical in stack.resources:
            type_ = stack.templates[logical]["Type"]
            for handler, action in self.listed(stacks, type_, handlers):
                if not self.is_needed(stacks, type_, action):
                    continue
                for arn, context in self.targets(stack, logical, action):
                    policy = None
                    if ":key/" in arn:
                        key = logical if type_ == "AWS::KMS::Key" else stack.resources[logical]["TargetKeyId"]["Ref"]
                        policy = plain_policies(stack.resources[key]["KeyPolicy"])
                        self.own_policy[f"{stack.name} {key}"] = policy
                    self.need(pipeline, role, action, arn, f"{handler} of {type_} {logical}",
                              {**context, **self.tags(stack, logical, handler)}, policy)

    def foreign_keys(self, pipeline):
        """No role does anything to a key that isn't the stacks', where its policy leaves the account to decide."""
        account = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}]}
        for action in self.reference.actions("kms"):
            if any(one["name"] == "key" for one, _ in self.reference.arn_types(action)):
                for role in ROLES:
                    self.need(pipeline, role, action, KEY.replace("1a2b", "9f9f"), "it is a key of somebody else",
                              key_policy=account, refused=True)

    def of_call(self, call, pipeline):
        """What a recorded call needs, of whoever made it. An administrator may do everything."""
        if call["caller"] == "administrator":
            return
        if call["caller"] not in CALLERS:
            problem(f"a call by {call['caller']} was recorded: say in .ci/roles.py, CALLERS, which role that has")
            return
        role, service, action, stack = CALLERS[call["caller"]], call["service"], call["action"], call.get("stack")
        name = f"{service}:{S3_ACTIONS.get(action, action) if service == 's3' else action}"
        why = f"{action}, called by {call['caller']},"
        if name == "sts:GetCallerIdentity":
            return  # it needs no permission
        if self.reference.action(name) is None:
            problem(f"{why} is no action of IAM: say in .ci/roles.py which it needs")
            return
        arn = "*"
        if service == "cloudformation" and stack and self.reference.arn_types(name):
            arn = f"arn:aws:cloudformation:{call.get('region') or REGION}:{ACCOUNT}:stack/{stack}/1a2b3c4d"
        if service == "s3" and call.get("bucket"):
            arn = f"arn:aws:s3:::{call['bucket']}" + (f"/{call['key']}" if call.get("key") else "")
        self.need(pipeline, role, name, arn, why)
        if call.get("role"):
            self.need(pipeline, role, "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{call['role'].split('/')[-1]}", why,
                      {"iam:PassedToService": "cloudformation.amazonaws.com"})

    # --- whether it is allowed ---

    def run(self):
        policies = {
            f"{name} {role}": [Policy(one["PolicyName"], plain_policies(one["PolicyDocument"])) for one in stack.resources[role]["Policies"]]
            for name, stack in self.pipelines.items()
            for role in ROLES
        }
        used = set()
        for request, (role, why, refused) in zip(self.requests, self.reasons, strict=True):
            action, arn, context = request["action"], request["resource"], request["context"]
            key_policy = request["key_policy"] and Policy(f"the key's policy, for {why}", request["key_policy"], of_key=True)
            try:
                if not request["unlisted"]:
                    self.reference.refuse_wrong_resource(action, arn)
                    context = self.reference.context(action, context)
                allowed, by = decide(action, arn, context, policies[request["policies"]], key_policy)
            except NotDecided as error:
                problem(f"whether {role} may {action} on {arn} can't be said, and {why}: {error}")
                continue
            if refused:
                if allowed:
                    problem(f"{role} may {action} on {arn}: {why}")
                continue
            if not allowed:
                problem(f"{role} may not {action} on {arn}, which {why} needs")
            if action in ON_EVERYTHING and not any("*" in one.resources for one in by):
                problem(f"{role} may {action} on {arn} only, not on *, which {why} needs. {ON_EVERYTHING[action]}")
            for one in by:
                for kind in ("actions", "resources", "values"):
                    used |= {(role, one.statement, kind, value) for value in getattr(one, kind)}
        return policies, used

    def statements(self, policies):
        """All statements that the roles have: their own, and those for them in the policies of keys."""
        for key, documents in policies.items():
            for document in documents:
                for statement in document.statements:
                    yield key.split()[1], document.name, statement
        for key, document in self.own_policy.items():
            for statement in document["Statement"]:
                if "github-autobackup-prod-cloudformation" in json.dumps(statement):
                    yield "ExecutionRole", key, statement

    def hold(self, policies, used):
        for role, name, statement in self.statements(policies):
            sid = statement["Sid"]
            for action in as_list(statement["Action"]):
                if self.reference.action(action) is None:
                    problem(f"{role}, {sid}: {action} is no action of IAM; write every action out")
                    continue
                if (role, sid, "actions", action) not in used:
                    problem(f"{role}, {sid}: nothing needs {action}")
                allowed = self.reference.condition_keys(action)
                for operator, keys in statement.get("Condition", {}).items():
                    for key in keys:
                        pattern = re.sub(r"/.*", "/${TagKey}", key) if key.startswith("aws:") else key
                        if pattern not in allowed and key not in ("aws:PrincipalArn", "aws:PrincipalAccount"):
                            problem(f"{role}, {sid}: {action} has no condition key {key}, so {operator} never holds")
            for resource in as_list(statement["Resource"]):
                if resource == "*" and name not in self.own_policy and "Condition" not in statement:
                    for action in as_list(statement["Action"]):
                        if self.reference.action(action) and self.reference.arn_types(action) and action not in ON_EVERYTHING:
                            problem(f"{role}, {sid}: {action} takes a narrower resource than *")
                if (role, sid, "resources", resource) not in used:
                    problem(f"{role}, {sid}: nothing needs it on {resource}")
            for keys in statement.get("Condition", {}).values():
                for key, values in keys.items():
                    for value in as_list(values):
                        if (role, sid, "values", value) not in used:
                            problem(f"{role}, {sid}: nothing needs it with {key}={value}")
        for key, documents in policies.items():
            texts = [json.dumps(document.document, separators=(",", ":")) for document in documents]
            # A stage has up to ten letters, six more than prod.
            size = sum(len(text) + 6 * text.count("prod") for text in texts)
            if size > POLICY_LIMIT:
                problem(f"{key.split()[1]}: its inline policies have up to {size:,} characters, IAM takes {POLICY_LIMIT:,}")

    def lists(self):
        """The lists above must not outlive what they were written for."""
        for type_, paths in ONLY_WITH.items():
            listed = [action for handler in ("create", "read", "update", "delete")
                      for action in self.schemas[type_]["handlers"].get(handler, {}).get("permissions", [])]
            for path, actions in paths.items():
                if path.split("/")[0] not in self.schemas[type_]["properties"]:
                    problem(f"ONLY_WITH: {type_} has no property {path}")
                for pattern in actions.split():
                    if not fnmatch.filter(listed, pattern):
                        problem(f"ONLY_WITH: no handler of {type_} lists {pattern}")
        for one in LEFT_OUT.keys() - self.left_out:
            problem(f"LEFT_OUT: {one[1]} of {one[0]} is not needed any more")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--calls", required=True, type=pathlib.Path)
    arguments.add_argument("expanded", nargs="+", type=pathlib.Path)
    given = arguments.parse_args()

    templates = {path.stem: json.loads(path.read_text()) for path in given.expanded}
    pipelines = {name: Stack("autobackup-pipeline", template) for name, template in templates.items() if name.startswith("pipeline")}
    stacks = {name: Stack(STACKS[name.startswith("replica")], template) for name, template in templates.items() if name not in pipelines}
    artifacts = Stack(ARTIFACT_STACK, json.loads(bootstrap._get_stack_template()))
    check = Check(REFERENCE, pipelines, list(stacks.values()), artifacts)

    for name, stack in stacks.items():
        check.of_stack("pipeline" + (EVERY_OPTION if name.endswith(EVERY_OPTION) else ""), "ExecutionRole", stack, check.stacks, ("create", "read", "update", "delete"))
    for pipeline in pipelines:
        # Without a role of its own: CloudFormation makes SAM's bucket with the rights of whoever deploys.
        check.of_stack(pipeline, "DeployRole", artifacts, [artifacts], ("create",))
        check.foreign_keys(pipeline)
        for role, action, arn, reason in ALSO:
            check.need(pipeline, role, action, arn, reason, unlisted=arn in TRANSFORMS)
        for call in json.loads(given.calls.read_text()):
            check.of_call(call, pipeline)
    try:
        policies, used = check.run()
    except NotDecided as error:
        sys.exit(f"the roles of pipeline.yaml were not checked: {error}")
    check.hold(policies, used)
    check.lists()

    for text in problems:
        print(text, file=sys.stderr)
    if problems:
        sys.exit(f"{len(problems)} problems with the roles of pipeline.yaml")
    refused = sum(refused for _, _, refused in check.reasons)
    print(f"{len(check.requests) - refused} calls are allowed, and nothing else")


main()
