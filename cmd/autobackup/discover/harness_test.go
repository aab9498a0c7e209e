package discover_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/s3"
)

const (
	own   = "111122223333"
	other = "444455556666"
	here  = "eu-central-1"
	there = "eu-west-1"
)

// answer is what a call gets instead of the service's.
type answer struct {
	status int
	body   string
}

// world is AWS for these tests: a local S3 for each account, and answers of the other
// services, by operation. A call that nothing answers fails the test.
type world struct {
	t       *testing.T
	buckets map[string]*s3.Server // by account
	rules   map[string]string     // answers of ListRules, by region
	// instead, by operation or by operation and bucket, or region, as in "ListRules eu-west-1".
	instead map[string]answer

	mu    sync.Mutex
	calls map[string]bool // service and operation
	asked []string        // requests, in the order in which they came
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, buckets: map[string]*s3.Server{}, rules: map[string]string{}, instead: map[string]answer{}, calls: map[string]bool{}}
	for _, account := range []string{own, other} {
		server, err := s3.New(s3.Config{Clock: clock.Real(), Dir: t.TempDir(), Account: account})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, server.Close()) })
		w.buckets[account] = server
	}
	return w
}

// config is the caller's.
func (w *world) config() aws.Config {
	return aws.Config{
		Region: here, BaseEndpoint: aws.String("http://aws.test"), HTTPClient: w, Credentials: credentials.NewStaticCredentialsProvider("AKIA"+own, "secret", ""),
		RetryMaxAttempts: 1, APIOptions: []func(*middleware.Stack) error{w.record},
	}
}

// record keeps which operations are called, by what the SDK itself says.
func (w *world) record(stack *middleware.Stack) error {
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("record", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		w.mu.Lock()
		w.calls[awsmiddleware.GetServiceID(ctx)+" "+awsmiddleware.GetOperationName(ctx)] = true
		w.mu.Unlock()
		return next.HandleFinalize(context.WithValue(ctx, operation{}, awsmiddleware.GetOperationName(ctx)), in)
	}), middleware.Before)
}

type operation struct{}

// scope is who signs, for which region and service.
var scope = regexp.MustCompile(`Credential=AKIA(\d{12})/\d{8}/([^/]+)/([^/]+)/`)

// Do is every client's HTTP client.
func (w *world) Do(r *http.Request) (*http.Response, error) {
	name, _ := r.Context().Value(operation{}).(string)
	signed := scope.FindStringSubmatch(r.Header.Get("Authorization"))
	if name == "" || signed == nil {
		assert.Fail(w.t, "a request of no operation, or without a signature", r.URL.String())
		return nil, io.ErrUnexpectedEOF
	}
	w.mu.Lock()
	w.asked = append(w.asked, fmt.Sprintf("%s %s %s %s %s", signed[1], signed[2], name, r.Method, r.URL))
	w.mu.Unlock()
	bucket := strings.Trim(r.URL.Path, "/")
	for _, key := range []string{name + " " + bucket, name + " " + signed[2], name + " " + signed[1], name} {
		if a, planned := w.instead[key]; planned {
			return respond(r, a), nil
		}
	}
	if signed[3] == "s3" && r.URL.Host == "aws.test" {
		recorder := httptest.NewRecorder()
		sent := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), r.Body)
		sent.Header = r.Header
		w.buckets[signed[1]].ServeHTTP(recorder, sent)
		return recorder.Result(), nil
	}
	return respond(r, w.answers(name, signed, r)), nil
}

// answers are those of the services beside S3.
func (w *world) answers(name string, signed []string, r *http.Request) answer {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	switch name {
	case "GetCallerIdentity":
		return answer{200, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::` + signed[1] + `:user/ops</Arn><Account>` + signed[1] +
			`</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`}
	case "AssumeRole":
		assert.Contains(w.t, string(body), "RoleArn=arn%3Aaws%3Aiam%3A%3A"+other+"%3Arole%2Faudit")
		assert.Contains(w.t, string(body), "ExternalId=an-id")
		return answer{200, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIA` + other +
			`</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`}
	case "ListRules":
		assert.Contains(w.t, string(body), `"NamePrefix":"autobackup-s3-upload-trigger-"`)
		if rules := w.rules[signed[2]]; rules != "" {
			return answer{200, rules}
		}
		return answer{200, `{"Rules":[]}`}
	case "ListDirectoryBuckets":
		return answer{200, `<ListAllMyDirectoryBucketsResult><Buckets><Bucket><Name>fast--euc1-az1--x-s3</Name></Bucket></Buckets></ListAllMyDirectoryBucketsResult>`}
	case "ListTableBuckets":
		if r.URL.Query().Get("continuationToken") == "" {
			return answer{200, `{"tableBuckets":[{"name":"one"}],"continuationToken":"next"}`}
		}
		return answer{200, `{"tableBuckets":[{"name":"two"}]}`}
	case "ListVectorBuckets":
		return answer{200, `{"vectorBuckets":[]}`}
	case "ListAccessPoints":
		return answer{200, `<ListAccessPointsResult><AccessPointList><AccessPoint><Name>a</Name></AccessPoint></AccessPointList></ListAccessPointsResult>`}
	}
	assert.Fail(w.t, "nothing answers "+name, r.URL.String())
	return answer{501, ""}
}

func respond(r *http.Request, a answer) *http.Response {
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}
}

const deniedXML = `<Error><Code>AccessDenied</Code><Message>no</Message></Error>`

// bucket makes one. It replicates to those named.
func (w *world) bucket(account, region, name string, edit func(*s3.BucketConfig), to ...string) {
	c := s3.BucketConfig{Name: name, Region: region, Versioned: true, EventBridge: true}
	if len(to) > 0 {
		c.Replication = &s3.ReplicationConfiguration{Role: "arn:aws:iam::" + account + ":role/r"}
	}
	for i, bucket := range to {
		priority := int32(i + 1) //nolint:gosec // one or two
		c.Replication.Rules = append(c.Replication.Rules, s3.ReplicationRule{
			ID: fmt.Sprint("rule-", i), Priority: &priority, Filter: &s3.RuleFilter{}, Status: "Enabled",
			Destination:             s3.Destination{Bucket: "arn:aws:s3:::" + bucket, Metrics: &s3.Metrics{Status: "Enabled"}},
			DeleteMarkerReplication: &s3.Switch{Status: "Enabled"},
		})
	}
	if edit != nil {
		edit(&c)
	}
	require.NoError(w.t, w.buckets[account].CreateBucket(c))
}

// estate are buckets of every state in two accounts.
func (w *world) estate() {
	w.bucket(own, here, "documents", nil, "documents-replica")
	w.bucket(own, there, "documents-replica", func(c *s3.BucketConfig) { c.Lock = &s3.ObjectLock{Mode: "COMPLIANCE", Days: 30} })
	w.bucket(own, here, "media", func(c *s3.BucketConfig) { c.Replication.Rules[0].Filter.Prefix = "films/" }, "media-replica")
	w.bucket(own, there, "media-replica", nil)
	w.bucket(own, here, "databases", func(c *s3.BucketConfig) { c.EventBridge, c.Replication.Rules[0].Destination.Account = false, other }, "their-replica")
	w.bucket(own, here, "scratch", func(c *s3.BucketConfig) { c.Versioned, c.EventBridge = false, false })
	w.bucket(own, here, "old", nil)
	w.bucket(own, here, "secret", nil, "documents-replica")
	w.bucket(other, there, "their-replica", nil)
	w.bucket(other, here, "theirs", func(c *s3.BucketConfig) { c.Lock = &s3.ObjectLock{} })
	w.instead["GetBucketVersioning old"] = answer{200, `<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>`}
	w.instead["GetBucketReplication secret"] = answer{403, deniedXML}
	w.instead["ListVectorBuckets "+there] = answer{403, `{"message":"no","__type":"AccessDeniedException"}`}
	w.rules[here] = `{"Rules":[{"Name":"autobackup-s3-upload-trigger-prod","State":"ENABLED","EventPattern":"{\"source\":[\"aws.s3\"],\"detail\":{\"bucket\":{\"name\":[\"documents\",\"media\",\"secret\",\"databases\"]}}}"}]}`
}
