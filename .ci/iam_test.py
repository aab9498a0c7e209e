"""Tests of iam.py: each case is a sentence of AWS's, and what IAM answers.

    iam_test.py
"""

import unittest

from iam import REFERENCE, NotDecided, Policy, decide

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
OTHER = f"arn:aws:iam::{ACCOUNT}:role/other"
QUEUE = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:backup-files-prod"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1a2b3c4d"
ALIAS = f"arn:aws:kms:eu-central-1:{ACCOUNT}:alias/backup"
FUNCTION = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:files"
CALL = {"iam:PassedToService": "lambda.amazonaws.com", "lambda:FunctionArn": FUNCTION}


def statement(**given):
    return {"Sid": "One", "Effect": "Allow", "Action": "*", "Resource": "*", **given}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def answer(action, resource, *statements, context=None, key=None):
    """What is decided for the role with these statements, on a key with that statement in its policy."""
    key_policy = Policy("key", document(*key), of_key=True) if key is not None else None
    context = {"aws:PrincipalArn": ROLE, "aws:PrincipalAccount": ACCOUNT, **(context or {})}
    return decide(action, resource, context, [Policy("role", document(*statements))] if statements else [], key_policy)


# What one statement on a queue's action allows.
QUEUES = {
    "an action's case doesn't matter": (True, {"Action": "SQS:sendmessage"}),
    "another action is not allowed": (False, {"Action": "sqs:SendMessages"}),
    "the beginning of an action is another": (False, {"Action": "sqs:Send"}),
    "one of several actions suffices": (True, {"Action": ["sqs:TagQueue", "sqs:SendMessage"]}),
    "a * in the middle of an action stands for any letters": (True, {"Action": "sqs:Send*sage"}),
    "what comes after the * of an action must match, too": (False, {"Action": "sqs:Send*sages"}),
    "a ? of an action stands for one letter": (True, {"Action": "sqs:SendMessag?"}),
    "a ? of an action doesn't stand for none": (False, {"Action": "sqs:SendMessage?"}),
    "the beginning of a resource is another": (False, {"Resource": QUEUE.removesuffix("-prod")}),
    "a resource's case matters": (False, {"Resource": QUEUE.replace("files", "Files")}),
    "one of several resources suffices": (True, {"Resource": [QUEUE + "2", QUEUE]}),
    "a * in the middle of a resource stands for any letters": (True, {"Resource": f"arn:aws:sqs:*:{ACCOUNT}:backup-*-prod"}),
    "what comes after the * of a resource must match, too": (False, {"Resource": f"arn:aws:sqs:*:{ACCOUNT}:backup-*-dev"}),
    "a ? of a resource stands for one letter": (True, {"Resource": QUEUE.replace("files", "file?")}),
    "a resource of another account is another": (False, {"Resource": QUEUE.replace(ACCOUNT, "210987654321")}),
    "the sign of another pattern language is only itself": (False, {"Resource": QUEUE.replace("files", "[f]iles")}),
}

# What a condition allows, of a call that hands a role to Lambda.
CONDITIONS = {
    "a value that is the same holds": (True, {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}),
    "one of several values suffices": (True, {"StringEquals": {"iam:PassedToService": ["s3.amazonaws.com", "lambda.amazonaws.com"]}}),
    "a value with another case doesn't hold": (False, {"StringEquals": {"iam:PassedToService": "Lambda.amazonaws.com"}}),
    "a key's case doesn't matter": (True, {"StringEquals": {"IAM:passedtoservice": "lambda.amazonaws.com"}}),
    "StringEquals knows no *": (False, {"StringEquals": {"iam:PassedToService": "lambda.*"}}),
    "StringLike knows *": (True, {"StringLike": {"iam:PassedToService": "lambda.*"}}),
    "StringLike compares the whole value": (False, {"StringLike": {"iam:PassedToService": "lambda*.com."}}),
    "StringLike reaches over colons": (True, {"StringLike": {"aws:PrincipalArn": "arn:*/deploy"}}),
    "ArnLike knows *": (True, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/dep*"}}),
    "ArnEquals knows *, too": (True, {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/dep*"}}),
    "ArnLike compares an ARN part by part": (False, {"ArnLike": {"lambda:FunctionArn": "arn:aws:lambda:*:function:files"}}),
    "ArnLike takes what comes after the fifth colon as one part": (True, {"ArnLike": {"lambda:FunctionArn": f"arn:aws:lambda:*:{ACCOUNT}:fun*"}}),
    "StringEquals with an ARN's pattern doesn't hold": (False, {"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/dep*"}}),
    "a key that the call doesn't have doesn't hold": (False, {"StringLike": {"iam:PermissionsBoundary": "*"}}),
    "every key of an operator must hold": (False, {"StringLike": {"iam:PassedToService": "*", "aws:PrincipalAccount": "2*"}}),
    "every operator must hold": (False, {"StringLike": {"iam:PassedToService": "*"}, "ArnLike": {"aws:PrincipalArn": OTHER}}),
}

OWN = statement(Action="kms:DescribeKey")
ONLY_THE_ROLE = {"ArnEquals": {"aws:PrincipalArn": ROLE}}

# What a key's policy allows a role without a policy, and one with it.
KEYS = {
    "an account's policies decide where the key's names the account": (False, True, [{"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}]),
    "an account is its number, too": (False, True, [{"Principal": {"AWS": ACCOUNT}}]),
    "everybody is allowed by the key's policy alone": (True, True, [{"Principal": {"AWS": "*"}}]),
    "everybody is *, too": (True, True, [{"Principal": "*"}]),
    "everybody with a condition is who meets it": (True, True, [{"Principal": {"AWS": "*"}, "Condition": ONLY_THE_ROLE}]),
    "who doesn't meet the condition is not": (False, False, [{"Principal": {"AWS": "*"}, "Condition": {"ArnEquals": {"aws:PrincipalArn": OTHER}}}]),
    "a role is allowed by its name": (True, True, [{"Principal": {"AWS": [OTHER, ROLE]}}]),
    "another role is another": (False, False, [{"Principal": {"AWS": OTHER}}]),
    "another account is another": (False, False, [{"Principal": {"AWS": "arn:aws:iam::210987654321:root"}}]),
    "a service is no role": (False, False, [{"Principal": {"Service": "s3.amazonaws.com"}}]),
    "a key's policy that allows nothing leaves nothing to the account's": (False, False, []),
    "a key's Deny wins": (False, False, [{"Principal": "*"}, {"Principal": {"AWS": ACCOUNT}, "Effect": "Deny", "Action": "kms:Des*"}]),
    "a key's Deny for the role wins": (False, False, [{"Principal": "*"}, {"Principal": {"AWS": ROLE}, "Effect": "Deny"}]),
    "a key's Deny for another role is nobody else's": (True, True, [{"Principal": "*"}, {"Principal": {"AWS": OTHER}, "Effect": "Deny"}]),
    "a key's Deny of another action is of no matter": (True, True, [{"Principal": "*"}, {"Principal": "*", "Effect": "Deny", "Action": "kms:Put*"}]),
}

# What makes a policy one that nothing is said about.
REFUSED = {
    "an operator that isn't known": ("StringNotEquals is not known here", {"Condition": {"StringNotEquals": {"aws:PrincipalArn": ROLE}}}),
    "NotAction": ("NotAction is not known here", {"NotAction": "sqs:*"}),
    "a role's policy with a principal": ("Principal is not known here", {"Principal": "*"}),
    "an effect that isn't known": ("neither Allow nor Deny: allow", {"Effect": "allow"}),
    "a variable": ("variables are not known here", {"Resource": "arn:aws:sqs:*:*:${aws:PrincipalTag/queue}"}),
    "an ARN with fewer parts": ("fewer than the six parts", {"Resource": "arn:aws:sqs:*:backup-files-prod"}),
    "a pattern of ArnLike with fewer parts": ("fewer than the six parts", {"Condition": {"ArnLike": {"aws:PrincipalArn": "*"}}}),
    "a * in an action's service": ("is no action", {"Action": "s*:SendMessage"}),
    "a * in an ARN's service": ("* or ? in its service", {"Resource": "arn:aws:s*:*:*:*"}),
    "a * in an ARN's resource type": ("* or ? in its service or resource type", {"Resource": f"arn:aws:iam::{ACCOUNT}:r*"}),
}

# Patterns that are no mistake.
RESOURCES_WITH_PATTERNS = [
    "arn:aws:s3:::backup-*/main/*",
    f"arn:aws:iam::{ACCOUNT}:*",
    f"arn:aws:iam::{ACCOUNT}:role/*",
    "arn:aws:cloudformation:*:aws:transform/*",  # a type that AWS's reference doesn't have
]

# What an action is not done to.
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
    "an action without resource is done to nothing else": ("takes no resource", "kms:CreateKey", KEY),
    "an action must be one of IAM's": ("no action of IAM", "s3:HeadBucket", "arn:aws:s3:::bucket"),
    "an action's service must be one of IAM's": ("no action of IAM", "s4:GetObject", "arn:aws:s3:::bucket/object"),
}


class Tests(unittest.TestCase):
    def test_actions_and_resources(self):
        for name, (allowed, given) in QUEUES.items():
            with self.subTest(name):
                self.assertEqual(answer("sqs:SendMessage", QUEUE, statement(**given))[0], allowed)

    def test_conditions(self):
        for name, (allowed, condition) in CONDITIONS.items():
            with self.subTest(name):
                self.assertEqual(answer("iam:PassRole", ROLE, statement(Condition=condition), context=CALL)[0], allowed)

    def test_keys(self):
        for name, (alone, with_own, given) in KEYS.items():
            with self.subTest(name):
                key = [statement(**one) for one in given]
                self.assertEqual(answer("kms:DescribeKey", KEY, key=key)[0], alone, "without a policy of the role")
                self.assertEqual(answer("kms:DescribeKey", KEY, OWN, key=key)[0], with_own, "with a policy of the role")

    def test_a_roles_deny_wins_on_a_key_too(self):
        self.assertFalse(answer("kms:DescribeKey", KEY, statement(Effect="Deny"), key=[statement(Principal="*")])[0])

    def test_a_key_is_not_decided_without_its_policy(self):
        with self.assertRaisesRegex(NotDecided, "needs the key's policy"):
            answer("kms:DescribeKey", KEY, OWN)

    def test_an_alias_has_no_policy_of_its_own(self):
        self.assertTrue(answer("kms:CreateAlias", ALIAS, statement(Action="kms:CreateAlias"))[0])

    def test_deny_wins_in_whatever_order(self):
        deny = statement(Effect="Deny", Action="sqs:*", Resource="arn:aws:sqs:*:*:*-prod")
        self.assertFalse(answer("sqs:SendMessage", QUEUE, deny, statement())[0])
        self.assertFalse(answer("sqs:SendMessage", QUEUE, statement(), deny)[0])

    def test_deny_whose_condition_does_not_hold_is_of_no_matter(self):
        deny = statement(Effect="Deny", Condition={"ArnEquals": {"aws:PrincipalArn": OTHER}})
        self.assertTrue(answer("sqs:SendMessage", QUEUE, deny, statement())[0])

    def test_without_a_statement_nothing_is_allowed(self):
        self.assertEqual(answer("sqs:SendMessage", QUEUE), (False, []))

    def test_what_matched_is_told_and_nothing_else(self):
        allowed, by = answer(
            "sqs:SendMessage", QUEUE,
            statement(Sid="No", Action="sqs:TagQueue"),
            statement(Sid="Yes", Action=["sqs:TagQueue", "sqs:Send*"], Resource=[QUEUE + "2", QUEUE], Condition={"StringEquals": {"aws:PrincipalAccount": [ACCOUNT, "2"]}}),
        )
        self.assertTrue(allowed)
        self.assertEqual([vars(one) for one in by], [{"statement": "Yes", "actions": ["sqs:Send*"], "resources": [QUEUE], "values": [ACCOUNT]}])

    def test_the_keys_statements_are_told_too(self):
        _, by = answer("kms:DescribeKey", KEY, OWN, key=[statement(Sid="Key", Principal="*"), statement(Sid="Account", Principal={"AWS": ACCOUNT})])
        self.assertEqual([one.statement for one in by], ["One", "Key", "Account"])

    def test_what_is_not_known_is_refused(self):
        for name, (says, given) in REFUSED.items():
            with self.subTest(name), self.assertRaises(NotDecided) as raised:
                Policy("role", document(statement(**given)))
            self.assertIn(says, str(raised.exception))

    def test_patterns_are_taken_where_they_stand_for_something(self):
        for resource in RESOURCES_WITH_PATTERNS:
            with self.subTest(resource):
                Policy("role", document(statement(Resource=resource)))

    def test_a_star_that_reaches_over_a_colon_is_refused(self):
        for effect in ("Allow", "Deny"):
            with self.subTest(effect), self.assertRaisesRegex(NotDecided, "reaches over a colon"):
                answer("lambda:GetFunction", FUNCTION, statement(), statement(Effect=effect, Resource="arn:aws:lambda:*:function:files"))

    def test_a_policy_must_be_whole(self):
        with self.assertRaisesRegex(NotDecided, "Version"):
            Policy("role", {"Version": "2008-10-17", "Statement": [statement()]})
        with self.assertRaisesRegex(NotDecided, "it has no Principal"):
            Policy("key", document(statement()), of_key=True)
        with self.assertRaisesRegex(NotDecided, "neither AWS nor a service"):
            Policy("key", document(statement(Principal={"Federated": "x"})), of_key=True)
        with self.assertRaisesRegex(NotDecided, "neither \\*, an account"):
            Policy("key", document(statement(Principal={"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/session"})), of_key=True)

    def test_a_services_key_is_there_only_with_the_actions_that_have_it(self):
        context = {"aws:PrincipalArn": ROLE, "aws:ResourceTag/app": "backup", **CALL}
        self.assertEqual(REFERENCE.context("iam:PassRole", context), {key: value for key, value in context.items() if key != "lambda:FunctionArn"})
        self.assertEqual(REFERENCE.context("lambda:CreateEventSourceMapping", context), {key: value for key, value in context.items() if key != "iam:PassedToService"})
        tag = {"iam:ResourceTag/app": "backup"}
        self.assertEqual(REFERENCE.context("iam:DeleteRole", tag), tag, "a key with a variable")

    def test_resources_of_actions(self):
        for name, (says, action, resource) in RESOURCES.items():
            with self.subTest(name):
                if says is None:
                    REFERENCE.refuse_wrong_resource(action, resource)
                    continue
                with self.assertRaises(NotDecided) as raised:
                    REFERENCE.refuse_wrong_resource(action, resource)
                self.assertIn(says, str(raised.exception))


unittest.main()
