"""Holds what `autobackup policy` prints against AWS's service authorization reference.

    policies.py PROGRAM

That the policies allow every call and nothing else is held by Go's tests, which run the
commands and read the templates, and for deploy by .ci/roles.py. Here each action must be
one of IAM, on a resource that it is done to, under condition keys that it has; and what
an audit may do must change nothing.
"""

import itertools
import json
import subprocess
import sys

from decide import IDENTITY, decide
from needs import ON_EVERYTHING
from reference import LABELLED, REFERENCE, Wrong

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1a2b3c4d"
BUCKETS = ["--primary", "docs", "--replica", "docs-copy", "--kms-key", KEY, "--replica-kms-key", KEY]
PRINTED = [
    *(["audit", *BUCKETS, "--side", side, "--level", level, *more] for side, level, more in
      itertools.product(("both", "primary", "replica"), ("listed", "rest", "all", "bytes"), ([], ["--locks"], ["--metadata"]))),
    ["audit", *BUCKETS, "--output", "s3://evidence/audits"],
    ["audit", "--side", "report", "--output", "s3://evidence"],
    ["audit", "--side", "caller", "--role", "arn:aws:iam::123456789012:role/reads"],
    *(["explain", *BUCKETS, "--side", side] for side in ("both", "primary", "replica")),
    ["discover"],
    ["discover", "--side", "caller", "--role", "arn:aws:iam::*:role/reads"],
    ["attach", "--primary", "docs", "--replica", "docs-copy", "--stage", "prod", "--account", "123456789012", "--kms-key", KEY],
    ["detach", "--primary", "docs", "--stage", "prod", "--account", "123456789012"],
    ["doctor", "--primary", "docs", "--replica", "docs-copy", "--stage", "prod", "--region", "eu-central-1", "--account", "123456789012", "--replica-account", "210987654321"],
    ["evidence", "--evidence", "s3://evidence/dev", "--kms-key", KEY],
    ["upload", "--primary", "docs", "--deletes", "--kms-key", KEY],
    ["operate", "--stage", "prod", "--region", "eu-central-1", "--account", "123456789012", "--kms-key", KEY],
    ["boundary", "--vpc", "--account", "123456789012", "--replica-account", "210987654321", "--replica-kms-key", KEY.replace("123456789012", "210987654321")],
    *([command, "--account", "123456789012", "--topic", "arn:aws:sns:eu-central-1:210987654321:oncall"] for command in ("operate", "boundary")),
    *([verb, "--stage", "prod", "--region", "eu-central-1", "--account", "123456789012", "--kms-key", KEY] for verb in ("parked", "retry", "discard")),
]
# Sides that read: what is written here by name is a read all the same. doctor invokes fetch-etags alone, which reads.
READS = {"kms:Decrypt", "lambda:InvokeFunction"}


def problems(arguments):
    document = json.loads(subprocess.run([program, "policy", *arguments], check=True, stdout=subprocess.PIPE).stdout)
    printed[" ".join(arguments)] = (IDENTITY, document)
    sids = [statement["Sid"] for statement in document["Statement"]]
    if len(set(sids)) != len(sids):
        yield f"a Sid stands twice: {sids}"
    reads = arguments[0] not in ("attach", "detach", "parked", "retry", "discard", "upload", "operate", "boundary") and not {"--output", "caller"} & set(arguments)
    for statement in document["Statement"]:
        for action in statement["Action"]:
            details = REFERENCE.action(action)
            if details is None:
                yield f"{action} is no action of IAM"
                continue
            if reads and details["accessLevel"] not in ("Read", "List") and action not in READS:
                yield f"{action} is no read, but {details['accessLevel']}"
            for resource in statement["Resource"]:
                REFERENCE.refuse_loose_resource(resource)
                if LABELLED in REFERENCE.types_of("states", resource):
                    continue
                if resource != "*":
                    REFERENCE.refuse_wrong_resource(action, resource)
                elif REFERENCE.arn_types(action) and action not in ON_EVERYTHING and arguments[0] != "discover":  # which knows no names before
                    yield f"{action} takes a narrower resource than *"
            for key in itertools.chain(*statement.get("Condition", {}).values()):
                if key not in REFERENCE.condition_keys(action):
                    yield f"{action} has no condition key {key}"


program = sys.argv[1]
printed = {}
failed = False
for arguments in PRINTED:
    try:
        for problem in problems(arguments):
            failed = True
            print(f"autobackup policy {' '.join(arguments)}: {problem}", file=sys.stderr)
    except Wrong as error:
        failed = True
        print(f"autobackup policy {' '.join(arguments)}: {error}", file=sys.stderr)
try:
    decide(printed)  # refuses what it doesn't know
except Wrong as error:
    sys.exit(f"autobackup policy {error}")
if failed:
    sys.exit("what autobackup policy prints is no policy that AWS takes as it is meant")
print(f"{len(PRINTED)} policies are as AWS's reference has them")
