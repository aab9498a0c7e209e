package wire_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/comparebytes"
	"autobackup/internal/handler"
	"autobackup/internal/verdict"
	"autobackup/internal/wire"
)

func awsConfig(client aws.HTTPClient) aws.Config {
	return aws.Config{Region: "eu-central-1", HTTPClient: client, Credentials: credentials.NewStaticCredentialsProvider("id", "secret", "")}
}

func TestHashBytesReadsTheVersionAndAsksForNoStoredChecksum(t *testing.T) {
	object := response(206, "123456789", http.Header{
		"X-Amz-Version-Id": {"v1"}, "Content-Range": {"bytes 0-8/9"}, "Content-Length": {"9"}, "Etag": {`"e"`},
	})
	object.ContentLength = 9
	n := network{"GET https://docs.s3.eu-central-1.amazonaws.com/a.txt?versionId=v1&x-id=GetObject": object}
	f, err := wire.HashBytes(awsConfig(n), func(string) string { return "" }, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	answer, err := f(t.Context(), []byte(`{"bucket":"docs","key":"a.txt","version":"v1","etag":"\"e\"","size":9,"length":9,"blockSize":16,"algorithm":"CRC64NVME"}`))
	require.NoError(t, err)
	assert.JSONEq(t, `{"found":"object","digests":{"length":9,"blockSize":16,"algorithm":"CRC64NVME",`+
		`"blocks":"rosUhgp5mIg=","crc64nvme":"rosUhgp5mIg="}}`, string(answer))
	assert.Equal(t, "bytes=0-8", object.Request.Header.Get("Range"))
	assert.Equal(t, `"e"`, object.Request.Header.Get("If-Match"))
	assert.Empty(t, object.Request.Header.Get("X-Amz-Checksum-Mode"))
}

// bytesEnvironment is what template.yaml gives the function of stage dev.
var bytesEnvironment = map[string]string{
	"WORK_BUCKET": "autobackup-dev-work-123456789012", "DIGEST_ALGORITHM": "SHA256", "RANGE_BYTES": "4294967296", "RANGE_CONCURRENCY": "10",
	"PRIMARY_HASH_BYTES_ARN":  "arn:aws:lambda:eu-central-1:123456789012:function:autobackup-hash-bytes-dev",
	"REPLICA_HASH_BYTES_ARNS": "arn:aws:lambda:eu-west-1:123456789012:function:autobackup-hash-bytes-dev",
}

// readers answers every invocation of hash-bytes alike, and takes what is written
// to the working bucket. It keeps the bodies by host. Both sides are invoked at
// once.
type readers struct {
	answer string
	bodies sync.Map
}

func (i *readers) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	i.bodies.Store(r.URL.Host, string(body))
	answer := response(200, "", http.Header{})
	switch {
	case strings.HasPrefix(r.URL.Host, "lambda.") && r.Method == http.MethodPost:
		answer = response(200, i.answer, http.Header{})
	case r.URL.Host != "autobackup-dev-work-123456789012.s3.eu-central-1.amazonaws.com" || r.Method != http.MethodPut:
		return nil, errors.New("unexpected request: " + r.Method + " " + r.URL.String())
	}
	answer.Request = r
	return answer, err
}

func (i *readers) asked() map[any]any {
	asked := map[any]any{}
	i.bodies.Range(func(host, body any) bool { asked[host] = body; return true })
	return asked
}

func compareBytes(t *testing.T, client aws.HTTPClient, environment map[string]string) (handler.Func, error) {
	t.Helper()
	return wire.CompareBytes(awsConfig(client), func(name string) string { return environment[name] }, slog.New(slog.DiscardHandler))
}

func sample(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile("../../events/" + path)
	require.NoError(t, err)
	return content
}

func TestCompareBytesInvokesTheFunctionOfEachSidesRegion(t *testing.T) {
	client := &readers{answer: `{"found":"archived","detail":"d"}`}
	f, err := compareBytes(t, client, bytesEnvironment)
	require.NoError(t, err)
	answer, err := f(t.Context(), sample(t, "compare-bytes/compare.json"))
	require.NoError(t, err)
	var got comparebytes.Answer
	require.NoError(t, json.Unmarshal(answer, &got))
	archived := verdict.Read{Found: verdict.Archived, Detail: "d"}
	assert.Equal(t, &verdict.Bytes{Primary: archived, Replica: archived}, got.Batch.Reading[0].Look.Replicas[0].Bytes)
	asked := func(side, etag string) string {
		return `{"bucket":"autobackup-dev-` + side + `-documents-123456789012","key":"reports/2026/annual report.pdf","version":"3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH",` +
			`"etag":"\"` + etag + `\"","size":48213,"offset":0,"length":48213,"blockSize":16777216,"algorithm":"SHA256"}`
	}
	assert.Equal(t, map[any]any{
		"lambda.eu-central-1.amazonaws.com": asked("primary", "0f343b0931126a20f133d67c2b018a3b"),
		"lambda.eu-west-1.amazonaws.com":    asked("replica", "c4ca4238a0b923820dcc509a6f75849b"),
	}, client.asked())
}

func TestCompareBytesAsksAgainByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, err := compareBytes(t, &readers{answer: `{"found":"denied","detail":"d"}`}, bytesEnvironment)
		require.NoError(t, err)
		start := time.Now()
		_, err = f(t.Context(), sample(t, "compare-bytes/compare.json"))
		require.NoError(t, err)
		assert.Equal(t, 6*time.Second, time.Since(start))
	})
}

// The local stack that .ci/invoke runs the samples with has none of their objects.
func TestTheSamplesOfCompareBytesAreAnsweredAsTheGoldenFilesSay(t *testing.T) {
	client := &readers{answer: `{"found":"missing","detail":"GetObject answered 404 NoSuchVersion"}`}
	f, err := compareBytes(t, client, bytesEnvironment)
	require.NoError(t, err)
	paths, err := filepath.Glob("../../events/compare-bytes/*.json")
	require.NoError(t, err)
	require.Len(t, paths, 6)
	for _, path := range paths {
		name := "compare-bytes/" + filepath.Base(path)
		answer, err := f(t.Context(), sample(t, name))
		var named messages.InvokeResponse_Error
		if errors.As(err, &named) {
			answer, err = json.Marshal(map[string]string{"errorType": named.Type, "errorMessage": named.Message})
		}
		require.NoError(t, err)
		assert.JSONEq(t, string(sample(t, "golden/"+name)), string(answer), name)
	}
}

func TestCompareBytesSaysWhatItsEnvironmentLacks(t *testing.T) {
	tests := map[string][]string{
		"WORK_BUCKET": {""}, "DIGEST_ALGORITHM": {"MD5", ""}, "RANGE_BYTES": {"4294967297", "0", "4 GiB", ""},
		"RANGE_CONCURRENCY": {"1001", "0", "-1", "1.5", ""}, "PRIMARY_HASH_BYTES_ARN": {""}, "REPLICA_HASH_BYTES_ARNS": {"arn:aws:sqs:eu-west-1:111122223333:q"},
	}
	for name, values := range tests {
		for _, value := range values {
			environment := maps.Clone(bytesEnvironment)
			environment[name] = value
			_, err := compareBytes(t, nil, environment)
			require.ErrorContains(t, err, "environment variable "+name, value)
			assert.ErrorContains(t, err, "set it to", value)
		}
	}
	for _, value := range []string{"1", "1000"} {
		environment := maps.Clone(bytesEnvironment)
		environment["RANGE_CONCURRENCY"] = value
		_, err := compareBytes(t, nil, environment)
		require.NoError(t, err, value)
	}
}

func TestARegionHasTheFunctionThatReadsThereAndThePrimarysItsOwn(t *testing.T) {
	const away, here, theirs = "arn:aws:lambda:eu-west-1:123456789012:function:h", "arn:aws:lambda:eu-central-1:123456789012:function:h", "arn:aws:lambda:eu-west-1:210987654321:function:h"
	for name, tt := range map[string]struct {
		replicas string
		asked    []any // hosts
		refused  string
	}{
		"one replica region":                    {away, []any{"lambda.eu-central-1.amazonaws.com", "lambda.eu-west-1.amazonaws.com"}, ""},
		"several":                               {"arn:aws:lambda:sa-east-1:123456789012:function:h," + away, []any{"lambda.eu-central-1.amazonaws.com", "lambda.eu-west-1.amazonaws.com"}, ""},
		"one of another account":                {theirs, []any{"lambda.eu-central-1.amazonaws.com", "lambda.eu-west-1.amazonaws.com"}, ""},
		"one twice":                             {away + "," + away, []any{"lambda.eu-central-1.amazonaws.com", "lambda.eu-west-1.amazonaws.com"}, ""},
		"none: that side is told as not read":   {"", []any{"lambda.eu-central-1.amazonaws.com"}, ""},
		"one in the primary's region, no other": {here, []any{"lambda.eu-central-1.amazonaws.com"}, ""},
		"two in one region": {away + "," + theirs, nil,
			"environment variable REPLICA_HASH_BYTES_ARNS names " + away + " and " + theirs + ", both of eu-west-1: set it to one for each region (parameter ReplicaHashBytesArns)"},
	} {
		t.Run(name, func(t *testing.T) {
			environment := maps.Clone(bytesEnvironment)
			environment["REPLICA_HASH_BYTES_ARNS"] = tt.replicas
			client := &readers{answer: `{"found":"archived","detail":"d"}`}
			f, err := compareBytes(t, client, environment)
			if tt.refused != "" {
				require.EqualError(t, err, tt.refused)
				return
			}
			require.NoError(t, err)
			_, err = f(t.Context(), sample(t, "compare-bytes/compare.json"))
			require.NoError(t, err)
			assert.ElementsMatch(t, tt.asked, slices.Collect(maps.Keys(client.asked())))
		})
	}
}
