package gate_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/template"
)

const other = "210987654321"

func TestAUserMayWhatItsPoliciesAllowAndItsKeyStaysWhenTheyChange(t *testing.T) {
	g := gate.New(account)
	user, err := g.User("ops", allow("s3:GetObject", bucket+"/*"), json.RawMessage(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}`))
	require.NoError(t, err)
	signed := g.Signed(user.AccessKey())
	require.NoError(t, signed.May("s3:GetObject", bucket+"/a"))
	require.NoError(t, signed.May("s3:PutObject", bucket+"/a"))
	require.ErrorContains(t, signed.May("s3:DeleteObject", bucket+"/a"), "User: arn:aws:iam::123456789012:user/ops is not authorized to perform: s3:DeleteObject")
	_, err = g.User("ops", allow("s3:DeleteObject", bucket+"/*"))
	require.NoError(t, err)
	require.NoError(t, signed.May("s3:DeleteObject", bucket+"/a"))
	require.Error(t, signed.May("s3:GetObject", bucket+"/a"))
	_, err = g.User("ops", map[string]any{"Version": "2012-10-17"})
	require.ErrorContains(t, err, "policy of ops")
}

func bounded(boundary string) map[string]any {
	return map[string]any{
		"AssumeRolePolicyDocument": trust, "PermissionsBoundary": boundary,
		"Policies": []any{map[string]any{"PolicyName": "all", "PolicyDocument": allow("s3:*", "*")}},
	}
}

func TestARoleMayWhatItsPoliciesAndItsBoundaryAllow(t *testing.T) {
	const arn = "arn:aws:iam::123456789012:policy/teams/limit"
	g := gate.New(account)
	err := deploy(t, g, "AWS::IAM::Role", "Reader", bounded(arn))
	require.ErrorContains(t, err, "PermissionsBoundary: there is no managed policy "+arn+" here: deploy it first")
	require.NoError(t, deploy(t, g, "AWS::IAM::ManagedPolicy", "Limit", map[string]any{"ManagedPolicyName": "limit", "Path": "/teams/", "PolicyDocument": allow("s3:GetObject", "*")}))
	require.NoError(t, deploy(t, g, "AWS::IAM::Role", "Reader", bounded(arn)))
	reader, err := g.Assume(roleARN, "lambda.amazonaws.com", "fn")
	require.NoError(t, err)
	require.NoError(t, reader.May("s3:GetObject", bucket+"/a"))
	require.ErrorContains(t, reader.May("s3:PutObject", bucket+"/a"), "because no permissions boundary allows the s3:PutObject action")
	require.ErrorContains(t, deploy(t, g, "AWS::IAM::ManagedPolicy", "Limit", map[string]any{"PolicyDocument": map[string]any{}}), "PolicyDocument: policy of stack-Limit")
	require.NoError(t, deploy(t, g, "AWS::IAM::ManagedPolicy", "Limit", map[string]any{"PolicyDocument": allow("s3:PutObject", "*"), "Description": "for people"}))
	require.NoError(t, deploy(t, g, "AWS::IAM::Role", "Reader", bounded("arn:aws:iam::123456789012:policy/stack-Limit")), "its default name")
}

func TestBetweenAccountsBothSidesMustAllow(t *testing.T) {
	g, reader := guarded(t)
	const theirs = "arn:aws:s3:::theirs"
	g.Own(theirs, other)
	_, err := g.User("all", allow("*", "*"))
	require.NoError(t, err)
	all := g.As(iam.Principal{ARN: "arn:aws:iam::" + account + ":user/all"})
	require.EqualError(t, all.May("s3:GetObject", theirs+"/a"), "Access Denied", "their bucket says nothing")
	require.NoError(t, all.May("s3:GetObject", bucket+"/a"))
	require.NoError(t, all.May("s3:ListAllMyBuckets", "*"))
	require.NoError(t, g.As(iam.Principal{ARN: "arn:aws:iam::" + other + ":root"}).May("s3:ListAllMyBuckets", "*"), "of its own account")
	require.NoError(t, g.As(iam.Principal{ARN: "arn:aws:iam::" + other + ":root"}).May("s3:GetObject", theirs+"/a"), "its own owner needs nobody's consent")
	require.Error(t, g.As(g.Owner()).May("s3:GetObject", theirs+"/a"))
	lets := json.RawMessage(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "` + account + `"}, "Action": "s3:*", "Resource": "arn:aws:s3:::theirs/*"}}`)
	require.NoError(t, g.Attach(theirs, iam.Bucket, lets))
	require.NoError(t, all.May("s3:GetObject", theirs+"/a"))
	require.Error(t, reader.May("s3:GetObject", theirs+"/a"), "its own policies don't allow it")
}

func TestAServiceAssumesARoleOfAnotherAccountForThatAccount(t *testing.T) {
	g := gate.New(account)
	properties := map[string]any{"AssumeRolePolicyDocument": trust}
	target := template.Target{Stack: "stack", Region: "eu-west-1", Account: other}
	_, _, err := g.Types().Create(target, template.Resource{LogicalID: "Reader", Type: "AWS::IAM::Role", Properties: properties})
	require.NoError(t, err)
	_, err = g.Assume("arn:aws:iam::"+other+":role/stack-Reader", "lambda.amazonaws.com", "fn")
	require.ErrorContains(t, err, "can't assume the role", "the trust is for calls of "+account)
	text, err := json.Marshal(trust)
	require.NoError(t, err)
	properties["AssumeRolePolicyDocument"] = json.RawMessage(strings.ReplaceAll(string(text), account, other))
	_, _, err = g.Types().Create(target, template.Resource{LogicalID: "Writer", Type: "AWS::IAM::Role", Properties: properties})
	require.NoError(t, err)
	_, err = g.Assume("arn:aws:iam::"+other+":role/stack-Writer", "lambda.amazonaws.com", "fn")
	require.NoError(t, err)
	g.Own("arn:aws:s3:::theirs", other)
	source := func(arn string) error {
		return g.Service("s3.amazonaws.com", arn).May("sqs:SendMessage", "arn:aws:sqs:eu-central-1:"+account+":q")
	}
	require.NoError(t, g.Attach("arn:aws:sqs:eu-central-1:"+account+":q", iam.Queue, json.RawMessage(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
		"Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "`+account+`"}}}}`)))
	require.NoError(t, source(bucket))
	require.Error(t, source("arn:aws:s3:::theirs"))
}

func TestPoliciesCanBeChangedAfterTheyWereDeployed(t *testing.T) {
	g, reader := guarded(t)
	require.NoError(t, g.Attach(bucket, iam.Bucket, json.RawMessage(`{"Version": "2012-10-17", "Statement": {"Sid": "Lets", "Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}}`)))
	require.NoError(t, reader.All(bucket+"/a", "s3:GetObject", "s3:PutObject"))
	require.NoError(t, g.Attach("arn:aws:sqs:eu-central-1:"+account+":q", iam.Queue, json.RawMessage(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}}`)))
	require.NoError(t, deploy(t, g, "AWS::IAM::ManagedPolicy", "Limit", map[string]any{"PolicyDocument": allow("*", "*")}))
	_, err := g.User("ops", allow("s3:GetObject", "*"), allow("s3:PutObject", "*"))
	require.NoError(t, err)
	var kinds []iam.Kind
	g.Change(func(d *iam.Document) {
		kinds = append(kinds, d.Kind)
		d.Statements[0].Effect = iam.Deny
	})
	assert.Subset(t, kinds, []iam.Kind{iam.Trust, iam.Bucket, iam.Queue})
	assert.Equal(t, 4, len(slices.DeleteFunc(slices.Clone(kinds), func(k iam.Kind) bool { return k != iam.Identity })), "of the role, twice of the user, and the boundary")
	require.Error(t, reader.May("s3:GetObject", bucket+"/a"))
	require.Error(t, reader.May("s3:PutObject", bucket+"/a"))
	_, err = g.Assume(roleARN, "lambda.amazonaws.com", "fn")
	require.Error(t, err)
}

func TestARoleMayAlsoWhatAnAttachedPolicyAllowsAsLongAsThereIsOne(t *testing.T) {
	g, reader := guarded(t)
	attached := map[string]any{"PolicyDocument": allow("s3:PutObject", "arn:aws:s3:::theirs/*"), "Roles": []any{roleARN[strings.LastIndex(roleARN, "/")+1:]}}
	require.NoError(t, deploy(t, g, "AWS::IAM::ManagedPolicy", "More", attached))
	require.NoError(t, reader.May("s3:PutObject", "arn:aws:s3:::theirs/a"))
	require.Error(t, reader.May("s3:PutObject", "arn:aws:s3:::others/a"))
	g.Change(func(d *iam.Document) {
		if strings.HasSuffix(d.Name, "/stack-More") {
			d.Statements = nil
		}
	})
	require.Error(t, reader.May("s3:PutObject", "arn:aws:s3:::theirs/a"), "changed like a policy of its own")
	require.NoError(t, deploy(t, g, "AWS::IAM::ManagedPolicy", "More", attached))
	require.NoError(t, g.Types()["AWS::IAM::ManagedPolicy"].Delete(template.Target{}, template.Made{Reference: "arn:aws:iam::" + account + ":policy/stack-More"}))
	require.Error(t, reader.May("s3:PutObject", "arn:aws:s3:::theirs/a"), "deleted")
	attached["Roles"] = []any{"nobody"}
	require.ErrorContains(t, deploy(t, g, "AWS::IAM::ManagedPolicy", "More", attached), "Roles[0]: there is no role nobody in account "+account+" here: deploy it first, as AWS::IAM::Role")
}
