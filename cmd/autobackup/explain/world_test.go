package explain_test

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/explain"
	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/s3test"
	"autobackup/local/logs"
	"autobackup/local/s3"
	"autobackup/local/sigv4"
)

const primary, replica, home, away = "acme-docs", "acme-docs-dr", "eu-central-1", "eu-west-1"

// world is the local S3 with a primary that replicates to another region.
type world struct {
	*s3test.Server
	url   string // where what writes is noted
	t     *testing.T
	lock  sync.Mutex
	logs  *logs.Service // nil: no stage is deployed
	wrote []string      // methods that write and their paths, since watch was called
	watch bool
}

// setting is what a test changes of the buckets.
type setting struct {
	primary, replica s3.BucketConfig
	rule             s3.ReplicationRule
}

func newWorld(t *testing.T, change ...func(*setting)) *world {
	t.Helper()
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
	w := &world{t: t, Server: s3test.New(t, home, s.replica, s.primary)}
	w.url = s3test.Serve(t, w)
	return w
}

// ServeHTTP notes what writes, and passes on.
func (w *world) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	if _, service := sigv4.Scope(in); service == "logs" {
		w.logs.ServeHTTP(out, in)
		return
	}
	w.lock.Lock()
	if w.watch && in.Method != http.MethodGet && in.Method != http.MethodHead && in.URL.Path != "/" { // which STS is asked at
		w.wrote = append(w.wrote, in.Method+" "+in.URL.Path)
	}
	w.lock.Unlock()
	w.Server.ServeHTTP(out, in)
}

func (w *world) put(key, content string, change ...func(*sdk.PutObjectInput)) string {
	return w.Put(primary, key, content, change...)
}

func (w *world) mark(key string) string { return w.Mark(primary, key) }

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
