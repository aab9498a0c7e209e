package serve_test

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/serve"
	"autobackup/local"
)

const project = "../../.."

// The regions of both stacks. People change them in samconfig.toml, and the tests must still pass.
var firstRegion, secondRegion = regionOf("default"), regionOf("replica")

func regionOf(name string) string {
	environment, err := local.Environment(project, name)
	if err != nil {
		panic(err)
	}
	return environment.Region
}

// transcript is what was written so far.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// says waits until what was written matches, and answers the matches of its groups.
func (t *transcript) says(test *testing.T, pattern string) []string {
	test.Helper()
	return t.saysAfter(test, 0, pattern)
}

// saysAfter is says for what was written after so many bytes.
func (t *transcript) saysAfter(test *testing.T, from int, pattern string) []string {
	test.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if found := regexp.MustCompile(pattern).FindStringSubmatch(t.String()[from:]); found != nil {
			return found
		}
	}
	require.FailNow(test, "it never says "+pattern, t.String())
	return nil
}

// running is a serve that runs.
type running struct {
	*transcript
	typed io.Writer
	at    string       // its address
	end   func() error // ends it as Ctrl-C does
}

// served starts the stacks on a free port, and waits until they are there.
func served(t *testing.T, o serve.Options) running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	in, typed := io.Pipe()
	r := running{transcript: &transcript{}, typed: typed}
	o.Project = cmp.Or(o.Project, project)
	o.Page = cmp.Or(o.Page, "127.0.0.1:0")
	o.Listen, o.In, o.Out, o.Progress = "127.0.0.1:0", in, r.transcript, io.Discard
	ended := make(chan error, 1)
	go func() { ended <- serve.Run(ctx, o) }()
	r.end = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { require.NoError(t, r.end()) })
	r.at = r.says(t, ready)[1]
	return r
}

// ready is what a serve says once it is there, with its address.
const ready = `serve --env --listen (\S+)\)" [^$]*\nCtrl-C ends it\.\n`

// client is the configuration of a client that does what was told, in a region; in that of
// the shell where it is empty.
func (r running) client(t *testing.T, region string) aws.Config {
	t.Helper()
	exports := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^export (\w+)=(\S+)$`).FindAllStringSubmatch(r.exports(t), -1) {
		exports[line[1]] = line[2]
	}
	require.Len(t, exports, 5)
	assert.Equal(t, exports["AWS_REGION"], exports["AWS_DEFAULT_REGION"])
	return aws.Config{
		Region: cmp.Or(region, exports["AWS_REGION"]), BaseEndpoint: aws.String(exports["AWS_ENDPOINT_URL"]),
		Credentials: credentials.NewStaticCredentialsProvider(exports["AWS_ACCESS_KEY_ID"], exports["AWS_SECRET_ACCESS_KEY"], ""),
	}
}

const (
	documents = "autobackup-dev-primary-documents-123456789012"
	replicas  = "autobackup-dev-replica-documents-123456789012"
)

func upload(t *testing.T, cfg aws.Config, key string) string {
	t.Helper()
	out, err := s3.NewFromConfig(cfg).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(documents), Key: &key, Body: strings.NewReader("content")})
	require.NoError(t, err)
	return aws.ToString(out.VersionId)
}

func TestBothStacksAreServedUntilTheEnd(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	r := served(t, serve.Options{})
	regions := r.says(t, `in (\S+) and (\S+), for account 123456789012\. Nothing here is AWS; nothing is kept`)
	for i, name := range []string{"default", "replica"} {
		environment, err := local.Environment(project, name)
		require.NoError(t, err)
		assert.Equal(t, environment.Region, regions[i+1])
	}
	cfg, far := r.client(t, ""), r.client(t, regions[2])
	assert.Equal(t, regions[1], cfg.Region)

	identity, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	require.NoError(t, err)
	assert.Equal(t, "123456789012", aws.ToString(identity.Account))

	before := time.Now()
	version := upload(t, cfg, "a.txt")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		replica, err := s3.NewFromConfig(far).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(replicas), Key: aws.String("a.txt")})
		if assert.NoError(c, err) {
			assert.Equal(c, version, aws.ToString(replica.VersionId))
		}
	}, time.Minute, 10*time.Millisecond, "it is replicated")
	assert.Greater(t, time.Since(before), 5*time.Second, "a replica takes its time")

	invoked, err := lambda.NewFromConfig(far).Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("autobackup-hash-bytes-dev"),
		Payload: []byte(`{"bucket":"autobackup-dev-replica-documents-123456789012","key":"a.txt","version":"` + strings.Repeat("0", 32) + `","etag":"e",` +
			`"size":7,"length":7,"blockSize":1048576,"algorithm":"SHA256"}`),
	})
	require.NoError(t, err)
	assert.Contains(t, string(invoked.Payload), `"found":"missing"`, "the function's process reads the same S3")

	require.NoError(t, r.end())
	_, err = http.Get(*cfg.BaseEndpoint)
	require.ErrorContains(t, err, "connection refused")
	left, err := filepath.Glob(os.Getenv("TMPDIR") + "/autobackup-*")
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestVerdictsAppearAsTheyComeAndKeysBringAboutWhatTheySay(t *testing.T) {
	r := served(t, serve.Options{Fast: true})
	cfg := r.client(t, "")
	assert.Contains(t, r.String(), "Waits and delays pass at once")
	say := func(key, what string) {
		_, err := r.typed.Write([]byte(key + "\n"))
		require.NoError(t, err)
		r.says(t, `(?m)^\d\d:\d\d:\d\d  `+what)
	}
	verdict := func(key, what string) { r.says(t, `(?m)^\d\d:\d\d:\d\d  documents  `+key+`  `+what+`$`) }
	mail := func(what string) {
		file := r.says(t, `(?m)^\d\d:\d\d:\d\d  e-mail  \[dev\] Backup check failed: `+what+`[^$]*?  (/\S+\.eml)$`)[1]
		assert.FileExists(t, file)
	}
	upload(t, cfg, "plain.txt")
	verdict("plain.txt", "verified  full-object checksum CRC\\w+")
	upload(t, cfg, "odd \x1b[31mverified\n")
	verdict(`"odd \\x1b\[31mverified\\n"`, "verified  full-object checksum CRC\\w+")
	_, err := s3.NewFromConfig(cfg).DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(documents), Key: aws.String("plain.txt")})
	require.NoError(t, err)
	r.says(t, `(?m)  documents  plain\.txt \(delete marker\)  verified  delete marker$`)

	say("l", "the next replica comes after 10 minutes")
	upload(t, cfg, "lags")
	r.says(t, `the replica of documents  lags  comes after 10 minutes`)
	verdict("lags", "verified  full-object checksum CRC\\w+")
	say("c", "the next replica has a flipped bit")
	upload(t, cfg, "damaged")
	verdict("damaged", "failed  CONTENT_MISMATCH")
	mail("CONTENT_MISMATCH")
	say("f", "the next replica fails")
	upload(t, cfg, "fails")
	verdict("fails", "failed  REPLICATION_FAILED")
	r.says(t, `(?m)  documents  fails \(S3's notice of it\)  failed  REPLICATION_FAILED$`)

	say("a", "fetch-etags lost s3:GetObjectVersion on the replicas")
	upload(t, cfg, "denied")
	verdict("denied", "failed  ACCESS_DENIED")
	mail("ACCESS_DENIED")
	say("a", "fetch-etags has s3:GetObjectVersion on the replicas again")
	upload(t, cfg, "allowed")
	verdict("allowed", "verified  full-object checksum CRC\\w+")

	pipe, name := pipes.NewFromConfig(cfg), aws.String("autobackup-validation-pipe-dev")
	_, err = pipe.StopPipe(t.Context(), &pipes.StopPipeInput{Name: name})
	require.NoError(t, err)
	r.press(t, "p", "the pipe is started")
	r.press(t, "p", "the pipe is stopped")
	_, err = pipe.StartPipe(t.Context(), &pipes.StartPipeInput{Name: name})
	require.NoError(t, err)
	r.press(t, "p", "the pipe is stopped")
	upload(t, cfg, "waits")
	time.Sleep(time.Second) // in which the clock runs ahead by much more than a verdict takes
	assert.NotContains(t, r.String(), "  waits  ")
	say("p", "the pipe is started")
	verdict("waits", "verified  full-object checksum CRC\\w+")

	say("s", "SNS is down")
	say("c", "the next replica has a flipped bit")
	upload(t, cfg, "untold")
	verdict("untold", "failed  CONTENT_MISMATCH")
	time.Sleep(time.Second)
	assert.NotRegexp(t, "e-mail .*/untold", r.String())
	say("s", "SNS is up")
	mail("CONTENT_MISMATCH .*/untold")
	say("?", "Next replica:  l lags")
	assert.NotContains(t, r.String(), "\x1b", "colours, and what keys would do to a screen, are no part of a text")
}

func TestABrowserReachesNothing(t *testing.T) {
	r := served(t, serve.Options{})
	for _, c := range []struct{ header, value, target, form, said string }{
		{"Origin", "http://evil.example", "", "", "<Code>AccessDenied</Code><Message>a web page may not call"},
		{"Origin", "null", "AmazonSQS.ListQueues", "", `{"__type":"AccessDeniedException","message":"a web page may not call`},
		{"Sec-Fetch-Site", "same-origin", "", "application/x-www-form-urlencoded", "<Type>Sender</Type><Code>AccessDenied</Code><Message>a web page"},
		{"Host", "evil.example:9400", "", "", "not to the name evil.example, which a web page may have had lead here"},
		{"Host", "localhost:9400", "", "", "<Code>AccessDenied</Code>"},
	} {
		for _, path := range []string{"/", "/_serve"} {
			request, err := http.NewRequest(http.MethodGet, "http://"+r.at+path, nil)
			require.NoError(t, err)
			if request.Header.Set(c.header, c.value); c.header == "Host" {
				request.Host = c.value
			}
			if c.target != "" {
				request.Header.Set("X-Amz-Target", c.target)
			}
			request.Header.Set("Content-Type", c.form)
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			if c.value == "localhost:9400" && path == "/_serve" {
				assert.Equal(t, http.StatusOK, response.StatusCode)
				continue
			}
			assert.Equal(t, http.StatusForbidden, response.StatusCode)
			assert.Contains(t, string(body), c.said)
		}
	}
}

func TestWhoAsksForTheEnvironmentWhereNothingListensIsToldWhatToDo(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	at := listener.Addr().String()
	require.NoError(t, listener.Close())
	var out bytes.Buffer
	err = serve.Environment(t.Context(), at, &out)
	require.ErrorContains(t, err, "find the serve at "+at)
	require.ErrorContains(t, err, "start autobackup serve in another terminal")
	assert.Empty(t, out.String())
}

func TestWhatListensInThePlaceOfAServeHasNoWordInTheShell(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"URL":"http://127.0.0.1:1; touch it","Region":"$(touch it)\nexport PATH=/evil"}`))
	}))
	defer server.Close()
	var out bytes.Buffer
	require.NoError(t, serve.Environment(t.Context(), strings.TrimPrefix(server.URL, "http://"), &out))
	command := exec.Command("sh", "-c", `cd "$0" && `+out.String()+`pwd; ls; echo "$PATH"`, t.TempDir())
	said, err := command.CombinedOutput()
	require.NoError(t, err)
	assert.NotContains(t, string(said), "\nit\n")
	assert.NotContains(t, string(said), "/evil\n")
}

func TestWhatIsNotServedIsRefusedInASentenceThatTheCLIShows(t *testing.T) {
	r := served(t, serve.Options{})
	_, err := sts.NewFromConfig(r.client(t, "")).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	require.ErrorContains(t, err, "NotImplemented: the local stack serves GetCallerIdentity of sts, not GetSessionToken")
}

func TestAnAddressInUseIsTold(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	var out bytes.Buffer
	err = serve.Run(t.Context(), serve.Options{Project: project, Listen: listener.Addr().String(), Page: "127.0.0.1:0", Out: &out, Progress: &out})
	require.ErrorContains(t, err, "address already in use (name another address with --listen)")
	assert.Empty(t, out.String(), "it is told before anything is built")
}

func TestAFolderThatIsNotTheProjectsIsToldByWhatItLacks(t *testing.T) {
	folder := t.TempDir()
	for _, c := range []struct{ file, want string }{
		{"samconfig.toml", "read samconfig.toml: open " + folder + "/samconfig.toml"},
		{"replica.yaml", "find the template of samconfig.toml's environment replica: stat " + folder + "/replica.yaml"},
		{"template.yaml", "find the template of samconfig.toml's environment default: stat " + folder + "/template.yaml"},
		{"", "find the functions' source: lstat " + folder + "/lambdas"},
	} {
		var listen string
		if listener, err := net.Listen("tcp", "127.0.0.1:0"); assert.NoError(t, err) {
			listen = listener.Addr().String()
			require.NoError(t, listener.Close())
		}
		err := serve.Run(t.Context(), serve.Options{Project: folder, Listen: listen, Page: "127.0.0.1:0", Out: io.Discard, Progress: io.Discard})
		require.EqualError(t, err, c.want+": no such file or directory (run this in the project's folder, or name it with --project)")
		freed, err := net.Listen("tcp", listen)
		require.NoError(t, err, "nothing listens any more")
		require.NoError(t, freed.Close())
		if c.file != "" {
			text, err := os.ReadFile(filepath.Join(project, c.file))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(folder, c.file), text, 0o600))
		}
	}
}
