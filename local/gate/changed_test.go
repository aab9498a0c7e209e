package gate_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/gate"
	"autobackup/local/iam"
)

func TestAGateWithOneDocumentChangedDecidesOtherwiseByThatAlone(t *testing.T) {
	g := gate.New(account)
	var documents []iam.Document
	g.Deployed = func(d *iam.Document) { documents = append(documents, *d) }
	for _, id := range []string{"One", "Two"} {
		require.NoError(t, deploy(t, g, "AWS::IAM::Role", id, map[string]any{
			"AssumeRolePolicyDocument": trust,
			"Policies": []any{
				map[string]any{"PolicyName": "read", "PolicyDocument": allow("s3:GetObject", bucket+"/*")},
				map[string]any{"PolicyName": "write", "PolicyDocument": allow("s3:PutObject", bucket+"/*")},
			},
		}))
		everybody := json.RawMessage(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}}`)
		require.NoError(t, g.Attach(key+id, iam.Key, everybody))
	}
	calls := map[string]gate.Call{} // by the document that decides it
	for _, id := range []string{"One", "Two"} {
		role := "arn:aws:iam::" + account + ":role/stack-" + id
		calls["stack-"+id] = gate.Call{By: iam.Principal{Service: "lambda.amazonaws.com"}, Action: "sts:AssumeRole", Resource: role, Context: map[string][]string{"aws:sourceaccount": {account}}}
		calls["stack-"+id+"/read"] = gate.Call{By: iam.Session(role, "s"), Action: "s3:GetObject", Resource: bucket + "/k"}
		calls["stack-"+id+"/write"] = gate.Call{By: iam.Session(role, "s"), Action: "s3:PutObject", Resource: bucket + "/k"}
		calls[key+id] = gate.Call{By: iam.Principal{Service: "s3.amazonaws.com"}, Action: "kms:Decrypt", Resource: key + id}
	}
	require.Len(t, documents, len(calls))
	for _, d := range documents {
		denies := d
		denies.Statements = slices.Clone(d.Statements)
		denies.Statements[0].Effect = iam.Deny
		changed := g.Changed(denies)
		other := denies
		other.Kind = iam.Topic
		same := g.Changed(other)
		for name, c := range calls {
			assert.True(t, g.Decision(c).Allowed, "%s stays as it is", name)
			assert.Equal(t, name != d.Name, changed.Decision(c).Allowed, "%s, where %s denies", name, d.Name)
			assert.True(t, same.Decision(c).Allowed, "%s has no %s", name, iam.Topic)
		}
	}
}

func TestATrustPolicyNeedsNoPolicyOfTheServiceAndLeavesNothingToTheAccount(t *testing.T) {
	g, _ := guarded(t)
	other := gate.Call{By: iam.Session("arn:aws:iam::"+account+":role/other", "s"), Action: "sts:AssumeRole", Resource: roleARN, Context: map[string][]string{"aws:sourceaccount": {account}}}
	assert.False(t, g.Decision(other).Allowed)
	require.NoError(t, deploy(t, g, "AWS::IAM::Role", "Late", map[string]any{"AssumeRolePolicyDocument": trust}), "nothing is still locked")
}

func TestWhoTakesARoleIsTold(t *testing.T) {
	g, _ := guarded(t)
	var saw []string
	g.Saw = func(c gate.Call, d iam.Decision) {
		saw = append(saw, c.By.Service+" "+c.Action+" "+c.Resource)
		assert.True(t, d.Allowed)
	}
	_, err := g.Assume(roleARN, "lambda.amazonaws.com", "fn")
	require.NoError(t, err)
	assert.Equal(t, []string{"lambda.amazonaws.com sts:AssumeRole " + roleARN}, saw)
}
