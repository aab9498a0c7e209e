package doctor_test

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/doctor"
	core "autobackup/internal/doctor"
	"autobackup/internal/handler"
	"autobackup/internal/wire"
	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/cloudwatch"
	"autobackup/local/cloudwatch/alarms"
	"autobackup/local/gate"
	"autobackup/local/lambda"
	locals3 "autobackup/local/s3"
	"autobackup/local/samconfig"
)

const (
	account  = "123456789012"
	original = "../../.."
	theirs   = "acme-invoices"
	replica  = "acme-invoices-dr"
	stage    = "dev"
)

// world is both stacks, deployed on this machine, with a pair of buckets that was there before.
type world struct {
	*local.Stack
	t             *testing.T
	first, second samconfig.Environment
	by            gate.Caller

	instead map[string]string                             // answers of S3, by path and query
	trail   func(body string) (status int, answer string) // of CloudTrail, which the local stack is not; nil: it refuses
	failing string                                        // the code of every answer but STS's; empty: none fails
	mu      sync.Mutex
	calls   map[string]bool // operations, as the SDK names them
	address string
	metrics bytes.Buffer // of the deployed doctor
}

// change edits a file of the project before it is deployed.
type change func(name, text string) string

func replaced(file, old, with string) change {
	return func(name, text string) string {
		if name == file && !strings.Contains(text, old) {
			panic(file + " has no " + old)
		}
		if name == file {
			return strings.ReplaceAll(text, old, with)
		}
		return text
	}
}

// copied is the project's folder, as it is changed.
func copied(t *testing.T, changes []change) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"template.yaml", "replica.yaml", "samconfig.toml", "statemachine/validate.asl.json", "statemachine/audit.asl.json"} {
		content, err := os.ReadFile(filepath.Join(original, name)) // #nosec G304: the project's own
		require.NoError(t, err)
		text := string(content)
		for _, c := range changes {
			text = c(name, text)
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	return folder
}

func newWorld(t *testing.T, changes ...change) *world {
	t.Helper()
	return newWorldOf(t, account, nil, changes...)
}

// newWorldOf is newWorld with the replica stack in an account that may be another, and more
// parameters of the primary one.
func newWorldOf(t *testing.T, owner string, more map[string]string, changes ...change) *world {
	t.Helper()
	w := &world{t: t, calls: map[string]bool{}}
	project := original
	if len(changes) > 0 {
		project = copied(t, changes)
	}
	var err error
	w.Stack, err = local.Start(t.Context(), local.Config{
		Clock: clock.Real(), Project: project, Dir: t.TempDir(), Account: account, URL: "http://aws.test", HTTPClient: w,
		Runtime: lambda.InProcess(w.functions(), handler.Logger(io.Discard), func(region string) aws.Config { return w.AWSConfig(region) }),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	w.first, err = local.Environment(project, "default")
	require.NoError(t, err)
	w.second, err = local.Environment(project, "replica")
	require.NoError(t, err)
	w.bucket(replica, w.second.Region, nil)
	w.bucket(theirs, w.first.Region, func(c *locals3.BucketConfig) {
		c.EventBridge = true
		c.Replication = &locals3.ReplicationConfiguration{Role: "arn:aws:iam::" + account + ":role/theirs", Rules: []locals3.ReplicationRule{{
			ID: "all", Priority: aws.Int32(1), Filter: &locals3.RuleFilter{}, Status: "Enabled",
			Destination: locals3.Destination{Bucket: "arn:aws:s3:::" + replica}, DeleteMarkerReplication: &locals3.Switch{Status: "Enabled"},
		}}}
	})
	ofReplica, ofPrimary := map[string]string{"ReplicaBuckets": replica}, map[string]string{"Buckets": theirs, "ReplicaBuckets": replica}
	maps.Copy(ofPrimary, more)
	if owner != account {
		ofReplica["PrimaryAccount"], ofPrimary["ReplicaAccount"] = account, owner
	}
	_, err = w.DeployTo(owner, w.second, ofReplica)
	require.NoError(t, err)
	made, err := w.Deploy(w.first, ofPrimary)
	require.NoError(t, err)
	w.address = made.Parameters["AlertEmail"]
	w.beats(time.Now())
	for _, a := range w.CloudWatch.Alarms(w.first.Region, account) { // as minutes after they are made
		require.NoError(t, w.CloudWatch.Set(a.ARN(), func(a *cloudwatch.Alarm) { a.State = cloudwatch.OK }))
	}
	for _, bucket := range []string{w.of("documents"), w.of("media"), theirs} { // databases stays empty
		w.put(bucket, "one")
		w.put(bucket, "two")
	}
	return w
}

// beats has a heartbeat come out verified.
func (w *world) beats(at time.Time) {
	of := alarms.NewMetric("Autobackup", "HeartbeatVerified", map[string]string{"Stage": stage})
	w.CloudWatch.Put(w.first.Region, account, of, alarms.Datapoint{At: at, Value: 2})
	w.CloudWatch.Put(w.first.Region, account, of, alarms.Datapoint{At: at.Add(time.Second), Value: 0}) // of the next one that is put
}

// functions are all that the template may have, doctor among them, which is the command.
func (w *world) functions() map[string]wire.Build {
	all := wire.Functions(io.Discard, time.Now)
	all["doctor"], all["audit"] = doctor.Function(&w.metrics, time.Now), audit.Function(io.Discard, time.Now)
	return all
}

// of is the primary bucket of a category.
func (w *world) of(category string) string {
	return "autobackup-dev-primary-" + category + "-" + account
}

func (w *world) bucket(name, region string, edit func(*locals3.BucketConfig)) {
	w.t.Helper()
	c := locals3.BucketConfig{Name: name, Region: region, Versioned: true}
	if edit != nil {
		edit(&c)
	}
	require.NoError(w.t, w.S3.CreateBucket(c))
}

// Do is the HTTP client of everything: the stack answers in this process.
func (w *world) Do(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	if answer := w.instead[r.URL.Path+"?"+r.URL.RawQuery]; answer != "" && r.Method == http.MethodGet {
		_, _ = recorder.WriteString(answer)
		return recorder.Result(), nil
	}
	if w.failing != "" && !strings.Contains(r.Header.Get("Authorization"), "/sts/") {
		recorder.Header().Set("X-Amzn-Errortype", w.failing)
		recorder.WriteHeader(map[bool]int{true: 503, false: 400}[w.failing == "ServiceUnavailable"])
		_, _ = recorder.WriteString(`<ErrorResponse><Error><Code>` + w.failing + `</Code><Message>no</Message></Error></ErrorResponse>`)
		return recorder.Result(), nil
	}
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".LookupEvents") && w.trail != nil {
		asked, err := io.ReadAll(r.Body)
		require.NoError(w.t, err)
		status, answer := w.trail(string(asked))
		recorder.WriteHeader(status)
		_, _ = recorder.WriteString(answer)
		return recorder.Result(), nil
	}
	body := r.Body
	if body == nil {
		body = http.NoBody
	}
	sent := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), body)
	sent.Header, sent.ContentLength = r.Header, r.ContentLength
	w.ServeHTTP(recorder, sent)
	return recorder.Result(), r.Context().Err()
}

func (w *world) config() aws.Config {
	cfg := w.AWSConfig(w.first.Region)
	if w.by.AccessKey() != "" {
		cfg = w.AWSConfigOf(w.by, w.first.Region)
	}
	cfg.RetryMaxAttempts = 1
	cfg.APIOptions = append(cfg.APIOptions, w.record)
	return cfg
}

// record keeps which operations doctor calls, by what the SDK itself says.
func (w *world) record(stack *middleware.Stack) error {
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("record", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		w.mu.Lock()
		w.calls[awsmiddleware.GetOperationName(ctx)] = true
		w.mu.Unlock()
		return next.HandleFinalize(ctx, in)
	}), middleware.Before)
}

func (w *world) client() *s3.Client {
	return s3.NewFromConfig(w.AWSConfig(w.first.Region), func(o *s3.Options) { o.UsePathStyle = true })
}

func (w *world) put(bucket, key string) {
	w.t.Helper()
	_, err := w.client().PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("text")})
	require.NoError(w.t, err)
}

// notifies replaces the notifications of a bucket.
func (w *world) notifies(bucket string, c *types.NotificationConfiguration) {
	w.t.Helper()
	_, err := w.client().PutBucketNotificationConfiguration(w.t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: &bucket, NotificationConfiguration: c, SkipDestinationValidation: aws.Bool(true),
	})
	require.NoError(w.t, err)
}

func (w *world) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + w.first.Region + ":" + account + ":" + resource
}

func (w *world) doctor() core.Report {
	w.t.Helper()
	r, err := doctor.Run(w.t.Context(), w.config(), doctor.Options{Stage: stage, Now: time.Now})
	require.NoError(w.t, err)
	return r
}

// bad are the findings that are not fine, in a line each.
func bad(r core.Report) (all []string) {
	for _, f := range r.Findings {
		if f.Level != core.OK {
			all = append(all, strings.Join([]string{string(f.Level), f.Subject, f.Text, cmp.Or(strings.Join(f.Mend, "; "), "-")}, " | "))
		}
	}
	return all
}
