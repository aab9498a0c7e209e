#!/usr/bin/env node
// Holds local/iam against another evaluator, @cloud-copilot/iam-simulate.
//
//     iam-simulate FOLDER < CASES
//
// FOLDER has that evaluator in node_modules; CASES are what local/iam/testdata/cases
// writes, one a line. It is a program of its own: nothing of it comes into this
// project. Where the two differ, AWS's document decides, and the difference stands
// in the list below with it.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import path from "node:path";

const { runSimulation, anonymousPrincipal } = createRequire(path.resolve(process.argv[2], "x.js"))("@cloud-copilot/iam-simulate");

const statementsOf = (c) => [...(c.Identity ?? []), c.Boundary, c.Resource].flatMap((policy) => policy?.Statement ?? []);
const conditionsOf = (c) => statementsOf(c).flatMap((one) => Object.entries(one.Condition ?? {}));

// Differences that are local/iam's to have: in which cases, and the document that
// decides. Each must be used.
const DIFFERENCES = [
  {
    why: `The root user "has full access" in its account, and needs no identity-based policy:
      https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html`,
    is: (c, ours, theirs) => c.Request.Principal.ARN.endsWith(":root") && ours === "Allowed" && theirs === "ImplicitlyDenied",
  },
  {
    why: `kms:EncryptionContext:aws:s3:arn is a condition key, which iam-simulate ignores for its colons:
      https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context
      https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context`,
    is: (c, ours, theirs, ignored) =>
      ignored.includes("kms:encryptioncontext:aws:s3:arn") && conditionsOf(c).some(([, keys]) => Object.keys(keys)[0].toLowerCase() === "kms:encryptioncontext:aws:s3:arn"),
  },
  {
    why: `"If the * wildcard is the last character of a resource ARN segment, it can expand to match beyond the colon boundaries":
      https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
      S3's own page says that it can't; no policy here depends on it.`,
    is: (c) => statementsOf(c).some((one) => [one.Resource, one.NotResource].flat().includes("arn:aws:s3:*:*:y/z")),
  },
  {
    why: `\${*} stands for a * "in any string where you can use regular policy variables", in StringEquals and its like, too:
      https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars`,
    is: (c) => c.Request.Context["aws:sourceaccount"]?.[0] === "a*" &&
      conditionsOf(c).some(([operator, keys]) => !operator.includes("Like") && JSON.stringify(keys).includes("a${*}")),
  },
  {
    why: `A transform is a resource of CreateChangeSet, which AWS's service authorization reference doesn't have:
      https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-template.html`,
    is: (c, ours, theirs) => c.Request.Resource.includes(":aws:transform/") && theirs.includes("no.resource.types"),
  },
  {
    why: `These need * although AWS's reference has a resource for them, as ON_EVERYTHING of .ci/needs.py says
      with AWS's pages; iam-simulate takes * for a list of resources then.`,
    is: (c, ours, theirs) =>
      ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "cloudwatch:PutCompositeAlarm", "sns:GetSubscriptionAttributes", "sns:Unsubscribe"].includes(c.Request.Action) && theirs.startsWith("wildcard"),
  },
  {
  why: `Lambda makes network interfaces with a role's permissions on *, as AWSLambdaVPCAccessExecutionRole has them, although
      AWS's reference has resources for these; iam-simulate takes * for a list of resources then:
      https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html`,
  is: (c, ours, theirs) =>
    ["ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"].includes(c.Request.Action) &&
    theirs.startsWith("wildcard"),
  },
  {
    why: `AWS's pages have StringEquals on events:source for PutEvents, although its reference calls the key a list; iam-simulate
      matches lists by ForAllValues and ForAnyValue alone:
      https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html`,
    is: (c, ours, theirs) => c.Request.Action === "events:PutEvents" && ours === "Allowed" && theirs === "ImplicitlyDenied" &&
      conditionsOf(c).some(([operator, keys]) => operator === "StringEquals" && "events:source" in keys),
  },
];

function simulation(c) {
  const contextVariables = Object.fromEntries(Object.entries(c.Request.Context).map(([key, values]) => [key, values[0]]));
  const principal = c.Request.Principal;
  if (principal.ARN) contextVariables["aws:PrincipalArn"] = principal.Role || principal.ARN;
  return {
    request: {
      action: c.Request.Action,
      principal: principal.ARN || principal.Service || anonymousPrincipal,
      resource: { resource: c.Request.Resource, accountId: c.Owner },
      contextVariables,
    },
    identityPolicies: (c.Identity ?? []).map((policy, i) => ({ name: `policy ${i}`, policy })),
    permissionBoundaryPolicies: c.Boundary ? [{ name: "boundary", policy: c.Boundary }] : undefined,
    resourcePolicy: c.Resource ?? undefined,
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
}

const OURS = (decision) => (decision.Allowed ? "Allowed" : decision.Explicit ? "ExplicitlyDenied" : "ImplicitlyDenied");

let held = 0;
const problems = [];
for await (const line of createInterface({ input: process.stdin })) {
  const c = JSON.parse(line);
  const answer = await runSimulation(simulation(c), {});
  const theirs = answer.resultType === "single" ? answer.overallResult : `${answer.resultType}: ${JSON.stringify(answer.errors)}`;
  const ours = OURS(c.Decision);
  held++;
  if (ours === theirs) continue;
  const difference = DIFFERENCES.find((one) => one.is(c, ours, theirs, answer.result?.ignoredContextKeys ?? []));
  if (difference) difference.used = true;
  else problems.push(`local/iam says ${ours}, iam-simulate ${theirs}, of ${JSON.stringify(c, null, 1)}`);
}
for (const one of DIFFERENCES) if (!one.used) problems.push(`no case shows this difference any more, take it off the list: ${one.why}`);
for (const problem of problems.slice(0, 5)) console.error(problem);
if (problems.length > 0 || held === 0) {
  console.error(`${problems.length} differences in ${held} cases that are not on the list of .ci/iam-simulate`);
  process.exit(1);
}
console.log(`${held} cases are decided as iam-simulate decides them, but for ${DIFFERENCES.length} listed differences`);
