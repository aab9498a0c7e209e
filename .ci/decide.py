"""Asks local/iam, which decides for the local stack, too, whether IAM allows a call."""

import json
import pathlib
import subprocess

from reference import Wrong

IDENTITY, KEY = "identity-based policy", "key policy"


def decide(policies, requests=()):
    """Decides requests by policies: {name: (kind, document)}. Wrong where a policy is one that local/iam doesn't know.

    A request has Role, Action, Resource, Context, Identity (names of policies) and, on a key, Key.
    """
    given = {"Policies": {name: {"Kind": kind, "Document": document} for name, (kind, document) in policies.items()}, "Requests": list(requests)}
    done = subprocess.run(["go", "run", "./local/iam/testdata/decide"], cwd=pathlib.Path(__file__).resolve().parent.parent,
                          input=json.dumps(given), capture_output=True, text=True)
    if done.returncode:
        raise Wrong(done.stderr.removesuffix("exit status 1\n").strip())  # which is of go run
    return json.loads(done.stdout)
