package serve_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/serve"
	"autobackup/local"
)

const project = "../../.."

// served starts the stacks on a free port, and gives what was told, once they are
// there, and a function that ends them as Ctrl-C does.
func served(t *testing.T) (told string, end func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := serve.Run(ctx, serve.Options{Project: project, Listen: "127.0.0.1:0", Out: in, Progress: io.Discard})
		ended <- err
		_ = in.CloseWithError(io.EOF)
	}()
	end = func() error { cancel(); return <-ended }
	text := make([]byte, 4096)
	n, err := out.Read(text) // it is written at once
	if err != nil {
		require.NoError(t, end())
	}
	return string(text[:n]), end
}

// client is the configuration of a client that does what was told.
func client(t *testing.T, told, region string) aws.Config {
	t.Helper()
	line := regexp.MustCompile(`(?m)^  export AWS_ENDPOINT_URL=(\S+) AWS_ACCESS_KEY_ID=(\S+) AWS_SECRET_ACCESS_KEY=(\S+)$`).FindStringSubmatch(told)
	require.NotNil(t, line, told)
	return aws.Config{Region: region, BaseEndpoint: &line[1], Credentials: credentials.NewStaticCredentialsProvider(line[2], line[3], "")}
}

func TestBothStacksAreServedUntilTheEnd(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	told, end := served(t)
	regions := regexp.MustCompile(`in (\S+) and (\S+), for account 123456789012\.`).FindStringSubmatch(told)
	require.NotNil(t, regions, told)
	for i, name := range []string{"default", "replica"} {
		environment, err := local.Environment(project, name)
		require.NoError(t, err)
		assert.Equal(t, environment.Region, regions[i+1])
	}
	cfg, far := client(t, told, regions[1]), client(t, told, regions[2])

	identity, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	require.NoError(t, err)
	assert.Equal(t, "123456789012", aws.ToString(identity.Account))

	uploaded, err := s3.NewFromConfig(cfg).PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("autobackup-dev-primary-documents-123456789012"), Key: aws.String("a.txt"), Body: strings.NewReader("content"),
	})
	require.NoError(t, err)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		replica, err := s3.NewFromConfig(far).HeadObject(t.Context(), &s3.HeadObjectInput{
			Bucket: aws.String("autobackup-dev-replica-documents-123456789012"), Key: aws.String("a.txt"),
		})
		if assert.NoError(c, err) {
			assert.Equal(c, uploaded.VersionId, replica.VersionId)
		}
	}, time.Minute, 10*time.Millisecond, "it is replicated")

	invoked, err := lambda.NewFromConfig(far).Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("autobackup-hash-bytes-dev"),
		Payload: []byte(`{"bucket":"autobackup-dev-replica-documents-123456789012","key":"a.txt","version":"` + strings.Repeat("0", 32) + `","etag":"e",` +
			`"size":7,"length":7,"blockSize":1048576,"algorithm":"SHA256"}`),
	})
	require.NoError(t, err)
	assert.Contains(t, string(invoked.Payload), `"found":"missing"`, "the function's process reads the same S3")

	require.NoError(t, end())
	_, err = http.Get(*cfg.BaseEndpoint)
	require.ErrorContains(t, err, "connection refused")
	left, err := filepath.Glob(os.Getenv("TMPDIR") + "/autobackup-*")
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestWhatIsNotServedIsRefusedInASentenceThatTheCLIShows(t *testing.T) {
	told, end := served(t)
	defer func() { require.NoError(t, end()) }()
	_, err := sts.NewFromConfig(client(t, told, "eu-central-1")).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	require.ErrorContains(t, err, "NotImplemented: the local stack serves GetCallerIdentity of sts, not GetSessionToken")
}

func TestAnAddressInUseIsTold(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	var out bytes.Buffer
	err = serve.Run(t.Context(), serve.Options{Project: project, Listen: listener.Addr().String(), Out: &out, Progress: &out})
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
		err := serve.Run(t.Context(), serve.Options{Project: folder, Listen: listen, Out: io.Discard, Progress: io.Discard})
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
