package ministack_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var callsFile = flag.String("calls", "", "where to write what SAM and the aws CLI called, for .ci/roles.py")

// Who calls: the access key that a command is given says it.
const (
	administrator = "administrator" // a person with docs/deploy.md
	plan          = "plan"          // a pull request
	deployer      = "deploy"        // a push to main, or destroy.yml
)

// call is one kind of request that a command made, with what IAM would decide by.
type call struct {
	Caller  string `json:"caller"`
	Service string `json:"service"`
	Action  string `json:"action"`
	Region  string `json:"region"`
	Stack   string `json:"stack"`
	Bucket  string `json:"bucket"`
	Key     string `json:"key"`
	Role    string `json:"role"` // that CloudFormation is given
}

// calls are those of all tests: a set.
var calls sync.Map

// callsOf are a caller's.
func callsOf(caller string) (found []call) {
	for c := range calls.Range {
		if c := c.(call); c.Caller == caller {
			found = append(found, c)
		}
	}
	return found
}

func writeCalls() error {
	if *callsFile == "" {
		return nil
	}
	lines := map[string]bool{}
	for c := range calls.Range {
		line, err := json.Marshal(c)
		if err != nil {
			return err
		}
		lines[string(line)] = true
	}
	text := "[\n" + strings.Join(slices.Sorted(maps.Keys(lines)), ",\n") + "\n]\n"
	return os.WriteFile(*callsFile, []byte(text), 0o600)
}

// recorder stands between the commands and ministack and notes their calls. What
// ministack's CloudFormation does happens inside of ministack: it doesn't pass here.
type recorder struct {
	t      *testing.T
	target *url.URL
	stacks sync.Map // by the ARN of a change set, which alone names it in some calls

	// blind keeps CloudFormation from looking for names that are taken before it makes
	// anything, so that it fails midway, as it does at a quota or a missing permission.
	blind atomic.Bool
}

// record starts a recorder and gives its address.
func record(t *testing.T, address string) (*recorder, string) {
	t.Helper()
	target, err := url.Parse(address)
	require.NoError(t, err)
	r := &recorder{t: t, target: target}
	front := httptest.NewServer(r)
	t.Cleanup(front.Close)
	return r, front.URL
}

var credential = regexp.MustCompile(`Credential=([^/,]+)/\d+/([^/,]+)/([^/,]+)/aws4_request`)

// ServeHTTP implements http.Handler.
func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	proxy := httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(r.target) }}
	signed := credential.FindStringSubmatch(q.Header.Get("Authorization"))
	if !assert.NotNil(r.t, signed, "a call that is not signed: %s %s", q.Method, q.URL) {
		http.Error(w, "not signed", http.StatusForbidden)
		return
	}
	c := call{Caller: signed[1], Region: signed[2], Service: signed[3]}
	if c.Service == "s3" {
		c.Bucket, c.Key, _ = strings.Cut(strings.TrimPrefix(q.URL.Path, "/"), "/")
		c.Action = operation(q.Method, c.Bucket, c.Key, q.URL.Query())
		calls.Store(c, true)
		proxy.ServeHTTP(w, q)
		return
	}
	if _, target, found := strings.Cut(q.Header.Get("X-Amz-Target"), "."); found {
		c.Action = target
		calls.Store(c, true)
		proxy.ServeHTTP(w, q)
		return
	}
	body, err := io.ReadAll(q.Body)
	if !assert.NoError(r.t, err) {
		return
	}
	values, err := url.ParseQuery(string(body))
	if err == nil && values.Get("Action") != "" {
		body = r.query(c, values, &proxy)
	} else {
		c.Action = q.Method + " " + q.URL.Path
		calls.Store(c, true)
	}
	q.Body, q.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	q.Header.Set("Content-Length", strconv.Itoa(len(body)))
	proxy.ServeHTTP(w, q)
}

var changeSetID = regexp.MustCompile(`<Id>(arn:[^<]+)</Id>`)

// query notes a call of CloudFormation or STS, and gives the body that is sent on.
func (r *recorder) query(c call, values url.Values, proxy *httputil.ReverseProxy) []byte {
	c.Action, c.Role = values.Get("Action"), values.Get("RoleARN")
	c.Stack = values.Get("StackName")
	if strings.HasPrefix(c.Stack, "arn:") { // arn:…:stack/NAME/ID
		c.Stack = strings.Split(c.Stack, "/")[1]
	}
	if known, found := r.stacks.Load(values.Get("ChangeSetName")); found && c.Stack == "" {
		c.Stack = known.(string)
	}
	calls.Store(c, true)
	if template, err := url.Parse(values.Get("TemplateURL")); err == nil && template.Path != "" {
		// CloudFormation reads it with the caller's rights.
		bucket, key, _ := strings.Cut(strings.TrimPrefix(template.Path, "/"), "/")
		calls.Store(call{Caller: c.Caller, Service: "s3", Action: "GetObject", Region: c.Region, Bucket: bucket, Key: key}, true)
	}
	if c.Action == "CreateChangeSet" {
		if r.blind.Load() {
			values.Set("DisableValidation", "true")
		}
		proxy.ModifyResponse = func(answer *http.Response) error {
			text, err := io.ReadAll(answer.Body)
			if found := changeSetID.FindSubmatch(text); found != nil {
				r.stacks.Store(string(found[1]), c.Stack)
			}
			answer.Body = io.NopCloser(bytes.NewReader(text))
			return err
		}
	}
	return []byte(values.Encode())
}

// operation is the name of S3's operation that a request asks for.
func operation(method, bucket, key string, query url.Values) string {
	switch {
	case bucket == "":
		return "ListBuckets"
	case query.Has("uploadId") || query.Has("uploads"):
		return map[string]string{
			http.MethodPut: "UploadPart", http.MethodDelete: "AbortMultipartUpload",
			http.MethodPost: map[bool]string{true: "CreateMultipartUpload", false: "CompleteMultipartUpload"}[query.Has("uploads")],
		}[method]
	case query.Has("list-type"):
		return "ListObjectsV2"
	case query.Has("location"):
		return "GetBucketLocation"
	}
	query.Del("versionId")
	if len(query) > 0 {
		return fmt.Sprintf("%s ?%s", method, strings.Join(slices.Sorted(maps.Keys(query)), "&"))
	}
	verb := map[string]string{http.MethodGet: "Get", http.MethodHead: "Head", http.MethodPut: "Put", http.MethodDelete: "Delete"}[method]
	if key != "" {
		return verb + "Object"
	}
	return strings.NewReplacer("PutBucket", "CreateBucket", "GetBucket", "ListObjects").Replace(verb + "Bucket")
}

func TestACallIsNotedByWhatIAMDecidesBy(t *testing.T) {
	ministack := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_, _ = io.WriteString(w, "<Id>arn:aws:cloudformation:eu-west-1:1:changeSet/c/2</Id>")
	}))
	defer ministack.Close()
	_, address := record(t, ministack.URL)
	send := func(method, path, body, service string) {
		q, err := http.NewRequestWithContext(t.Context(), method, address+path, strings.NewReader(body))
		require.NoError(t, err)
		q.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=somebody/20261128/eu-west-1/"+service+"/aws4_request, SignedHeaders=host")
		answer, err := http.DefaultClient.Do(q)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
	}
	send(http.MethodPut, "/artifacts/main/a?x-id=1", "", "s3")
	send(http.MethodHead, "/artifacts/main/a", "", "s3")
	send(http.MethodHead, "/artifacts", "", "s3")
	send(http.MethodPost, "/artifacts/main/b?uploads", "", "s3")
	send(http.MethodPost, "/", "Action=CreateChangeSet&StackName=one&RoleARN=role&TemplateURL=https%3A%2F%2Fs3.amazonaws.com%2Fartifacts%2Fmain%2Ft", "cloudformation")
	send(http.MethodPost, "/", "Action=DescribeChangeSet&ChangeSetName=arn%3Aaws%3Acloudformation%3Aeu-west-1%3A1%3AchangeSet%2Fc%2F2", "cloudformation")
	send(http.MethodPost, "/", "Action=DeleteStack&StackName=arn%3Aaws%3Acloudformation%3Aeu-west-1%3A1%3Astack%2Ftwo%2F3", "cloudformation")
	of := func(service, action, stack, bucket, key, role string) call {
		return call{Caller: "somebody", Service: service, Action: action, Region: "eu-west-1", Stack: stack, Bucket: bucket, Key: key, Role: role}
	}
	assert.ElementsMatch(t, []call{
		of("s3", "PUT ?x-id", "", "artifacts", "main/a", ""),
		of("s3", "HeadObject", "", "artifacts", "main/a", ""),
		of("s3", "HeadBucket", "", "artifacts", "", ""),
		of("s3", "CreateMultipartUpload", "", "artifacts", "main/b", ""),
		of("cloudformation", "CreateChangeSet", "one", "", "", "role"),
		of("s3", "GetObject", "", "artifacts", "main/t", ""),
		of("cloudformation", "DescribeChangeSet", "one", "", "", ""),
		of("cloudformation", "DeleteStack", "two", "", "", ""),
	}, callsOf("somebody"))
	for _, c := range callsOf("somebody") {
		calls.Delete(c)
	}
}
