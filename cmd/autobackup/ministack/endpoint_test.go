package ministack_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// standIn is an answer to a command that ministack can't give. The AWS CLI has then held
// the command against the service's model, and nothing has held it against a service.
type standIn struct{ why, contentType, body string }

// standIns are all of them, by the name that the AWS CLI gives a command in its requests.
var standIns = map[string]standIn{
	"sqs.start-message-move-task":                   {"ministack has no StartMessageMoveTask", "application/x-amz-json-1.0", `{"TaskHandle":"a-handle"}`},
	"service-quotas.request-service-quota-increase": {"ministack has no Service Quotas", "application/x-amz-json-1.1", `{"RequestedQuota":{"Id":"an-id","Status":"PENDING"}}`},
	"sns.confirm-subscription": {"ministack sends no e-mail, so nobody has a token from one", "text/xml",
		`<ConfirmSubscriptionResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><ConfirmSubscriptionResult><SubscriptionArn>arn:aws:sns:a:b:c</SubscriptionArn></ConfirmSubscriptionResult></ConfirmSubscriptionResponse>`},
	"s3api.get-bucket-replication": {"ministack drops replication rules from templates", "application/xml",
		`<ReplicationConfiguration><Role>arn:aws:iam::000000000000:role/r</Role><Rule><ID>everything</ID><Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::b</Bucket></Destination></Rule></ReplicationConfiguration>`},
}

// endpoint is where the typed commands find AWS: ministack, and the stand-ins. What an
// e-mail tells of, it makes first.
type endpoint struct {
	*testing.T
	server
	url string

	mu     sync.Mutex
	needed map[string]bool
	made   map[string]string // version ids of what e-mails tell of
}

func newEndpoint(t *testing.T, s server) *endpoint {
	t.Helper()
	e := &endpoint{T: t, server: s, needed: map[string]bool{}, made: map[string]string{}}
	front := httptest.NewServer(e)
	t.Cleanup(front.Close)
	e.url = front.URL
	return e
}

// command is how the AWS CLI names what was typed, in a request's User-Agent.
var command = regexp.MustCompile(`md/command#(\S+)`)

// ServeHTTP implements http.Handler.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	name := ""
	if found := command.FindStringSubmatch(q.UserAgent()); found != nil {
		name = found[1]
	}
	target, err := url.Parse(e.server.url)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	stand, listed := standIns[name]
	proxy := httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host
		},
		ModifyResponse: func(answer *http.Response) error {
			if !listed {
				return nil
			}
			e.mu.Lock()
			e.needed[name] = true
			e.mu.Unlock()
			assert.GreaterOrEqual(e, answer.StatusCode, 400, "ministack answers %s itself: delete its stand-in (%s)", name, stand.why)
			_ = answer.Body.Close()
			answer.StatusCode, answer.Header = http.StatusOK, http.Header{"Content-Type": {stand.contentType}}
			answer.Body, answer.ContentLength = io.NopCloser(strings.NewReader(stand.body)), int64(len(stand.body))
			return nil
		},
	}
	e.make(q)
	proxy.ServeHTTP(w, q)
}

// versionInMails is the version id that the golden e-mails have.
const versionInMails = "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"

// mailed finds the bucket and the key of a version that the goldens tell of.
var mailed = regexp.MustCompile(`(?s)^/?(docs-[a-z]+)/(.*)$`)

// make uploads what an e-mail of the goldens tells of, where it is asked for, and puts the
// version id that it then has in the place of the e-mail's. Two e-mails may have a bucket of
// one name in two regions, which no S3 has: its region is added to its name.
func (e *endpoint) make(q *http.Request) {
	source, found := strings.CutSuffix(q.Header.Get("X-Amz-Copy-Source"), "?versionId="+versionInMails)
	named := mailed.FindStringSubmatch(q.URL.Path)
	switch {
	case named == nil:
	case found:
		key, err := url.PathUnescape(mailed.FindStringSubmatch(source)[2])
		require.NoError(e, err)
		bucket, version := e.version(regionOf(q), named[1], key)
		q.Header.Set("X-Amz-Copy-Source", bucket+"/"+url.PathEscape(key)+"?versionId="+version)
		q.URL.Path, q.URL.RawPath = "/"+bucket+"/"+named[2], ""
	case q.Method == http.MethodHead:
		bucket, version := e.version(regionOf(q), named[1], named[2])
		if query := q.URL.Query(); query.Has("versionId") {
			query.Set("versionId", version)
			q.URL.RawQuery = query.Encode()
		}
		q.URL.Path, q.URL.RawPath = "/"+bucket+"/"+named[2], ""
	}
}

// regionOf is the region that a request is signed for.
func regionOf(q *http.Request) string {
	parts := strings.Split(q.Header.Get("Authorization"), "/")
	if len(parts) < 3 {
		return ""
	}
	return parts[2]
}

// version is that of an object that an e-mail tells of, in the bucket that was made for it.
func (e *endpoint) version(region, bucket, key string) (made, version string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	bucket += "-" + region
	name := bucket + "/" + key
	if e.made[name] == "" {
		client := s3.NewFromConfig(e.config(region), func(o *s3.Options) { o.UsePathStyle = true })
		if _, err := client.HeadBucket(e.Context(), &s3.HeadBucketInput{Bucket: &bucket}); err != nil {
			_, err := client.CreateBucket(e.Context(), &s3.CreateBucketInput{Bucket: &bucket, CreateBucketConfiguration: located(region)})
			require.NoError(e, err)
			_, err = client.PutBucketVersioning(e.Context(), &s3.PutBucketVersioningInput{Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
			require.NoError(e, err)
		}
		out, err := client.PutObject(e.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader([]byte("told"))})
		require.NoError(e, err)
		e.made[name] = aws.ToString(out.VersionId)
	}
	return bucket, e.made[name]
}

// located is what a bucket outside of us-east-1 is created with.
func located(region string) *types.CreateBucketConfiguration {
	if region == "us-east-1" {
		return nil
	}
	return &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
}

// check fails for a stand-in that nothing needs.
func (e *endpoint) check() {
	e.Helper()
	for name, stand := range standIns {
		assert.True(e, e.needed[name], "no text has %s any more: delete its stand-in", name)
		e.Logf("held against the service's model only: %s, because %s", name, stand.why)
	}
}
