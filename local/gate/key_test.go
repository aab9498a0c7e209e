package gate_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/template"
	"autobackup/local/wire"
)

var target = template.Target{Stack: "stack", Region: "eu-central-1", Account: account}

// everybody lets all principals use a key.
var everybody = map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Principal": map[string]any{"AWS": "arn:aws:iam::" + account + ":root"}, "Action": "kms:*", "Resource": "*"}}

func madeOf(t *testing.T, g *gate.Gate, kind, id string, properties map[string]any) template.Made {
	t.Helper()
	r := template.Resource{LogicalID: id, Type: kind, Properties: properties}
	reference, attributes, err := g.Types().Create(target, r)
	require.NoError(t, err)
	return template.Made{Resource: r, Reference: reference, Attributes: attributes}
}

func TestAKeyThatIsScheduledForDeletionDoesNothingForAnybody(t *testing.T) {
	g := gate.New(account)
	made := madeOf(t, g, "AWS::KMS::Key", "Key", map[string]any{"KeyPolicy": everybody})
	owner := g.As(g.Owner())
	require.NoError(t, owner.May("kms:Decrypt", key))
	assert.Equal(t, []string{key}, g.Names())
	require.NoError(t, g.Types().Delete(target, made))
	err := owner.May("kms:Decrypt", key)
	require.EqualError(t, err, key+" is pending deletion.")
	assert.Equal(t, &wire.Error{Code: "C", Status: 400, Message: key + " is pending deletion."}, gate.Stateful(err, wire.Error{Code: "C"}, wire.Error{Code: "D"}))
	assert.Equal(t, assert.AnError, gate.Stateful(assert.AnError, wire.Error{Code: "C"}, wire.Error{Code: "D"}), "other errors stay")
	assert.Empty(t, g.Names())
	again := madeOf(t, g, "AWS::KMS::Key", "Key", map[string]any{"KeyPolicy": everybody})
	assert.Equal(t, "stack-Key-2", again.Reference, "its id is not given again")
	require.NoError(t, owner.May("kms:Decrypt", again.Attributes["Arn"]))
}

func TestADisabledKeyDoesNothingForAnybodyAndIsStillThere(t *testing.T) {
	g := gate.New(account)
	madeOf(t, g, "AWS::KMS::Key", "Key", map[string]any{"KeyPolicy": everybody})
	g.Disable(key)
	err := g.As(g.Owner()).May("kms:Decrypt", key)
	require.EqualError(t, err, key+" is disabled.")
	assert.Equal(t, &wire.Error{Code: "D", Status: 400, Message: key + " is disabled."}, gate.Stateful(err, wire.Error{Code: "C"}, wire.Error{Code: "D"}))
	assert.Equal(t, []string{key}, g.Names())
}

func TestAKeyKeepsItsIDWhenItsPolicyChanges(t *testing.T) {
	g := gate.New(account)
	was := madeOf(t, g, "AWS::KMS::Key", "Key", map[string]any{"KeyPolicy": everybody})
	next := template.Resource{LogicalID: "Key", Type: "AWS::KMS::Key", Properties: map[string]any{"KeyPolicy": map[string]any{
		"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": "s3.amazonaws.com"}, "Action": "kms:*", "Resource": "*"},
	}}}
	require.Empty(t, g.Types().Replaces(was, next))
	reference, attributes, err := g.Types().Update(target, was, next)
	require.NoError(t, err)
	assert.Equal(t, was.Reference, reference)
	assert.Equal(t, was.Attributes, attributes)
	require.Error(t, g.As(g.Owner()).May("kms:Decrypt", key))
	next.Properties["MultiRegion"] = true
	assert.Equal(t, "MultiRegion", g.Types().Replaces(was, next))
}

func TestAKeyIsNamedByItsARNItsIDOrAnAlias(t *testing.T) {
	g := gate.New(account)
	madeOf(t, g, "AWS::KMS::Key", "Key", map[string]any{"KeyPolicy": everybody})
	alias := madeOf(t, g, "AWS::KMS::Alias", "Alias", map[string]any{"AliasName": "alias/mine", "TargetKeyId": "stack-Key"})
	for _, name := range []string{key, "stack-Key", "alias/mine", "arn:aws:kms:eu-central-1:" + account + ":alias/mine"} {
		assert.Equal(t, key, g.Key("eu-central-1", account, name), name)
	}
	assert.Equal(t, "arn:aws:kms:eu-west-1:"+account+":alias/mine", g.Key("eu-west-1", account, "alias/mine"), "another region's is another one")
	assert.ErrorContains(t, deploy(t, g, "AWS::KMS::Alias", "Again", map[string]any{"AliasName": "alias/mine", "TargetKeyId": "stack-Key"}), "already exists")
	assert.ErrorContains(t, deploy(t, g, "AWS::KMS::Alias", "Other", map[string]any{"AliasName": "alias/other", "TargetKeyId": "nobody"}), "there is no key")
	assert.ErrorContains(t, deploy(t, g, "AWS::KMS::Alias", "Other", map[string]any{"AliasName": "other", "TargetKeyId": "stack-Key"}), "must begin with alias/")
	require.NoError(t, g.Types().Delete(target, alias))
	assert.NotEqual(t, key, g.Key("eu-central-1", account, "alias/mine"))
}

func TestADeletedRoleMayNothingAnyMoreAndIsAssumedByNobody(t *testing.T) {
	g, reader := guarded(t)
	require.NoError(t, reader.May("s3:GetObject", bucket+"/a"))
	require.NoError(t, g.Types().Delete(target, template.Made{Resource: template.Resource{Type: "AWS::IAM::Role"}, Attributes: map[string]string{"Arn": roleARN}}))
	require.Error(t, reader.May("s3:GetObject", bucket+"/a"))
	_, err := g.Assume(roleARN, "lambda.amazonaws.com", "fn")
	require.ErrorContains(t, err, "there is none here")
}

func TestADetachedPolicyCountsNoMore(t *testing.T) {
	g := gate.New(account)
	deny := map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": bucket + "/*"}}
	require.NoError(t, g.Attach(bucket, iam.Bucket, deny))
	require.Error(t, g.As(g.Owner()).May("s3:GetObject", bucket+"/a"))
	g.Detach(bucket)
	require.NoError(t, g.As(g.Owner()).May("s3:GetObject", bucket+"/a"))
}
