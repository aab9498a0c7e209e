package gate_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/template"
)

const (
	account = "123456789012"
	roleARN = "arn:aws:iam::123456789012:role/stack-Reader"
	bucket  = "arn:aws:s3:::docs"
	key     = "arn:aws:kms:eu-central-1:123456789012:key/stack-Key"
)

var trust = map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
	"Effect": "Allow", "Principal": map[string]any{"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole",
	"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": account}},
}}

func allow(action, resource string) map[string]any {
	return map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Action": action, "Resource": resource}}
}

func deploy(t *testing.T, g *gate.Gate, kind string, id string, properties map[string]any) error {
	t.Helper()
	_, _, err := g.Types().Create(template.Target{Stack: "stack", Region: "eu-central-1", Account: account},
		template.Resource{LogicalID: id, Type: kind, Properties: properties})
	return err
}

func guarded(t *testing.T) (*gate.Gate, gate.Caller) {
	g := gate.New(account)
	require.NoError(t, deploy(t, g, "AWS::IAM::Role", "Reader", map[string]any{
		"AssumeRolePolicyDocument": trust,
		"Policies":                 []any{map[string]any{"PolicyName": "read", "PolicyDocument": allow("s3:GetObject", bucket+"/*")}},
	}))
	reader, err := g.Assume(roleARN, "lambda.amazonaws.com", "fn")
	require.NoError(t, err)
	return g, reader
}

func TestARoleMayWhatItsPoliciesAllowAndTheRefusalIsInAWSsWords(t *testing.T) {
	_, reader := guarded(t)
	require.NoError(t, reader.May("s3:GetObject", bucket+"/a"))
	err := reader.All(bucket+"/a", "s3:GetObject", "s3:PutObject")
	require.EqualError(t, err, `User: arn:aws:sts::123456789012:assumed-role/stack-Reader/fn is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::docs/a" because no identity-based policy allows the s3:PutObject action`)
	var refused *gate.Refused
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "s3:PutObject", refused.Action)
	g, reader := guarded(t)
	_ = reader.May("s3:PutObject", bucket+"/a")
	_ = reader.May("s3:PutObject", bucket+"/b")
	_ = reader.May("s3:GetObject", bucket+"/b")
	assert.Equal(t, map[gate.Refusal]int{{By: roleARN, Action: "s3:PutObject"}: 2}, g.Refusals())
}

func TestABucketsPolicyCountsForItsObjects(t *testing.T) {
	g, reader := guarded(t)
	deny := json.RawMessage(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::docs/secret/*"}}`)
	require.NoError(t, g.Attach(bucket, iam.Bucket, deny))
	require.NoError(t, reader.May("s3:GetObject", bucket+"/a"))
	require.ErrorContains(t, reader.May("s3:GetObject", bucket+"/secret/a"), "with an explicit deny in a resource-based policy")
}

func TestARoleIsAssumedByWhomItTrustsAlone(t *testing.T) {
	g, _ := guarded(t)
	_, err := g.Assume(roleARN, "states.amazonaws.com", "x")
	require.ErrorContains(t, err, "states.amazonaws.com can't assume the role "+roleARN)
	_, err = g.Assume(roleARN+"2", "lambda.amazonaws.com", "x")
	require.ErrorContains(t, err, "there is none here")
}

func TestWhoSignsWithARolesKeyIsTheRoleAndEverybodyElseTheOwner(t *testing.T) {
	g, reader := guarded(t)
	require.Error(t, g.Signed(reader.AccessKey()).May("s3:PutObject", bucket+"/a"))
	require.NoError(t, g.Signed(reader.AccessKey()).May("s3:GetObject", bucket+"/a"))
	require.NoError(t, g.Signed("LOCAL").May("s3:PutObject", bucket+"/a"))
	assert.NotEqual(t, reader.AccessKey(), g.As(g.Owner()).AccessKey())
}

func TestAKeyAsksForConsentAndSeesNoSourceOfEventBridge(t *testing.T) {
	g, reader := guarded(t)
	policy := json.RawMessage(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*"},
		{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*",
		 "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::docs"}}}]}`)
	require.NoError(t, g.Attach(key, iam.Key, policy))
	require.NoError(t, g.Service("events.amazonaws.com", "arn:aws:events:eu-central-1:123456789012:rule/r").AtKMS("sqs.eu-central-1.amazonaws.com").May("kms:Decrypt", key))
	require.NoError(t, g.Service("s3.amazonaws.com", bucket).AtKMS("sqs.eu-central-1.amazonaws.com").May("kms:Decrypt", key))
	require.Error(t, g.Service("s3.amazonaws.com", bucket+"2").AtKMS("sqs.eu-central-1.amazonaws.com").May("kms:Decrypt", key))
	require.ErrorContains(t, reader.May("kms:Decrypt", key), "because no resource-based policy allows", "the key's own policy does not leave it to the account")
}

func TestACallCanBeToldToFailAndPoliciesCanBeChangedBeforeTheyCount(t *testing.T) {
	_, reader := guarded(t)
	planned := errors.New("planned")
	g := gate.New(account)
	g.Fault = func(c gate.Call) error {
		if c.Action == "s3:GetObject" {
			return planned
		}
		return nil
	}
	require.ErrorIs(t, g.As(g.Owner()).May("s3:GetObject", bucket+"/a"), planned)
	require.NoError(t, g.As(g.Owner()).May("s3:PutObject", bucket+"/a"))
	require.NoError(t, reader.May("s3:GetObject", bucket+"/a"))

	g.Deployed = func(d *iam.Document) { d.Statements[0].Effect = iam.Deny }
	require.NoError(t, g.Attach(bucket, iam.Bucket, json.RawMessage(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}}`)))
	require.Error(t, g.As(g.Owner()).May("s3:PutObject", bucket+"/a"))
}

func TestTheAnswerToWhatIsDoneCanBeLost(t *testing.T) {
	lost := errors.New("lost")
	g := gate.New(account)
	require.NoError(t, g.As(g.Owner()).Done("sqs:SendMessage", "q"), "nobody wants it")
	g.Lost = func(c gate.Call) error {
		if c.By == g.Owner() && c.Action == "sqs:SendMessage" && c.Resource == "q" {
			return lost
		}
		return nil
	}
	require.ErrorIs(t, g.As(g.Owner()).Done("sqs:SendMessage", "q"), lost)
	require.NoError(t, g.As(g.Owner()).Done("sqs:SendMessage", "other"))
	require.NoError(t, gate.Caller{}.Done("sqs:SendMessage", "q"), "there is no gate")
}

func TestAPolicyThatNobodyDeploysCanDenyInAWSsWords(t *testing.T) {
	const user = "User: arn:aws:sts::123456789012:assumed-role/stack-Reader/fn is not authorized to perform: "
	for side, want := range map[iam.Side][2]string{
		iam.SCPSide:      {`on resource: "arn:aws:s3:::docs/a" with an explicit deny in a service control policy`, `on resource: "arn:aws:s3:::docs/a" because no service control policy allows the s3:GetObject action`},
		iam.RCPSide:      {`on resource: "arn:aws:s3:::docs/a" with an explicit deny in a resource control policy`, `on resource: "arn:aws:s3:::docs/a" because no resource control policy allows the s3:GetObject action`},
		iam.SessionSide:  {`on resource: "arn:aws:s3:::docs/a" with an explicit deny in a session policy`, `on resource: "arn:aws:s3:::docs/a" because no session policy allows the s3:GetObject action`},
		iam.EndpointSide: {`on resource: "arn:aws:s3:::docs/a" with an explicit deny in a VPC endpoint policy`, `on resource: "arn:aws:s3:::docs/a" because no VPC endpoint policy allows the s3:GetObject action`},
	} {
		for i, explicit := range []bool{true, false} {
			g, reader := guarded(t)
			g.Fault = func(c gate.Call) error { return g.DeniedBy(c, side, explicit) }
			require.EqualError(t, reader.May("s3:GetObject", bucket+"/a"), user+"s3:GetObject "+want[i])
			assert.NotEmpty(t, g.Refusals())
		}
	}
	g, reader := guarded(t)
	g.Fault = func(c gate.Call) error { return g.DeniedBy(c, iam.ACLSide, true) }
	require.EqualError(t, reader.May("s3:GetObject", bucket+"/a"), "Access Denied")
}

func TestWithoutAGateEverybodyMayDoEverything(t *testing.T) {
	var g *gate.Gate
	require.NoError(t, g.Signed("any").May("s3:PutObject", bucket))
	require.NoError(t, g.Service("s3.amazonaws.com", bucket).May("sqs:SendMessage", "q"))
	require.NoError(t, g.Attach(bucket, iam.Bucket, "nonsense"))
	by, err := g.Assume("any", "any", "any")
	require.NoError(t, err)
	assert.Empty(t, by.AccessKey())
}

func TestAPolicyThatIsNotUnderstoodIsNotDeployed(t *testing.T) {
	g := gate.New(account)
	require.ErrorContains(t, deploy(t, g, "AWS::IAM::Role", "R", map[string]any{"AssumeRolePolicyDocument": map[string]any{"Version": "2012-10-17"}}), "AssumeRolePolicyDocument")
	err := deploy(t, g, "AWS::IAM::Role", "R", map[string]any{
		"AssumeRolePolicyDocument": trust, "Policies": []any{map[string]any{"PolicyName": "p", "PolicyDocument": allow("s3:GetObject", "")}},
	})
	require.ErrorContains(t, err, "policy of stack-R/p")
	require.ErrorContains(t, deploy(t, g, "AWS::KMS::Key", "K", map[string]any{"KeyPolicy": map[string]any{}}), "KeyPolicy")
}
