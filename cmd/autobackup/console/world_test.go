package console_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/console"
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
	token   = "the-token-of-this-test"
)

// oddKey is one that looks like another, and breaks a line.
const oddKey = "rtl\u202egnp.\nexe'"

// plans are what becomes of replicas, by the last part of the key.
var plans = map[string]locals3.Plan{
	oddKey:      {Corrupt: locals3.FlipBit},
	"photo.jpg": {Corrupt: locals3.FlipBit}, "slow.mov": {Lag: 20 * time.Minute}, "orders.dump": {Fail: true},
}

// world is both stacks on this machine, and the page that shows them.
type world struct {
	*local.Stack
	t       *testing.T
	region  string // of the primary
	second  string // of the replicas
	address string
	browser *http.Client // which has the token
	options func(*console.Options)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	clk := clock.Skipping(t.Context())
	functions := wire.Functions(embedded{w}, clk.Now)
	functions["audit"] = audit.Function(embedded{w}, clk.Now)
	for name, build := range functions {
		functions[name] = w.logging(name, build)
	}
	stack := httptest.NewUnstartedServer(nil)
	var err error
	w.Stack, err = local.Start(t.Context(), local.Config{
		Clock: clk, Project: project, Dir: t.TempDir(), Account: account, Seed: 7, URL: "http://" + stack.Listener.Addr().String(), KeepHistory: true,
		Runtime: lambda.InProcess(functions, handler.Logger(io.Discard), func(region string) aws.Config { return w.AWSConfig(region) }),
	})
	require.NoError(t, err)
	stack.Config.Handler = w.Stack
	stack.Start()
	t.Cleanup(func() {
		stack.Close()
		require.NoError(t, w.Close())
	})
	for _, name := range []string{"replica", "default"} {
		environment, err := local.Environment(project, name)
		require.NoError(t, err)
		_, err = w.Deploy(environment, map[string]map[string]string{"default": {"AuditLevel": "listed"}}[name])
		require.NoError(t, err)
		w.second, w.region = w.region, environment.Region
	}
	require.NoError(t, w.WaitIdle(t.Context()))
	w.show(w.AWSConfig(w.region))
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan { return plans[path.Base(r.Key)] }
	return w
}

// embedded is CloudWatch as it reads what functions measure.
type embedded struct{ w *world }

func (e embedded) Write(lines []byte) (int, error) {
	return len(lines), e.w.CloudWatch.PutEmbedded(e.w.region, account, lines)
}

// logging has a function that runs in this process log into its group, as Lambda has what a process prints.
func (w *world) logging(name string, build wire.Build) wire.Build {
	return func(cfg aws.Config, env func(string) string, _ *slog.Logger) (handler.Func, error) {
		return build(cfg, env, handler.Logger(group{w, name}))
	}
}

// group is the log group of a function.
type group struct {
	w    *world
	name string
}

func (g group) Write(line []byte) (int, error) {
	return len(line), g.w.log(g.name, string(line))
}

// log writes a line as a function does.
func (w *world) log(function, line string) error {
	return w.Logs.As(gate.Caller{}).Put("arn:aws:logs:"+w.region+":"+account+":log-group:/aws/lambda/autobackup-"+function+"-dev", "a", line)
}

// show has the page be shown by somebody's configuration.
func (w *world) show(cfg aws.Config) {
	server := httptest.NewUnstartedServer(nil)
	host := server.Listener.Addr().String()
	o := console.Options{Stage: "dev", Now: w.Clock.Now, Token: token, Hosts: []string{host}}
	if w.options != nil {
		w.options(&o)
	}
	server.Config.Handler = console.New(cfg, o)
	server.Start()
	w.t.Cleanup(server.Close)
	w.open("http://" + host + "/?token=" + token)
}

// open has the browser open a page's first address.
func (w *world) open(address string) {
	w.t.Helper()
	at, err := url.Parse(address)
	require.NoError(w.t, err)
	w.address = "http://" + at.Host
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	w.browser = &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error { r.Header.Del("Origin"); return nil }}
	w.get(at.RequestURI())
}

// get is the text of a page that is there.
func (w *world) get(path string) string {
	w.t.Helper()
	status, text := w.ask(http.MethodGet, path, nil)
	assert.Equal(w.t, http.StatusOK, status, "%s: %s", path, text)
	return text
}

func (w *world) ask(method, path string, form url.Values) (int, string) {
	w.t.Helper()
	status, _, text := w.does(method, path, form)
	return status, text
}

// does is also where a request leads.
func (w *world) does(method, path string, form url.Values) (status int, address, page string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(context.WithoutCancel(w.t.Context()), method, w.address+path, strings.NewReader(form.Encode()))
	require.NoError(w.t, err)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", w.address)
	}
	answer, err := w.browser.Do(r)
	require.NoError(w.t, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(w.t, err)
	return answer.StatusCode, answer.Request.URL.RequestURI(), string(text)
}

func (w *world) bucket(category string) string {
	return "autobackup-dev-primary-" + category + "-" + account
}

// put uploads an object.
func (w *world) put(bucket, key, content string) {
	w.t.Helper()
	client := s3.NewFromConfig(w.AWSConfig(w.region), func(o *s3.Options) { o.UsePathStyle = true })
	_, err := client.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(content)})
	require.NoError(w.t, err)
}

// settle waits until all that was uploaded has its verdict.
func (w *world) settle() {
	w.t.Helper()
	require.NoError(w.t, w.WaitIdle(w.t.Context()))
}
