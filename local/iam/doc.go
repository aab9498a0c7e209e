// Package iam decides whether AWS's policies allow a call: documents in, decision out.
// It reads no clock, does no I/O, and knows nothing of the services whose calls it
// decides. It follows
//
//   - the grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
//   - the evaluation of policies within an account:
//     https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
//   - and between two accounts:
//     https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
//   - permissions boundaries: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
//   - key policies: https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
//   - the words of a refusal: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
//
// What a policy says and this package doesn't know is an error of Parse, never a
// guess: then the policy can't be deployed. Service and resource control policies,
// session policies, access control lists and policies of VPC endpoints are not
// evaluated.
package iam
