package iam_test

import (
	"cmp"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/policy"
	"autobackup/local/iam"
	"autobackup/local/iam/iamtest"
)

// boundary is what `autobackup policy boundary` prints for the templates' configurations.
func boundary(t *testing.T, o policy.Options) (iam.Document, []byte) {
	t.Helper()
	o.Command, o.Side, o.Partition = policy.Boundary, policy.Both, "aws"
	written, err := policy.For(o)
	require.NoError(t, err)
	text, err := json.Marshal(written)
	require.NoError(t, err)
	d, err := iam.Parse(text, iam.Identity)
	require.NoError(t, err)
	return d, text
}

// both are the replicas in this account, and in another, with keys of their own; and existing
// buckets or an existing topic, too.
var both = []policy.Options{
	{Stage: "dev", Account: here},
	{Stage: "dev", Account: here, ReplicaAccount: there, ReplicaKeys: []string{ownKey}},
	{Stage: "dev", Account: here, ReplicaAccount: there, ReplicaKeys: []string{ownKey}, Attached: true},
	{Stage: "dev", Account: here, Topic: iamtest.Oncall},
}

// calls are those that the templates' roles are allowed: their policies' own, with names that
// the buckets have. Those about the other account are left out where the replicas are not in
// it, and those about replicas here where they are.
func calls(t *testing.T, o policy.Options) (all []iamtest.Case) {
	t.Helper()
	policies, err := iamtest.OfTemplates("../..")
	require.NoError(t, err)
	for _, p := range policies {
		if p.Kind != iam.Identity {
			continue
		}
		cases, err := iamtest.Requests(p)
		require.NoError(t, err)
		for _, c := range cases {
			replicas := cmp.Or(o.ReplicaAccount, here)
			named := strings.NewReplacer("-primary-x", "-primary-x-"+here, "-replica-x", "-replica-x-"+replicas).Replace(c.Request.Resource)
			if strings.HasPrefix(named, "arn:aws:sns:") && (named == iamtest.Oncall) != (o.Topic != "") {
				continue
			}
			if !o.Attached && strings.Contains(named, ":acme-") || replicas == here && strings.Contains(named, there) || replicas == there && strings.Contains(named, "-replica-") && !strings.Contains(named, there) {
				continue
			}
			c.Request.Resource = named
			own, err := c.Policies()
			require.NoError(t, err)
			if iam.Evaluate(c.Request, own).Allowed {
				all = append(all, c)
			}
		}
	}
	require.Greater(t, len(all), 200)
	return all
}

func TestTheRolesDoAllThatTheyAreThereForUnderTheBoundaryAndNothingInItIsIdle(t *testing.T) {
	used := map[string]bool{}
	documents := make([]iam.Document, 0, len(both))
	for _, o := range both {
		d, _ := boundary(t, o)
		d.Name = "boundary"
		documents = append(documents, d)
		for _, c := range calls(t, o) {
			p, err := c.Policies()
			require.NoError(t, err)
			p.Boundary = &d
			decision := iam.Evaluate(c.Request, p)
			assert.True(t, decision.Allowed, "%s on %s", c.Request.Action, c.Request.Resource)
			for _, by := range decision.By {
				if by.Side == iam.BoundarySide {
					m := iamtest.Matched(c.Request, p, by)
					for _, part := range append(m.Actions, m.Resources...) {
						used[by.Statement+" "+part] = true
					}
				}
			}
		}
	}
	for _, d := range documents {
		for i, s := range d.Statements {
			for _, part := range append(s.Actions, s.Resources...) {
				assert.True(t, used[d.ID(i)+" "+part], "nothing needs %s in %s", part, d.ID(i))
			}
		}
	}
}

// A role that somebody gives everything is stopped by the boundary.
func TestOutsideOfTheBoundaryARoleWithEveryPermissionIsRefused(t *testing.T) {
	own := []iam.Document{doc(t, iam.Identity, everything)}
	for _, o := range both {
		d, text := boundary(t, o)
		p := iam.Policies{Identity: own, Boundary: &d, ResourceOwner: here}
		for action, resources := range outside {
			for _, resource := range resources {
				if reads := strings.HasPrefix(action, "s3:GetObjectVersion") && action != "s3:GetObjectVersionAcl" || strings.HasPrefix(action, "s3:ListBucket"); o.Attached && reads {
					continue // whatever it is: their names are not known to who bounds the roles
				}
				decision := iam.Evaluate(iam.Request{Principal: session, Action: action, Resource: resource}, p)
				assert.Equal(t, []iam.By{{Side: iam.BoundarySide}}, decision.By, "%s on %s", action, resource)
			}
		}
		assert.NotContains(t, string(text), "${")
	}
}

var outside = map[string][]string{
	"s3:DeleteBucket":               {"arn:aws:s3:::autobackup-dev-primary-documents-" + here},
	"s3:DeleteObject":               {"arn:aws:s3:::autobackup-dev-primary-documents-" + here + "/a", "arn:aws:s3:::autobackup-dev-work-" + here + "/told/memory.json"},
	"s3:DeleteObjectVersion":        {"arn:aws:s3:::autobackup-dev-replica-documents-" + here + "/a", "arn:aws:s3:::autobackup-dev-replica-documents-" + there + "/a"},
	"s3:BypassGovernanceRetention":  {"arn:aws:s3:::autobackup-dev-replica-documents-" + here + "/a", "arn:aws:s3:::autobackup-dev-replica-documents-" + there + "/a"},
	"s3:PutObject":                  {"arn:aws:s3:::autobackup-dev-primary-documents-" + here + "/a", "arn:aws:s3:::autobackup-dev-replica-documents-" + here + "/a"},
	"s3:GetObjectVersion":           {"arn:aws:s3:::payroll/a", "arn:aws:s3:::autobackup-dev-primary-evil/a", "arn:aws:s3:::autobackup-dev-replica-evil-555555555555/a", "arn:aws:s3:::autobackup-prod-primary-documents-" + here + "/a"},
	"s3:ListBucket":                 {"arn:aws:s3:::payroll", "arn:aws:s3:::autobackup-dev-work-555555555555"},
	"s3:ListBucketVersions":         {"arn:aws:s3:::autobackup-dev-primary-evil", "arn:aws:s3:::autobackup-dev-replica-evil"},
	"s3:GetObjectVersionAcl":        {"arn:aws:s3:::payroll/a", "arn:aws:s3:::autobackup-dev-replica-documents-" + here + "/a"},
	"states:StopExecution":          {"arn:aws:states:eu-central-1:" + here + ":execution:payroll:a"},
	"s3:ReplicateObject":            {"arn:aws:s3:::autobackup-dev-replica-documents-555555555555/a"},
	"s3:PutBucketPolicy":            {"arn:aws:s3:::autobackup-dev-primary-documents-" + here},
	"s3:PutLifecycleConfiguration":  {"arn:aws:s3:::autobackup-dev-replica-documents-" + here},
	"iam:CreateUser":                {"arn:aws:iam::" + here + ":user/eve"},
	"iam:PutRolePolicy":             {"arn:aws:iam::" + here + ":role/autobackup-dev-fetch-etags"},
	"iam:PassRole":                  {"arn:aws:iam::" + here + ":role/autobackup-dev-fetch-etags"},
	"sts:AssumeRole":                {"arn:aws:iam::" + here + ":role/admin"},
	"secretsmanager:GetSecretValue": {"arn:aws:secretsmanager:eu-central-1:" + here + ":secret:a"},
	"kms:ScheduleKeyDeletion":       {"arn:aws:kms:eu-central-1:" + here + ":key/StorageKey"},
	"kms:CreateGrant":               {"arn:aws:kms:eu-central-1:" + here + ":key/StorageKey"},
	"kms:Decrypt":                   {"arn:aws:kms:eu-central-1:555555555555:key/own"},
	"lambda:UpdateFunctionCode":     {"arn:aws:lambda:eu-central-1:" + here + ":function:autobackup-fetch-etags-dev"},
	"lambda:InvokeFunction":         {"arn:aws:lambda:eu-central-1:" + here + ":function:payroll", "arn:aws:lambda:eu-central-1:" + there + ":function:autobackup-fetch-etags-dev"},
	"states:StartExecution":         {"arn:aws:states:eu-central-1:" + here + ":stateMachine:payroll"},
	"sqs:PurgeQueue":                {"arn:aws:sqs:eu-central-1:" + here + ":autobackup-validation-dlq-dev"},
	"sqs:SendMessage":               {"arn:aws:sqs:eu-central-1:" + there + ":autobackup-failure-queue-dev"},
	"sns:Publish":                   {"arn:aws:sns:eu-central-1:" + here + ":payroll", "arn:aws:sns:eu-central-1:" + there + ":autobackup-failure-topic-dev"},
	"logs:PutLogEvents":             {"arn:aws:logs:eu-central-1:" + here + ":log-group:/aws/lambda/payroll:log-stream:x"},
}

func TestTheBoundaryFitsInAManagedPolicyWhateverItsNames(t *testing.T) {
	for _, o := range both {
		var keys []string
		for _, key := range o.ReplicaKeys {
			keys = append(keys, strings.Replace(key, "arn:aws:", "arn:aws-us-gov:", 1))
		}
		d, err := policy.For(policy.Options{
			Command: policy.Boundary, Side: policy.Both, Partition: "aws-us-gov", Stage: "abcdefghij", Account: here, ReplicaAccount: o.ReplicaAccount, ReplicaKeys: keys, Attached: o.Attached,
		})
		require.NoError(t, err)
		text, err := json.Marshal(d)
		require.NoError(t, err)
		// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
		assert.Less(t, len(text), 6144)
	}
}
