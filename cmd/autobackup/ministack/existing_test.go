package ministack_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/demo"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	locals3 "autobackup/local/s3"
	"autobackup/local/samconfig"
)

// Stacks without categories validate buckets that were there before, as docs/deploy.md says.
func TestBucketsThatPeopleHaveThroughMinistack(t *testing.T) {
	needed(t)
	t.Parallel()
	// The test's replication finds buckets by this part of their names.
	const primary, copied = "acme-primary-documents-1", "acme-replica-documents-1"
	knows := rules(t)
	r := &replication{rules: knows}
	d := prepare(t, start(t, r.serve(t)))
	r.d = d
	for name, environment := range map[string]string{primary: "default", copied: "replica"} {
		region := d.environment(environment).Region
		d.ask(environment, "s3api", "create-bucket", "--bucket", name, "--create-bucket-configuration", "LocationConstraint="+region)
		d.ask(environment, "s3api", "put-bucket-versioning", "--bucket", name, "--versioning-configuration", "Status=Enabled")
	}
	d.ask("default", "s3api", "put-bucket-notification-configuration", "--bucket", primary, "--notification-configuration", `{"EventBridgeConfiguration": {}}`)
	require.NoError(t, knows.S3.CreateBucket(locals3.BucketConfig{Name: copied, Region: d.replicaRegion, Versioned: true}))
	require.NoError(t, knows.S3.CreateBucket(locals3.BucketConfig{Name: primary, Region: d.region, Versioned: true, Replication: &locals3.ReplicationConfiguration{
		Role: "arn:aws:iam::" + account + ":role/theirs", Rules: []locals3.ReplicationRule{{
			ID: "all", Priority: new(int32), Filter: &locals3.RuleFilter{}, Status: "Enabled",
			Destination: locals3.Destination{Bucket: "arn:aws:s3:::" + copied}, DeleteMarkerReplication: &locals3.Switch{Status: "Enabled"},
		}},
	}}))

	d.override("replica", samconfig.Override{Name: "Categories"}, samconfig.Override{Name: "ReplicaBuckets", Value: copied})
	d.override("default", samconfig.Override{Name: "Categories"}, samconfig.Override{Name: "Buckets", Value: primary}, samconfig.Override{Name: "ReplicaBuckets", Value: copied})
	d.deployBoth()
	for _, name := range d.ours() {
		assert.Regexp(t, "-(work|primary-beat|replica-beat)-", name, "the stacks make no bucket for people's objects")
	}
	mails := d.subscribe()
	expected := map[string]demo.Expectation{}
	for _, it := range []demo.Item{
		demo.Sample("documents", "letter.txt", locals3.Plan{}, demo.Expectation{Outcome: verdict.Verified}),
		demo.Sample("documents", "photo.jpg", locals3.Plan{Corrupt: locals3.FlipBit}, demo.Expectation{Outcome: verdict.Failed, Reason: reason.ContentMismatch}),
	} {
		u := r.put(it)
		require.True(t, strings.Contains(u.uri(), primary), u.uri())
		expected[u.uri()] = it.Expect
	}
	first := d.pipe(r, len(expected))
	d.succeeded(first, expected)
	d.parked(first, expected)
	d.alerted(mails, string(reason.ContentMismatch))
}

// override sets parameters in the copy's samconfig.toml as attach writes them.
func (d *stack) override(environment string, overrides ...samconfig.Override) {
	d.Helper()
	path := filepath.Join(d.checkout, "samconfig.toml")
	text, err := os.ReadFile(path) //nolint:gosec // the test's
	require.NoError(d, err)
	text, err = samconfig.Set(text, environment, overrides)
	require.NoError(d, err)
	require.NoError(d, os.WriteFile(path, text, 0o600))
}
