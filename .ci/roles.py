"""Holds who may deploy the stacks against what that takes: pipeline.yaml's roles, and what `autobackup policy deploy` prints.

    roles.py [--update] --calls FILE --program AUTOBACKUP EXPANDED...

Each call that .ci/needs.py knows of must be allowed by its role, on that very resource,
as local/iam decides. And nothing else may be allowed: every action, resource and value of
a condition must have been needed by something here.

EXPANDED are JSON files from expand.py, with the pipeline's stage. pipeline.json is
held against the others, the lean form among them; pipeline-with-every-option.json against
those that end likewise.

What a person needs without the pipeline is made of the pipeline's statements: of these,
what a stack needs. --update writes it, cmd/autobackup/policy/deploy.json.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

from samcli.lib.bootstrap import bootstrap

from decide import IDENTITY, KEY, decide
from needs import ARTIFACT_STACK, ARTIFACTS, CLOUDFORMATION, LOGS, OF_TESTS, ON_EVERYTHING, TRANSFORM, Holder, Needs
from reference import REFERENCE, Wrong, as_list
from stacks import ACCOUNT, Stack, plain_policies

EVERY_OPTION = "-with-every-option"
LEAN = "-lean"
BOUNDARY = "PermissionsBoundaryArn"
SIDES = {"primary": "autobackup-prod", "replica": "autobackup-replica-prod"}
CALLERS = {"plan": "PlanRole", "deploy": "DeployRole"}
ADMINISTRATOR = "administrator"  # a person with docs/deploy.md
EXECUTION = "ExecutionRole"
POLICY_LIMIT = 10_240  # characters, of a role's inline policies together, without white space
GLOBAL_KEYS = {"aws:PrincipalArn", "aws:CalledVia"}
LEAST = pathlib.Path(__file__).resolve().parent.parent / "cmd" / "autobackup" / "policy" / "deploy.json"

# Statements of the pipeline's roles that a person needs otherwise: with the person's own stack, and
# with artifacts in no folder.
OTHERWISE = {"DeployRole": {"Stacks", "FindStacks", "PassExecutionRole", "Artifacts"}, EXECUTION: {"Transforms", "Artifacts"}}

problems = []


def problem(text):
    if text not in problems:
        problems.append(text)


class Check:
    def __init__(self, needs, policies):
        """policies are (name, document)s by holder."""
        self.needs, self.policies = needs, policies
        self.used = set()

    def run(self):
        documents = {name: (IDENTITY, document) for policies in self.policies.values() for name, document in policies}
        documents |= {name: (KEY, document) for name, document in self.needs.key_policies.items()}
        calls = []
        for call in self.needs.calls.values():
            try:
                if not call.unlisted:
                    REFERENCE.refuse_wrong_resource(call.action, call.arn)
                    call.context = REFERENCE.context(call.action, call.context)
                calls.append(call)
            except Wrong as error:
                problem(f"whether {call.holder.name} may {call.action} on {call.arn} can't be said, and {call.why}: {error}")
        decisions = decide(documents, [
            {"Role": call.holder.arn, "Action": call.action, "Resource": call.arn, "Context": call.context,
             "Identity": [name for name, _ in self.policies[call.holder]], "Key": call.key or ""}
            for call in calls
        ])
        for call, decision in zip(calls, decisions, strict=True):
            self.judge(call, decision)

    def judge(self, call, decision):
        who, what = call.holder.name, f"{call.action} on {call.arn}"
        if decision["Error"]:
            problem(f"whether {who} may {what} can't be said, and {call.why}: {decision['Error']}")
        elif call.refused:
            if decision["Allowed"]:
                problem(f"{who} may {what}: {call.why}")
        elif not decision["Allowed"]:
            problem(f"{who} may not {what}, which {call.why} needs")
        else:
            if call.action in ON_EVERYTHING and not any("*" in one["Resources"] for one in decision["By"]):
                problem(f"{who} may {call.action} on {call.arn} only, not on *, which {call.why} needs. {ON_EVERYTHING[call.action]}")
            for one in decision["By"]:
                for kind in ("Actions", "Resources", "Values"):
                    self.used |= {(who, call.side, one["Statement"], kind, value) for value in one[kind] or ()}

    def is_used(self, who, sid, kind, value):
        return any((who, side, sid, kind, value) in self.used for side in ("", *SIDES))

    def statements(self):
        """All statements that the holders have: their own, and those for CloudFormation's role in the policies of keys."""
        for holder, documents in self.policies.items():
            for name, document in documents:
                for statement in document["Statement"]:
                    yield holder.name, name, statement
        for key, document in self.needs.key_policies.items():
            for statement in document["Statement"]:
                if "github-autobackup-prod-cloudformation" in json.dumps(statement):
                    yield EXECUTION, key, statement

    def hold(self):
        for who, name, statement in self.statements():
            sid = statement["Sid"]
            for action in as_list(statement["Action"]):
                self.hold_action(who, sid, action, statement)
            for resource in as_list(statement["Resource"]):
                self.hold_resource(who, sid, name, resource, statement)
            for keys in statement.get("Condition", {}).values():
                for key, values in keys.items():
                    for value in as_list(values):
                        if not self.is_used(who, sid, "Values", value):
                            problem(f"{who}, {sid}: nothing needs it with {key}={value}")
        for holder, documents in self.policies.items():
            texts = [json.dumps(document, separators=(",", ":")) for _, document in documents]
            # A stage has up to ten letters, six more than prod; a path and a prefix up to 107 characters.
            size = sum(len(text) + 6 * text.count("prod") + 107 * text.count(":role/") for text in texts)
            if size > POLICY_LIMIT:
                problem(f"{holder.name}: its inline policies have up to {size:,} characters, IAM takes {POLICY_LIMIT:,}")

    def hold_action(self, who, sid, action, statement):
        if REFERENCE.action(action) is None:
            problem(f"{who}, {sid}: {action} is no action of IAM; write every action out")
            return
        if not self.is_used(who, sid, "Actions", action):
            problem(f"{who}, {sid}: nothing needs {action}")
        allowed = REFERENCE.condition_keys(action)
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                pattern = re.sub(r"/.*", "/${TagKey}", key) if key.startswith("aws:") else key
                if pattern not in allowed and key not in GLOBAL_KEYS:
                    problem(f"{who}, {sid}: {action} has no condition key {key}, so {operator} never holds")

    def hold_resource(self, who, sid, name, resource, statement):
        try:
            REFERENCE.refuse_loose_resource(resource)
        except Wrong as error:
            problem(f"{who}, {sid}: {error}")
        if resource == "*" and name not in self.needs.key_policies and "Condition" not in statement:
            for action in as_list(statement["Action"]):
                if REFERENCE.action(action) and REFERENCE.arn_types(action) and action not in ON_EVERYTHING:
                    problem(f"{who}, {sid}: {action} takes a narrower resource than *")
        if not self.is_used(who, sid, "Resources", resource):
            problem(f"{who}, {sid}: nothing needs it on {resource}")


# --- what a person needs ---

def written(value):
    """A value of a template as text with ${Names}: what stands there where a condition holds."""
    if isinstance(value, list):
        return [written(one) for one in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Sub" in value:
        return value["Fn::Sub"]
    if "Ref" in value:
        return f"${{{value['Ref']}}}"
    if "Fn::If" in value:
        return written(value["Fn::If"][1])
    return {key: written(one) for key, one in value.items()}


def least(check, needs, pipeline, side):
    """What a person needs for a side's stack: of the pipeline's statements, what was used for it."""
    def used(who, sid, kind, resolved, raw):
        found = zip(as_list(resolved), as_list(raw), strict=True)
        return [written(text) for value, text in found if any((who, one, sid, kind, value) in check.used for one in ("", side))]

    execution = [call for call in needs.calls.values() if call.holder.name == EXECUTION and call.side == side]
    own = [call for call in needs.calls.values() if call.holder.name == f"deploy {side}" and call.side == side and not call.context.get("aws:CalledVia")]
    stack = SIDES[side].replace("prod", "${Stage}")
    yield {"Sid": "Stack", "Effect": "Allow", "Action": sorted({call.action for call in own if f":stack/{SIDES[side]}/" in call.arn}),
           "Resource": [f"arn:${{AWS::Partition}}:cloudformation:*:${{AWS::AccountId}}:stack/{stack}/*"]}
    yield {"Sid": "Artifacts", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"],
           "Resource": [f"arn:${{AWS::Partition}}:s3:::{ARTIFACT_STACK}-samclisourcebucket-*/*"]}
    for role, otherwise in OTHERWISE.items():
        for policy, raw in zip(pipeline.resources[role]["Policies"], pipeline.templates[role]["Properties"]["Policies"], strict=True):
            for statement, text in zip(policy["PolicyDocument"]["Statement"], raw["PolicyDocument"]["Statement"], strict=True):
                sid = statement["Sid"]
                actions = used(role, sid, "Actions", statement["Action"], statement["Action"])
                if sid in otherwise or not actions:
                    continue
                one = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": used(role, sid, "Resources", plain_policies(statement["Resource"]), text["Resource"])}
                if "Condition" in statement:
                    one["Condition"] = {
                        operator: {key: used(role, sid, "Values", values, written(text["Condition"])[operator][key]) for key, values in keys.items()}
                        for operator, keys in statement["Condition"].items()
                    }
                yield one
    # The pipeline's role is allowed this by the keys' own policies, which name it. A person is by the
    # account's: through CloudFormation alone, since nothing names the keys of a stack.
    keys = sorted({call.action for call in execution if call.key})
    if keys:
        yield {"Sid": "Keys", "Effect": "Allow", "Action": keys, "Resource": ["arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*"],
               "Condition": {"ForAnyValue:StringEquals": {"aws:CalledVia": [CLOUDFORMATION]}}}


def hold_tags(stacks, artifacts, given):
    """Whoever deploys a stack with tags has what that takes, with --tags. The pipeline's roles have not: docs/decisions/0036."""
    needs = Needs(list(stacks.values()), artifacts, tagged=True)
    policies = {}
    for name, stack in stacks.items():
        if not name.endswith(EVERY_OPTION):
            continue
        side = name.removesuffix(EVERY_OPTION)
        holder = Holder(f"deploy {side} with tags", EVERY_OPTION, f"arn:aws:iam::{ACCOUNT}:role/deployer", itself=True)
        needs.of_stack(holder, side, stack, needs.stacks)
        policies[holder] = [(holder.name, printed(given.program, side, EVERY_OPTION, stack.values, "--tags"))]
    Check(needs, policies).run()
    return len(needs.calls)


def printed(program, side, variant, given, *more):
    arguments = ["policy", "deploy", "--side", side, "--stage", "prod", "--account", ACCOUNT]
    if variant:
        arguments += ["--boundary", given[BOUNDARY], "--role-path", given["RolePath"], "--role-name-prefix", given["RoleNamePrefix"]]
    return json.loads(subprocess.run([program, *arguments, *more], check=True, stdout=subprocess.PIPE).stdout)


def collect(needs, stacks, pipelines, calls):
    """Adds all calls. Returns who makes them."""
    holders = {}
    for variant, pipeline in pipelines.items():
        names = {role: pipeline.resources[role]["RoleName"] for role in (*CALLERS.values(), EXECUTION)} | {f"deploy {side}": "deployer" for side in SIDES}
        for name, role in names.items():
            holders[name, variant] = Holder(name, variant, f"arn:aws:iam::{ACCOUNT}:role/{role}", itself=name != EXECUTION)
            needs.foreign_keys(holders[name, variant])
            if variant:
                for stack in SIDES.values():
                    needs.unbounded(holders[name, variant], f"arn:aws:iam::{ACCOUNT}:role{pipeline.values['RolePath']}{pipeline.values['RoleNamePrefix']}{stack}-x")
        for side, stack in [(side, stacks[name]) for side in SIDES for name in (side + variant, side + LEAN + variant) if name in stacks]:
            logs = {LOGS} if any(one["Type"] == "AWS::StepFunctions::StateMachine" for one in stack.templates.values()) else set()
            person = holders[f"deploy {side}", variant]
            for holder in (holders[EXECUTION, variant], person):
                needs.of_stack(holder, side, stack, needs.stacks)
                needs.also(holder, side, {TRANSFORM, *logs})
            needs.of_stack(person, side, needs.artifacts, [needs.artifacts], ("create",))
        for caller in CALLERS.values():
            needs.also(holders[caller, variant], "", {TRANSFORM})
        # Without a role of its own: CloudFormation makes SAM's bucket with the rights of whoever deploys.
        needs.of_stack(holders["DeployRole", variant], "", needs.artifacts, [needs.artifacts], ("create",))
        for call in calls:
            collect_call(needs, holders, variant, call)
    return holders


def collect_call(needs, holders, variant, call):
    if call["caller"] in CALLERS:
        needs.of_call(holders[CALLERS[call["caller"]], variant], "", call)
    elif call["caller"] != ADMINISTRATOR:
        problem(f"a call by {call['caller']} was recorded: say in .ci/roles.py, CALLERS, which role that has")
    elif call["service"] not in OF_TESTS and not (call["service"] == "s3" and not call["bucket"].startswith(ARTIFACT_STACK)):
        for side, name in SIDES.items():
            stack = call["stack"].removesuffix("dev") + "prod" if call["stack"].endswith("-dev") else call["stack"]
            if stack in ("", name, ARTIFACT_STACK):
                needs.of_call(holders[f"deploy {side}", variant], side, {**call, "stack": stack})


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--update", action="store_true")
    arguments.add_argument("--calls", required=True, type=pathlib.Path)
    arguments.add_argument("--program", required=True, type=pathlib.Path)
    arguments.add_argument("expanded", nargs="+", type=pathlib.Path)
    given = arguments.parse_args()

    templates = {path.stem: json.loads(path.read_text()) for path in given.expanded}
    pipelines = {name.removeprefix("pipeline"): Stack("autobackup-pipeline", template) for name, template in templates.items() if name.startswith("pipeline")}
    stacks = {name: Stack(SIDES[name.removesuffix(EVERY_OPTION).removesuffix(LEAN)], template) for name, template in templates.items() if not name.startswith("pipeline")}
    artifacts = Stack(ARTIFACT_STACK, json.loads(bootstrap._get_stack_template()))
    needs = Needs(list(stacks.values()), artifacts)
    holders = collect(needs, stacks, pipelines, json.loads(given.calls.read_text()))

    policies = {}
    for (name, variant), holder in holders.items():
        pipeline = pipelines[variant]
        if name in CALLERS.values() or name == EXECUTION:
            documents = [(one["PolicyName"], plain_policies(one["PolicyDocument"])) for one in pipeline.resources[name]["Policies"]]
        else:  # what is printed is of no matter where it is made anew
            documents = [] if given.update else [("", printed(given.program, name.split()[1], variant, pipeline.values))]
        policies[holder] = [(f"{name}{variant} {policy}".strip(), document) for policy, document in documents]
    check = Check(needs, policies)
    try:
        check.run()
    except Wrong as error:
        sys.exit(f"who may deploy was not checked: {error}")
    least_policies = json.dumps({side: list(least(check, needs, pipelines[EVERY_OPTION], side)) for side in SIDES}, indent=1) + "\n"
    if given.update:
        LEAST.write_text(least_policies)
        return
    check.hold()
    tagged = hold_tags(stacks, artifacts, given)
    for text in (*needs.problems, *needs.lists()):
        problem(text)
    if not problems and LEAST.read_text() != least_policies:
        problem("cmd/autobackup/policy/deploy.json is not what the templates need: write it with .ci/roles.py --update, and build autobackup anew")

    for text in problems:
        print(text, file=sys.stderr)
    if problems:
        sys.exit(f"{len(problems)} problems with who may deploy")
    refused = sum(call.refused for call in needs.calls.values())
    print(f"{len(needs.calls) - refused} calls are allowed, and nothing else; of stacks with tags {tagged}")


main()
