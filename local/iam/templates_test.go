package iam_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/policy"
	"autobackup/local/iam"
	"autobackup/local/iam/iamtest"
)

const ownKey = "arn:aws:kms:eu-west-1:" + there + ":key/own"

// parsed are policies, each with its resource's path as its name.
func parsed(t *testing.T, policies []iamtest.Policy, err error) (all []iam.Document) {
	t.Helper()
	require.NoError(t, err)
	for _, p := range policies {
		d, err := iam.Parse(p.Text, p.Kind)
		require.NoError(t, err, "%s: %s", p.Of, p.Text)
		d.Name = p.Of
		all = append(all, d)
	}
	return all
}

func ofTemplates(t *testing.T) []iam.Document {
	policies, err := iamtest.OfTemplates("../..")
	return parsed(t, policies, err)
}

func TestEveryPolicyOfTheTemplatesIsKnown(t *testing.T) {
	found := map[iam.Kind]int{}
	for _, d := range ofTemplates(t) {
		found[d.Kind]++
	}
	for _, kind := range []iam.Kind{iam.Identity, iam.Trust, iam.Bucket, iam.Queue, iam.Topic, iam.Key} {
		assert.Positive(t, found[kind], kind)
	}
	assert.Greater(t, found[iam.Identity], 20)
}

// Each statement is about a request that it decides: none of the templates' is idle, and
// none is about more than its conditions let in.
func TestEveryStatementOfTheTemplatesDecidesARequest(t *testing.T) {
	policies, err := iamtest.OfTemplates("../..")
	require.NoError(t, err)
	for _, p := range policies {
		cases, err := iamtest.Requests(p)
		require.NoError(t, err)
		decided := map[string]bool{}
		for _, c := range cases {
			policies, err := c.Policies()
			require.NoError(t, err)
			for i := range policies.Identity {
				policies.Identity[i].Name = "own"
			}
			for _, by := range iam.Evaluate(c.Request, policies).By {
				if (by.Side == iam.IdentitySide) == (p.Kind == iam.Identity) {
					decided[by.Statement] = true
				}
			}
		}
		d, _ := iam.Parse(p.Text, p.Kind)
		for i := range d.Statements {
			assert.True(t, decided[d.ID(i)], "%s: statement %s of %s", p.Of, d.ID(i), p.Text)
		}
	}
}

// A key that nobody uses is not on the list: nobody would see that it is misspelled.
func TestTheKnownConditionKeysAreThoseInUse(t *testing.T) {
	used := map[string]bool{}
	use := func(d iam.Document) {
		for _, s := range d.Statements {
			for _, c := range s.Conditions {
				key := c.Key
				if strings.HasPrefix(key, "kms:EncryptionContext:") {
					key = "kms:EncryptionContext:"
				}
				used[key] = true
			}
		}
	}
	pipeline, err := iamtest.OfPipeline("../..")
	for _, d := range append(ofTemplates(t), parsed(t, pipeline, err)...) {
		use(d)
	}
	for _, d := range printed(t) {
		use(d)
	}
	keys := map[string]bool{}
	for _, key := range iam.ConditionKeys() {
		keys[key] = true
	}
	assert.Equal(t, keys, used)
}

// printed are policies that `autobackup policy` prints.
func printed(t *testing.T) (all []iam.Document) {
	for _, o := range []policy.Options{
		{Command: policy.Audit, Side: policy.Both, Primary: "docs", Replicas: []string{"copy"}, Keys: []string{ownKey}, ReplicaKeys: []string{ownKey}, Locks: true, Output: pair.Address{Bucket: "evidence", Rest: "a*b?$"}},
		{Command: policy.Retry, Side: policy.Both, Stage: "dev", Region: "eu-central-1", Account: here, Keys: []string{"arn:aws:kms:eu-central-1:" + here + ":key/queues"}},
		{Command: policy.Operate, Side: policy.Both, Stage: "dev", Region: "eu-central-1", Account: here, Keys: []string{"arn:aws:kms:eu-central-1:" + here + ":key/queues"}},
		{Command: policy.Discover, Side: policy.Caller, Roles: []string{"arn:aws:iam::*:role/audit"}},
		{Command: policy.Deploy, Side: policy.Primary, Stage: "dev", Account: here},
	} {
		o.Partition = "aws"
		written, err := policy.For(o)
		require.NoError(t, err)
		text, err := json.Marshal(written)
		require.NoError(t, err)
		d, err := iam.Parse(text, iam.Identity)
		require.NoError(t, err, string(text))
		all = append(all, d)
	}
	return all
}

func TestEveryPolicyThatTheProgramPrintsIsKnown(t *testing.T) {
	d := printed(t)[0]
	statement := d.Statements[len(d.Statements)-1]
	require.Equal(t, "Report", statement.Sid)
	p := iam.Policies{Identity: []iam.Document{d}, ResourceOwner: here}
	for resource, want := range map[string]bool{"arn:aws:s3:::evidence/a*b?$/c": true, "arn:aws:s3:::evidence/axb?$/c": false, "arn:aws:s3:::evidence/a*bx$/c": false} {
		assert.Equal(t, want, iam.Evaluate(iam.Request{Principal: session, Action: "s3:PutObject", Resource: resource}, p).Allowed, resource)
	}
}

// Some requests of the templates' own, as their threats are told in docs/security.md.
func TestThePoliciesOfTheTemplatesDecide(t *testing.T) {
	find := func(name string) (found iam.Document) {
		for _, d := range ofTemplates(t) {
			if d.Name == "Resources."+name {
				found = d // the last is the replica's, with every option
			}
		}
		require.NotEmpty(t, found.Statements)
		return found
	}
	bucket, key := find("ReplicaBucketPolicydocuments"), find("StorageKey")
	copies := iam.Session(fmt.Sprintf("arn:aws:iam::%s:role/autobackup-dev-replication-documents", there), "s3-replication")
	own := []iam.Document{doc(t, iam.Identity, everything)}
	write := iam.Request{
		Principal: copies, Action: "s3:ReplicateObject", Resource: "arn:aws:s3:::autobackup-dev-replica-documents-" + here + "/a",
		Context: map[string][]string{"aws:securetransport": {"true"}},
	}
	p := iam.Policies{Identity: own, Resource: &bucket, ResourceOwner: here}
	assert.Equal(t, iam.Decision{Allowed: true, By: []iam.By{{iam.IdentitySide, "", "1"}, {iam.ResourceSide, bucket.Name, "Replication"}}}, iam.Evaluate(write, p))

	clear := write
	clear.Context = map[string][]string{"aws:securetransport": {"false"}}
	assert.Equal(t, []iam.By{{iam.ResourceSide, bucket.Name, "TLSOnly"}}, iam.Evaluate(clear, p).By)

	other := write
	other.Principal = iam.Session(copies.Role+"2", "s3-replication")
	assert.False(t, iam.Evaluate(other, p).Allowed)

	decrypt := iam.Request{
		Principal: copies, Action: "kms:Decrypt", Resource: "arn:aws:kms:eu-central-1:" + here + ":key/own",
		Context: map[string][]string{"kms:viaservice": {"s3.eu-central-1.amazonaws.com"}},
	}
	p = iam.Policies{Identity: own, Resource: &key, ResourceOwner: here, ConsentNeeded: true}
	assert.True(t, iam.Evaluate(decrypt, p).Allowed)
	decrypt.Context = maps.Clone(decrypt.Context)
	decrypt.Context["kms:viaservice"] = []string{"sqs.eu-central-1.amazonaws.com"}
	assert.False(t, iam.Evaluate(decrypt, p).Allowed)
}
