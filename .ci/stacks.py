"""Stacks as CloudFormation makes them of expanded templates, as far as names and policies go."""

import re

ACCOUNT = "123456789012"
REGION = "eu-central-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1a2b3c4d-0000-0000-0000-000000000000"

# Where a resource's ARN comes from: {name} is the property that names it.
ARNS = {
    "AWS::CloudWatch::Alarm": ("AlarmName", f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{{name}}"),
    "AWS::CloudWatch::CompositeAlarm": ("AlarmName", f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{{name}}"),
    "AWS::CloudWatch::Dashboard": ("DashboardName", f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{{name}}"),
    "AWS::Events::Rule": ("Name", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{{name}}"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", f"arn:aws:iam::{ACCOUNT}:policy{{path}}{{name}}"),
    "AWS::IAM::Role": ("RoleName", f"arn:aws:iam::{ACCOUNT}:role{{path}}{{name}}"),
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
            raise ValueError(f"{self.name}: the ARN of a {type_} is not known: add it to ARNS or SETTINGS_OF in .ci/stacks.py")
        property_, arn = ARNS[type_]
        # CloudFormation names what has no name after the stack.
        made = f"{self.name}-{logical}-1A2B3C4D5E6F"
        if type_ == "AWS::S3::Bucket":
            made = made.lower()
        properties = self.templates[logical]["Properties"]
        return arn.format(path=self.resolve(properties.get("Path")) or "/", name=self.resolve(properties.get(property_)) or made)


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
