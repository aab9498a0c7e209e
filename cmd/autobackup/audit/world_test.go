package audit_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/pair"
	core "autobackup/internal/audit"
	"autobackup/internal/local/clock"
	"autobackup/internal/local/s3"
)

const primary, replica, home, away = "acme-invoices", "acme-invoices-dr", "eu-central-1", "eu-west-1"

// world is the local S3 with a primary that replicates to another region, served over
// HTTP as an endpoint that anybody may name.
type world struct {
	t        testing.TB
	server   *s3.Server
	endpoint string
	client   *sdk.Client
}

func newWorld(t testing.TB, change ...func(*s3.ReplicationRule)) *world {
	return newLocked(t, s3.ObjectLock{}, change...)
}

// newLocked is a world whose replica bucket locks what comes.
func newLocked(t testing.TB, lock s3.ObjectLock, change ...func(*s3.ReplicationRule)) *world {
	t.Helper()
	server, err := s3.New(s3.Config{Clock: clock.Real(), Dir: t.TempDir(), Account: "111122223333"})
	require.NoError(t, err)
	priority := int32(1)
	rule := s3.ReplicationRule{
		Status: "Enabled", Priority: &priority, Filter: &s3.RuleFilter{}, DeleteMarkerReplication: &s3.Switch{Status: "Enabled"},
		Destination: s3.Destination{Bucket: "arn:aws:s3:::" + replica},
	}
	for _, c := range change {
		c(&rule)
	}
	require.NoError(t, server.CreateBucket(s3.BucketConfig{Name: replica, Region: away, Versioned: true, Lock: &lock}))
	require.NoError(t, server.CreateBucket(s3.BucketConfig{Name: primary, Region: home, Versioned: true, Lock: &s3.ObjectLock{}, Replication: &s3.ReplicationConfiguration{
		Role: "arn:aws:iam::111122223333:role/r", Rules: []s3.ReplicationRule{rule},
	}}))
	web := httptest.NewServer(server)
	t.Cleanup(func() {
		web.Close()
		require.NoError(t, server.Close())
	})
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	client := sdk.New(sdk.Options{
		Region: home, BaseEndpoint: &web.URL, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
	return &world{t, server, web.URL, client}
}

func in(region string) func(*sdk.Options) { return func(o *sdk.Options) { o.Region = region } }

// put uploads, and answers the version id once it is replicated.
func (w *world) put(key, content string) string {
	out, err := w.client.PutObject(context.Background(), &sdk.PutObjectInput{Bucket: aws.String(primary), Key: &key, Body: strings.NewReader(content)})
	require.NoError(w.t, err)
	w.replicated()
	return *out.VersionId
}

func (w *world) replicated() {
	require.Eventually(w.t, func() bool { return w.server.Pending() == 0 }, 10*time.Second, time.Millisecond)
}

func (w *world) remove(bucket, region, key, version string) {
	_, err := w.client.DeleteObject(context.Background(), &sdk.DeleteObjectInput{Bucket: &bucket, Key: &key, VersionId: &version}, in(region))
	require.NoError(w.t, err)
}

// mark deletes an object, which makes a delete marker.
func (w *world) mark(key string) string {
	out, err := w.client.DeleteObject(context.Background(), &sdk.DeleteObjectInput{Bucket: aws.String(primary), Key: &key})
	require.NoError(w.t, err)
	w.replicated()
	return *out.VersionId
}

// silent is a Watch for tests.
type silent struct{}

func (silent) Estimated(*pair.Pair, audit.Size, []audit.Estimate, core.Level) {}
func (silent) Listed(int64)                                                   {}
func (silent) Looking(int64)                                                  {}
func (silent) Looked(int64)                                                   {}

// later is long after everything in a test: nothing is young.
var later = time.Now().Add(30 * 24 * time.Hour)

func (w *world) options(change ...func(*audit.Options)) audit.Options {
	access := pair.Access{Endpoint: w.endpoint, Region: home}
	o := audit.Options{
		Plan: audit.Plan{
			Program: "test", Started: later, Primary: primary, From: access, To: access, Level: core.Rest,
			Deadline: time.Hour, MarkerDeadline: time.Hour, Classes: []string{""},
		},
		Folder: w.t.TempDir(), MaxRate: 100_000, Workers: 4, Watch: silent{}, Clock: time.Now,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, c := range change {
		c(&o)
	}
	return o
}
