package look_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/assert"

	"autobackup/internal/look"
	"autobackup/internal/s3error"
	"autobackup/internal/verdict"
)

const (
	home = "eu-central-1" // the functions' region and the primary's
	away = "eu-west-1"    // the replica's
)

// answer is what the fake answers one request with.
type answer struct {
	status int
	header map[string]string
	body   string
	err    error         // instead of an answer
	after  time.Duration // or the end of the request's context
}

// fakeS3 stands in for the network below the real SDK client. It knows each
// request by method, host, path, checksum mode, range and marker; one that it was not given fails the test.
type fakeS3 struct {
	t       *testing.T
	answers map[string]answer
	mu      sync.Mutex
	asked   map[string]int
	open    int
	most    int // requests open at a time
}

func newFake(t *testing.T, answers ...map[string]answer) *fakeS3 {
	all := map[string]answer{}
	for _, some := range answers {
		for request, a := range some {
			all[request] = a
		}
	}
	return &fakeS3{t: t, answers: all, asked: map[string]int{}}
}

func (f *fakeS3) Do(r *http.Request) (*http.Response, error) {
	request := fmt.Sprintf("%s %s%s", r.Method, r.URL.Host, r.URL.RequestURI())
	if r.Method == http.MethodHead {
		request += r.Header.Get("x-amz-checksum-mode")
	}
	request += r.Header.Get("Range") + r.Header.Get("x-amz-part-number-marker")
	a, known := f.enter(request)
	defer f.leave()
	if !known {
		f.t.Errorf("unexpected request: %s", request)
		return nil, errors.New("unexpected request")
	}
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case <-time.After(a.after):
	}
	return a.response(r), a.err
}

func (f *fakeS3) enter(request string) (a answer, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[request]++
	f.open++
	f.most = max(f.most, f.open)
	a, known = f.answers[request]
	return a, known
}

func (f *fakeS3) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open--
}

// response names the version that was asked for, as S3 does, unless the answer has
// another; an empty one is not sent.
func (a answer) response(r *http.Request) *http.Response {
	const versionID = "x-amz-version-id"
	header := http.Header{}
	if version := r.URL.Query().Get("versionId"); version != "" && a.status == http.StatusOK {
		header.Set(versionID, version)
	}
	for name, value := range a.header {
		header.Set(name, value)
	}
	if header.Get(versionID) == "" {
		header.Del(versionID)
	}
	return &http.Response{StatusCode: a.status, Header: header, Request: r, Body: io.NopCloser(strings.NewReader(a.body))}
}

// anyAnswer stands in for a network whose requests do not matter.
type anyAnswer func(*http.Request) answer

func (f anyAnswer) Do(r *http.Request) (*http.Response, error) { return f(r).response(r), nil }

func sdkClient(network s3.HTTPClient) *s3.Client {
	return s3.New(s3.Options{
		Region:      home,
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient:  network,
		APIOptions:  []func(*middleware.Stack) error{s3error.OwnAnswers}, // as functions and commands have it
	})
}

func (f *fakeS3) looker() *look.Looker {
	client := sdkClient(f)
	return look.New(client, client, time.Now)
}

// set changes what a request is answered with, also while requests are open.
func (f *fakeS3) set(request string, a answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[request] = a
}

// allAsked fails the test if an answer was prepared for nothing.
func (f *fakeS3) allAsked() {
	for request := range f.answers {
		assert.Positive(f.t, f.asked[request], "never asked: %s", request)
	}
}

// Requests as the SDK sends them, and answers as S3 gives them.

func headBucket(bucket string) string {
	return fmt.Sprintf("HEAD %s.s3.%s.amazonaws.com/", bucket, home)
}

func getReplication(bucket string) string {
	return fmt.Sprintf("GET %s.s3.%s.amazonaws.com/?replication=", bucket, home)
}

func getLifecycle(bucket, region string) string {
	return fmt.Sprintf("GET %s.s3.%s.amazonaws.com/?lifecycle=", bucket, region)
}

func headObject(bucket, region string) string {
	return fmt.Sprintf("HEAD %s.s3.%s.amazonaws.com/docs/a.txt?versionId=v1ENABLED", bucket, region)
}

func getByte(bucket, region string) string {
	return fmt.Sprintf("GET %s.s3.%s.amazonaws.com/docs/a.txt?versionId=v1&x-id=GetObjectbytes=0-0", bucket, region)
}

// getParts are a page of parts, behind a marker.
func getParts(bucket, region, marker string) string {
	return fmt.Sprintf("GET %s.s3.%s.amazonaws.com/docs/a.txt?attributes=&versionId=v1%s", bucket, region, marker)
}

func failure(status int, code, message string) answer {
	return answer{status: status, body: fmt.Sprintf("<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)}
}

func rules(xml ...string) answer {
	return answer{status: 200, body: "<ReplicationConfiguration><Role>r</Role>" + strings.Join(xml, "") + "</ReplicationConfiguration>"}
}

func rule(bucket string) string {
	return "<Rule><ID>all</ID><Status>Enabled</Status><Priority>1</Priority><Filter><Prefix></Prefix></Filter>" +
		"<DeleteMarkerReplication><Status>Enabled</Status></DeleteMarkerReplication>" +
		"<SourceSelectionCriteria><SseKmsEncryptedObjects><Status>Enabled</Status></SseKmsEncryptedObjects></SourceSelectionCriteria>" +
		"<Destination><Bucket>arn:aws:s3:::" + bucket + "</Bucket></Destination></Rule>"
}

var (
	inHome      = answer{status: 200, header: map[string]string{"x-amz-bucket-region": home}}
	inAway      = answer{status: 301, header: map[string]string{"x-amz-bucket-region": away}}
	noRules     = failure(404, "ReplicationConfigurationNotFoundError", "The replication configuration was not found")
	object      = answer{status: 200, header: map[string]string{"ETag": `"e"`, "Content-Length": "3"}}
	objectFound = verdict.Side{Found: verdict.Object, Size: 3, ETag: `"e"`, Checksums: map[string]string{}, Metadata: bare}
	bare        = &verdict.Metadata{Headers: "DeB3eY16", User: "dCNOmK_n"} // digests of six empty headers, and of no user metadata
)

// unreplicated is a primary without replication rules.
var unreplicated = map[string]answer{headBucket("docs"): inHome, getReplication("docs"): noRules}

// replicated is a primary with one replica.
var replicated = replicatedTo("copy")

// replicatedTo is a primary with a replica in each of the buckets.
func replicatedTo(buckets ...string) map[string]answer {
	var all []string
	answers := map[string]answer{headBucket("docs"): inHome}
	for _, bucket := range buckets {
		all = append(all, rule(bucket))
		answers[headBucket(bucket)] = inAway
	}
	answers[getReplication("docs")] = rules(all...)
	return answers
}

// event is a queue message's body for one version of an object. It is older than
// anything that a test does.
func event(bucket, key string) string { return eventAt("1999-12-31T00:00:00Z", bucket, key) }

func eventAt(at, bucket, key string) string {
	return fmt.Sprintf(`{"version":"0","id":"6f6c5c4e-0b7e-4b0a-8a5b-0d9c2c7f0c11","detail-type":"Object Created","source":"aws.s3",`+
		`"account":"111122223333","time":%q,"region":%q,"resources":["arn:aws:s3:::%s"],`+
		`"detail":{"version":"0","bucket":{"name":%q},"object":{"key":%s,"size":3,"etag":"e","version-id":"v1","sequencer":"0"},`+
		`"request-id":"r","requester":"111122223333","reason":"PutObject"}}`, at, home, bucket, bucket, quoteJSON(key))
}
