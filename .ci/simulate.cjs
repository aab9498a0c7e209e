// Answers, for each request on standard input, whether the policies allow it, by which
// statement and by what in it. iam-simulate refuses an action that doesn't exist, a
// resource of a type that the action doesn't take, and a policy that isn't valid.
const { runSimulation, runUnsafeSimulation } = require("@cloud-copilot/iam-simulate");

const list = (one) => (one === undefined ? [] : Array.isArray(one) ? one : [one]);

// What of a statement matched the request.
const matched = ({ policyId, explain }) => ({
  policy: policyId,
  statement: explain.identifier,
  actions: list(explain.actions).filter((one) => one.matches).map((one) => one.action),
  resources: list(explain.resources).filter((one) => one.matches).map((one) => one.resource),
  values: list(explain.conditions).flatMap((one) => list(one.values)).filter((one) => one.matches).map((one) => one.value),
});

async function answer({ action, resource, account, principal, context, identityPolicies, resourcePolicy, unlisted }) {
  const simulation = {
    request: { principal, action, resource: { resource, accountId: account }, contextVariables: context },
    identityPolicies,
    resourcePolicy,
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
  if (unlisted) {
    return { allowed: runUnsafeSimulation(simulation, {}) === "Allowed", by: [] };
  }
  const answer = await runSimulation(simulation, {});
  if (answer.resultType === "error") {
    return { allowed: false, error: JSON.stringify(answer.errors), by: [] };
  }
  const { identityAnalysis, resourceAnalysis } = answer.result.analysis;
  const by = [...(identityAnalysis?.allowStatements ?? []), ...(resourceAnalysis?.allowStatements ?? [])];
  return { allowed: answer.overallResult === "Allowed", by: by.map(matched) };
}

let input = "";
process.stdin.on("data", (chunk) => (input += chunk));
process.stdin.on("end", async () => {
  const { policies, requests } = JSON.parse(input);
  const answers = [];
  for (const request of requests) {
    answers.push(await answer({ ...request, identityPolicies: policies[request.policies] }));
  }
  process.stdout.write(JSON.stringify(answers));
});
