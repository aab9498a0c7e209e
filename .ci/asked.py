"""Holds what the local stack's gate is asked against AWS's service authorization reference.

    asked.py FILE

FILE is what `go test ./local -args -asked FILE` writes, one call a line. Each action must
be one of IAM, on a resource that it is done to, with condition keys that it has. So must
be whatever has the form of an action in the sources, asked by a test or not.
"""

import json
import pathlib
import re
import sys

from needs import ON_EVERYTHING
from reference import LABELLED, REFERENCE, Wrong, has_form

LOCAL = pathlib.Path(__file__).resolve().parent.parent / "local"
NO_ACTION = {"s3:TestEvent", "s3:ReducedRedundancyLostObject", "s3:LifecycleTransition", "s3:IntelligentTiering"}  # events of S3's notifications
# Lambda puts it into a function's own credentials, so it is no key of an action of Lambda's:
# https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
OF_CREDENTIALS = {"lambda:SourceFunctionArn"}

problems = set()
calls = [json.loads(line) for line in pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
for call in calls:
    action, resource = call["action"], call["resource"]
    try:
        if (resource != "*" or action not in ON_EVERYTHING) and LABELLED not in REFERENCE.types_of("states", resource):
            REFERENCE.refuse_wrong_resource(action, resource)
    except Wrong as error:
        problems.add(str(error))
        continue
    for key in call["keys"]:
        if not key.startswith("aws:") and not any(has_form(one, key, re.IGNORECASE) for one in REFERENCE.condition_keys(action)):
            problems.add(f"{action} has no condition key {key}")

written = set()
for path in LOCAL.rglob("*.go"):
    if not path.name.endswith("_test.go") and not {"testing", "testdata", "iamtest"} & set(path.parts):
        written |= set(re.findall(r'"((?:iam|kms|lambda|s3|sns|sqs|states|sts):[A-Z]\w+)"', path.read_text(encoding="utf-8")))
keys = {key for one in written for key in REFERENCE.service_keys(one.partition(":")[0])}
for one in written - NO_ACTION - OF_CREDENTIALS:
    if REFERENCE.action(one) is None and one not in keys:
        problems.add(f"{one} is neither an action of IAM nor a condition key")

for problem in sorted(problems):
    print(problem, file=sys.stderr)
if problems or not calls:
    sys.exit(f"{len(problems)} problems with what the local stack's gate is asked, in {len(calls)} calls")
print(f"{len({call['action'] for call in calls})} actions are asked on what AWS's reference has for them, and {len(written)} are written as it has them")
