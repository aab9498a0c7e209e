"""Tests of reference.py: each case is a sentence of AWS's.

    reference_test.py
"""

import unittest

from decide import IDENTITY, KEY, decide
from reference import REFERENCE, Wrong

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
QUEUE = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:backup-files-prod"
ENCRYPTION_KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1a2b3c4d"
ALIAS = f"arn:aws:kms:eu-central-1:{ACCOUNT}:alias/backup"
FUNCTION = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:files"
CALL = {"iam:PassedToService": "lambda.amazonaws.com", "lambda:FunctionArn": FUNCTION}

# What an action is done to.
RESOURCES = {
    "a queue's action is done to a queue": (None, "sqs:SendMessage", QUEUE),
    "an action on a queue is not done to everything": ("not done to *", "sqs:SendMessage", "*"),
    "an action on a queue is not done to a topic": ("not done to", "sqs:SendMessage", QUEUE.replace("sqs", "sns")),
    "an action on a bucket is not done to an object": ("not done to", "s3:ListBucket", "arn:aws:s3:::bucket/object"),
    "an action on an object is not done to a bucket": ("not done to", "s3:GetObject", "arn:aws:s3:::bucket"),
    "a bucket has a name": ("not done to", "s3:ListBucket", "arn:aws:s3:::"),
    "an object's name may have slashes": (None, "s3:GetObject", "arn:aws:s3:::bucket/a/b"),
    "an action on a function is not done to its version": ("not done to", "lambda:PutFunctionConcurrency", FUNCTION + ":1"),
    "an action with two resource types is done to either": (None, "kms:CreateAlias", ALIAS),
    "an action without resource is done to *": (None, "kms:CreateKey", "*"),
    "an action without resource is done to nothing else": ("takes no resource", "kms:CreateKey", ENCRYPTION_KEY),
    "an action must be one of IAM's": ("no action of IAM", "s3:HeadBucket", "arn:aws:s3:::bucket"),
    "an action's service must be one of IAM's": ("no action of IAM", "s4:GetObject", "arn:aws:s3:::bucket/object"),
}


# Resources of policies in which * and ? may stand for nothing, or for more than they seem to.
LOOSE = {
    "an ARN with fewer parts": ("no account in its fifth part", "arn:aws:sqs:*:backup-files-prod"),
    "a * that reaches over a colon": ("no account in its fifth part", "arn:aws:lambda:*:function:files"),
    "a * in an ARN's resource type": ("* or ? in its resource type", f"arn:aws:iam::{ACCOUNT}:r*"),
    "everything": (None, "*"),
    "objects of many buckets": (None, "arn:aws:s3:::backup-*/main/*"),
    "everything of a service": (None, f"arn:aws:iam::{ACCOUNT}:*"),
    "all roles": (None, f"arn:aws:iam::{ACCOUNT}:role/*"),
    "a type that AWS's reference doesn't have": (None, "arn:aws:cloudformation:*:aws:transform/*"),
    "a queue of any account": (None, "arn:aws:sqs:*:*:backup-?"),
}


class Tests(unittest.TestCase):
    def holds(self, says, refuse, *given):
        if says is None:
            refuse(*given)
            return
        with self.assertRaises(Wrong) as raised:
            refuse(*given)
        self.assertIn(says, str(raised.exception))

    def test_resources_of_actions(self):
        for name, (says, *given) in RESOURCES.items():
            with self.subTest(name):
                self.holds(says, REFERENCE.refuse_wrong_resource, *given)

    def test_resources_of_policies(self):
        for name, (says, resource) in LOOSE.items():
            with self.subTest(name):
                self.holds(says, REFERENCE.refuse_loose_resource, resource)

    def test_a_services_key_is_there_only_with_the_actions_that_have_it(self):
        context = {"aws:PrincipalArn": ROLE, "aws:ResourceTag/app": "backup", **CALL}
        self.assertEqual(REFERENCE.context("iam:PassRole", context), {key: value for key, value in context.items() if key != "lambda:FunctionArn"})
        self.assertEqual(REFERENCE.context("lambda:CreateEventSourceMapping", context), {key: value for key, value in context.items() if key != "iam:PassedToService"})
        tag = {"iam:ResourceTag/app": "backup"}
        self.assertEqual(REFERENCE.context("iam:DeleteRole", tag), tag, "a key with a variable")

    def test_what_local_iam_does_not_know_is_refused_by_name(self):
        for says, statement in {
            "statement One: the condition operator IpAddress is not known": {"Condition": {"IpAddress": {"aws:SourceArn": "1"}}},
            "statement One: an identity-based policy is for the identity": {"Principal": "*"},
        }.items():
            with self.assertRaisesRegex(Wrong, says):
                decide({"a policy": (IDENTITY, document(statement))})

    def test_what_matched_is_told_and_a_key_is_not_decided_without_its_policy(self):
        policies = {
            "own": (IDENTITY, document({"Action": ["kms:TagResource", "kms:Describe*"]})),
            "key": (KEY, document({"Sid": "Key", "Principal": {"AWS": [ACCOUNT]}, "Resource": ["*"]})),
        }
        asked = {"Role": ROLE, "Action": "kms:DescribeKey", "Resource": ENCRYPTION_KEY, "Identity": ["own"]}
        without, whole = decide(policies, [asked, {**asked, "Key": "key"}])
        self.assertIn("needs the key's policy", without["Error"])
        self.assertTrue(whole["Allowed"])
        self.assertEqual(whole["By"], [
            {"Policy": "own", "Statement": "One", "Actions": ["kms:Describe*"], "Resources": ["*"], "Values": None},
            {"Policy": "key", "Statement": "Key", "Actions": ["*"], "Resources": ["*"], "Values": None},
        ])


def document(statement):
    return {"Version": "2012-10-17", "Statement": [{"Sid": "One", "Effect": "Allow", "Action": "*", "Resource": "*", **statement}]}


unittest.main()
