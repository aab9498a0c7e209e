package attach_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/attach"
	"autobackup/internal/handler"
	"autobackup/internal/wire"
	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/lambda"
	locals3 "autobackup/local/s3"
)

const (
	account = "123456789012"
	project = "../../.."
	docs    = "acme.invoices" // names may have dots
	replica = "acme-invoices-dr"
)

// world is both stacks, deployed on this machine, beside buckets that were there before.
type world struct {
	*local.Stack
	t             *testing.T
	first, second string // regions
	by            gate.Caller
	with          map[string]string // parameters of both stacks

	mu    sync.Mutex
	calls []string                             // by operation and bucket
	owner []string                             // whose each bucket had to be, by method and path
	fault func(locals3.Request) *locals3.Fault // nil: none
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, nil)
}

func newWorldWith(t *testing.T, parameters map[string]string) *world {
	t.Helper()
	w := &world{t: t, with: parameters}
	var err error
	w.Stack, err = local.Start(t.Context(), local.Config{
		Clock: clock.Skipping(t.Context()), Project: project, Dir: t.TempDir(), Account: account, URL: "http://aws.test", HTTPClient: w,
		Runtime: lambda.InProcess(wire.Functions(io.Discard, time.Now), handler.Logger(io.Discard), func(region string) aws.Config { return w.AWSConfig(region) }),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	for name, region := range map[string]*string{"replica": &w.second, "default": &w.first} {
		environment, err := local.Environment(project, name)
		require.NoError(t, err)
		*region = environment.Region
	}
	for _, name := range []string{"replica", "default"} {
		environment, err := local.Environment(project, name)
		require.NoError(t, err)
		_, err = w.Deploy(environment, parameters)
		require.NoError(t, err)
	}
	w.S3.Fault = func(r locals3.Request) *locals3.Fault {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.calls = append(w.calls, r.Operation+" "+r.Bucket)
		if w.fault == nil {
			return nil
		}
		return w.fault(r)
	}
	w.takes(docs)
	return w
}

// Do is the HTTP client of everything: the stack answers in this process.
func (w *world) Do(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	body := r.Body
	if body == nil {
		body = http.NoBody
	}
	w.mu.Lock()
	w.owner = append(w.owner, r.Method+" "+r.URL.Path+" "+r.Header.Get("X-Amz-Expected-Bucket-Owner"))
	w.mu.Unlock()
	sent := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), body)
	sent.Header, sent.ContentLength = r.Header, r.ContentLength
	w.ServeHTTP(recorder, sent)
	return recorder.Result(), r.Context().Err()
}

// takes has the stage take buckets' uploads, in place of those that it took before.
func (w *world) takes(buckets ...string) {
	w.t.Helper()
	environment, err := local.Environment(project, "default")
	require.NoError(w.t, err)
	const fits = 25 // in a list, as docs/parameters.md says
	parameters := map[string]string{"ReplicaBuckets": replica + ",elsewhere"}
	maps.Copy(parameters, w.with)
	for i, list := range slices.Collect(slices.Chunk(buckets, fits)) {
		name := "Buckets"
		if i > 0 {
			name = fmt.Sprint(name, i+1)
		}
		parameters[name] = strings.Join(list, ",")
	}
	_, err = w.Update(environment, parameters)
	require.NoError(w.t, err)
}

// bucket makes a bucket that replicates to others by rules with metrics.
func (w *world) bucket(name, region string, edit func(*locals3.BucketConfig), to ...string) {
	w.t.Helper()
	c := locals3.BucketConfig{Name: name, Region: region, Versioned: true}
	for i, destination := range to {
		if c.Replication == nil {
			c.Replication = &locals3.ReplicationConfiguration{Role: "arn:aws:iam::" + account + ":role/theirs"}
		}
		priority := int32(i + 1) //nolint:gosec // few
		c.Replication.Rules = append(c.Replication.Rules, locals3.ReplicationRule{
			ID: fmt.Sprint("rule-", i), Priority: &priority, Filter: &locals3.RuleFilter{}, Status: "Enabled",
			Destination:             locals3.Destination{Bucket: "arn:aws:s3:::" + destination, Metrics: &locals3.Metrics{Status: "Enabled"}},
			DeleteMarkerReplication: &locals3.Switch{Status: "Enabled"},
		})
	}
	if edit != nil {
		edit(&c)
	}
	require.NoError(w.t, w.S3.CreateBucket(c))
}

// pair are the two buckets that most tests attach.
func (w *world) pair(edit func(*locals3.BucketConfig)) {
	w.bucket(replica, w.second, nil)
	w.bucket(docs, w.first, edit, replica)
}

// pairs are so many buckets that replicate to one, and whose uploads the stage takes.
func (w *world) pairs(n int) (names []string) {
	w.t.Helper()
	w.bucket(replica, w.second, nil)
	for i := range n {
		names = append(names, fmt.Sprint("acme-", i))
		w.bucket(names[i], w.first, nil, replica)
	}
	w.takes(names...)
	return names
}

func (w *world) config() aws.Config {
	cfg := w.AWSConfig(w.first)
	if w.by.AccessKey() != "" {
		cfg = w.AWSConfigOf(w.by, w.first)
	}
	cfg.RetryMaxAttempts = 1
	return cfg
}

func (w *world) client() *s3.Client {
	return s3.NewFromConfig(w.AWSConfig(w.first), func(o *s3.Options) { o.UsePathStyle = true })
}

func (w *world) notifications(bucket string) *s3.GetBucketNotificationConfigurationOutput {
	w.t.Helper()
	out, err := w.client().GetBucketNotificationConfiguration(w.t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: &bucket})
	require.NoError(w.t, err)
	return out
}

// put replaces the notifications of a bucket, as its owner does.
func (w *world) put(bucket string, c *types.NotificationConfiguration) {
	w.t.Helper()
	_, err := w.client().PutBucketNotificationConfiguration(w.t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: &bucket, NotificationConfiguration: c, SkipDestinationValidation: aws.Bool(true),
	})
	require.NoError(w.t, err)
}

// expires has a bucket's lifecycle remove versions.
func (w *world) expires(bucket, region string) {
	w.t.Helper()
	_, err := w.client().PutBucketLifecycleConfiguration(w.t.Context(), &s3.PutBucketLifecycleConfigurationInput{
		Bucket: &bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{
			ID: aws.String("old"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")},
			NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(1)},
		}}},
	}, func(o *s3.Options) { o.Region = region })
	require.NoError(w.t, err)
}

// keeps has it remove none.
func (w *world) keeps(bucket, region string) {
	w.t.Helper()
	_, err := w.client().DeleteBucketLifecycle(w.t.Context(), &s3.DeleteBucketLifecycleInput{Bucket: &bucket}, func(o *s3.Options) { o.Region = region })
	require.NoError(w.t, err)
}

// theirs is a notification of the owner's.
func (w *world) theirs(id string, event types.Event) types.TopicConfiguration {
	return types.TopicConfiguration{Id: &id, TopicArn: aws.String("arn:aws:sns:" + w.first + ":" + account + ":theirs"), Events: []types.Event{event}}
}

func (w *world) options(buckets ...string) attach.Options {
	return attach.Options{
		Buckets: buckets, Stage: "dev", Out: io.Discard, Yes: true, Now: func() time.Time { return time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC) },
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

// run attaches or detaches, and answers the report with both screens.
func (w *world) run(do func(context.Context, aws.Config, attach.Options) (*attach.Report, error), o attach.Options) (*attach.Report, string) {
	w.t.Helper()
	var screen strings.Builder
	o.Show = func(r *attach.Report) error { return r.Screen(&screen) }
	if o.Out == io.Discard {
		o.Out = &screen
	}
	r, err := do(w.t.Context(), w.config(), o)
	require.NoError(w.t, err)
	require.NoError(w.t, r.Ending(&screen))
	return r, screen.String()
}

// asked are the calls to S3 since the last time, each once.
func (w *world) asked() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string]bool{}
	for _, c := range w.calls {
		all[c] = true
	}
	w.calls = nil
	return all
}

// writes are those of them that change anything.
func (w *world) writes() (all []string) {
	for c := range maps.Keys(w.asked()) {
		if strings.HasPrefix(c, "Put") || strings.HasPrefix(c, "Delete") {
			all = append(all, c)
		}
	}
	return all
}

func (w *world) failing(f func(locals3.Request) *locals3.Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = f
}

func assertSame(t *testing.T, want, got *s3.GetBucketNotificationConfigurationOutput) {
	t.Helper()
	assert.Equal(t, want.TopicConfigurations, got.TopicConfigurations)
	assert.Equal(t, want.QueueConfigurations, got.QueueConfigurations)
	assert.Equal(t, want.LambdaFunctionConfigurations, got.LambdaFunctionConfigurations)
	assert.Equal(t, want.EventBridgeConfiguration != nil, got.EventBridgeConfiguration != nil)
}
