package explain_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/explain"
	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/local/clock"
	"autobackup/internal/local/s3"
)

const primary, replica, home, away = "acme-docs", "acme-docs-dr", "eu-central-1", "eu-west-1"

// world is the local S3 with a primary that replicates to another region.
type world struct {
	t      *testing.T
	server *s3.Server
	url    string
	client *sdk.Client
	lock   sync.Mutex
	wrote  []string // methods that write and their paths, since watch was called
	watch  bool
}

// setting is what a test changes of the buckets.
type setting struct {
	primary, replica s3.BucketConfig
	rule             s3.ReplicationRule
}

func newWorld(t *testing.T, change ...func(*setting)) *world {
	t.Helper()
	server, err := s3.New(s3.Config{Clock: clock.Real(), Dir: t.TempDir(), Account: "111122223333"})
	require.NoError(t, err)
	priority := int32(1)
	s := setting{
		primary: s3.BucketConfig{Name: primary, Region: home, Versioned: true},
		replica: s3.BucketConfig{Name: replica, Region: away, Versioned: true},
		rule: s3.ReplicationRule{
			ID: "all", Status: "Enabled", Priority: &priority, Filter: &s3.RuleFilter{}, DeleteMarkerReplication: &s3.Switch{Status: "Enabled"},
			Destination: s3.Destination{Bucket: "arn:aws:s3:::" + replica},
		},
	}
	for _, c := range change {
		c(&s)
	}
	if s.rule.Status != "" {
		s.primary.Replication = &s3.ReplicationConfiguration{Role: "arn:aws:iam::111122223333:role/r", Rules: []s3.ReplicationRule{s.rule}}
	}
	require.NoError(t, server.CreateBucket(s.replica))
	require.NoError(t, server.CreateBucket(s.primary))
	w := &world{t: t, server: server}
	web := httptest.NewServer(w)
	t.Cleanup(func() {
		web.Close()
		require.NoError(t, server.Close())
	})
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	w.url = web.URL
	w.client = sdk.New(sdk.Options{
		Region: home, BaseEndpoint: &w.url, UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	})
	return w
}

// ServeHTTP notes what writes, and passes on.
func (w *world) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	w.lock.Lock()
	if w.watch && in.Method != http.MethodGet && in.Method != http.MethodHead && in.URL.Path != "/" { // which STS is asked at
		w.wrote = append(w.wrote, in.Method+" "+in.URL.Path)
	}
	w.lock.Unlock()
	w.server.ServeHTTP(out, in)
}

func in(region string) func(*sdk.Options) { return func(o *sdk.Options) { o.Region = region } }

// put uploads, and answers the version id once it is replicated.
func (w *world) put(key, content string, change ...func(*sdk.PutObjectInput)) string {
	request := &sdk.PutObjectInput{Bucket: aws.String(primary), Key: &key, Body: strings.NewReader(content)}
	for _, c := range change {
		c(request)
	}
	out, err := w.client.PutObject(context.Background(), request)
	require.NoError(w.t, err)
	w.replicated()
	return *out.VersionId
}

// replicated waits for replication.
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

// later is long after everything in a test: nothing is young.
var later = time.Now().UTC().Round(0).Add(30 * 24 * time.Hour)

func (w *world) options(key, version string, change ...func(*explain.Options)) explain.Options {
	access := pair.Access{Endpoint: w.url, Region: home}
	o := explain.Options{
		Program: "test", Primary: primary, Key: key, Version: version, From: access, To: access, Deadline: time.Hour, MarkerDeadline: time.Hour,
		Clock: func() time.Time { return later }, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

// watched notes from now on what writes, until it is asked for.
func (w *world) watched() func() []string {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.watch, w.wrote = true, nil
	return func() []string {
		w.lock.Lock()
		defer w.lock.Unlock()
		w.watch = false
		return w.wrote
	}
}

// explained explains, and sees that nothing is written.
func (w *world) explained(key, version string, change ...func(*explain.Options)) *explain.Explanation {
	w.t.Helper()
	done := w.watched()
	e, err := explain.Run(context.Background(), w.options(key, version, change...))
	require.NoError(w.t, err)
	assert.Empty(w.t, done(), "explaining writes")
	return e
}

// screen is what a person sees.
func screen(t *testing.T, e *explain.Explanation) string {
	t.Helper()
	var shown bytes.Buffer
	require.NoError(t, e.Screen(&shown, false))
	return shown.String()
}

// waiting is a wait that takes no time, and does something.
func waiting(do func()) func(context.Context, time.Duration) error {
	return func(ctx context.Context, _ time.Duration) error {
		do()
		return ctx.Err()
	}
}
