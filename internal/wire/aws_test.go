package wire_test

import (
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/wire"
)

// calls notes where requests go, and answers as services that have nothing and take
// everything.
type calls struct {
	mu   sync.Mutex
	urls []string
}

func (c *calls) Do(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.urls = append(c.urls, r.URL.Scheme+"://"+r.URL.Host+r.URL.Path)
	status, body := http.StatusOK, `{"Successful":[{"Id":"0"}]}` // as SQS takes a message
	if r.Method == http.MethodGet {
		status, body = http.StatusNotFound, "<Error><Code>NoSuchKey</Code></Error>"
	} else if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body) // the SDK reckons a checksum meanwhile
	}
	answer := response(status, body, http.Header{"X-Amz-Bucket-Region": {"eu-central-1"}, "Etag": {`"1"`}})
	answer.Request = r
	return answer, nil
}

// calling are samples that make each function that calls AWS do so.
var calling = map[string][]string{
	"compare-bytes":    {"compare-bytes/compare.json", "compare-bytes/larger-than-a-range.json"},
	"evidence":         {"fetch-etags/upload.json"}, // whatever it is
	"failure-notifier": {"failure-notifier/report.json", "failure-notifier/parked.json"},
	"fetch-etags":      {"fetch-etags/upload.json"},
	"hash-bytes":       {"hash-bytes/missing.json"},
	"heartbeat":        {"fetch-etags/upload.json"}, // whatever it is
}

// called are the addresses that the functions call with this endpoint, as the SDK
// reads it from the environment.
func called(t *testing.T, endpoint string, environment map[string]string) []string {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	c := &calls{}
	synctest.Test(t, func(t *testing.T) {
		cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion("eu-central-1"),
			config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("id", "secret", "")))
		require.NoError(t, err)
		cfg.HTTPClient = c
		for name, samples := range calling {
			f, err := wire.Functions(io.Discard, time.Now)[name](cfg, lookup(environment), slog.New(slog.DiscardHandler))
			require.NoError(t, err, name)
			for _, path := range samples {
				_, _ = f(t.Context(), sample(t, path)) // where it calls counts, not what comes of it
			}
		}
	})
	return c.urls
}

// lookup is an environment in which every function starts.
func lookup(more map[string]string) func(string) string {
	all := maps.Clone(bytesEnvironment)
	maps.Copy(all, notifierEnvironment)
	maps.Copy(all, ofHeartbeats)
	maps.Copy(all, map[string]string{
		"DEADLINE_MINUTES": "60", "MARKER_DEADLINE_MINUTES": "60", "BYTE_VERIFICATION": "never",
		"METADATA_DIFFERENCES": "record", "MESSAGE_BYTES": "65536", "ACCOUNT": "123456789012", "EVIDENCE_BUCKET": "autobackup-test-evidence-123456789012",
	})
	maps.Copy(all, more)
	return func(name string) string { return all[name] }
}

func hosts(urls []string) []string {
	found := map[string]bool{}
	for _, url := range urls {
		found[strings.Split(url, "/")[2]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// This is what the template deploys: an empty AWS_ENDPOINT_URL.
func TestFunctionsCallAWSWhereTheEndpointIsEmpty(t *testing.T) {
	assert.Equal(t, []string{
		"autobackup-dev-primary-documents-123456789012.s3.eu-central-1.amazonaws.com",
		"autobackup-test-evidence-123456789012.s3.eu-central-1.amazonaws.com",
		"autobackup-test-work-123456789012.s3.eu-central-1.amazonaws.com",
		"lambda.eu-central-1.amazonaws.com", "lambda.eu-west-1.amazonaws.com", "primary.s3.eu-central-1.amazonaws.com",
		"sns.eu-central-1.amazonaws.com", "sqs.eu-central-1.amazonaws.com",
	}, hosts(called(t, "", nil)))
}

func TestFunctionsCallTheEndpointOnly(t *testing.T) {
	local := map[string]string{"AWS_SAM_LOCAL": "true"}
	tests := map[string]struct {
		endpoint    string
		environment map[string]string
		want        string
	}{
		"on this machine":                            {"http://127.0.0.1:9400", nil, "127.0.0.1:9400"},
		"on this machine, from SAM's container":      {"http://127.0.0.1:9400", local, "host.docker.internal:9400"},
		"by name, from SAM's container":              {"http://localhost:9400", local, "host.docker.internal:9400"},
		"by IPv6, from SAM's container":              {"http://[::1]:9400", local, "host.docker.internal:9400"},
		"without a port, from SAM's container":       {"http://localhost", local, "host.docker.internal"},
		"on another machine, from SAM's container":   {"https://aws.example:9400", local, "aws.example:9400"},
		"at Docker's bridge, from SAM's container":   {"http://172.17.0.1:9400", local, "172.17.0.1:9400"},
		"at Docker's own name, from SAM's container": {"http://host.docker.internal:9400", local, "host.docker.internal:9400"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			urls := called(t, tt.endpoint, tt.environment)
			assert.Equal(t, []string{tt.want}, hosts(urls))
			scheme, _, _ := strings.Cut(tt.endpoint, ":")
			assert.Contains(t, urls, scheme+"://"+tt.want+"/autobackup-dev-primary-documents-123456789012", "the bucket is in the path")
		})
	}
}

func TestUnderSamLocalInvokeAFunctionWithoutAnEndpointSaysWhatItLacks(t *testing.T) {
	const advice = ": start the local stack with `go run ./cmd/autobackup serve` and set AWS_ENDPOINT_URL to the address that it prints"
	for name, build := range wire.Functions(io.Discard, time.Now) {
		for endpoint, want := range map[string]string{
			"":               "this function calls AWS, and sam local invoke calls no account of yours" + advice,
			"127.0.0.1:9400": "environment variable AWS_ENDPOINT_URL is no address like http://127.0.0.1:9400" + advice,
			"localhost":      "environment variable AWS_ENDPOINT_URL is no address like http://127.0.0.1:9400" + advice,
		} {
			cfg := aws.Config{Region: "eu-central-1"}
			if endpoint != "" {
				cfg.BaseEndpoint = &endpoint
			}
			_, err := build(cfg, lookup(map[string]string{"AWS_SAM_LOCAL": "true"}), slog.New(slog.DiscardHandler))
			if calling[name] == nil {
				assert.NoError(t, err, "%s calls nothing", name)
				continue
			}
			assert.EqualError(t, err, want, name)
		}
	}
}
