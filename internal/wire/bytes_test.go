package wire_test

import (
	"io"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/handler"
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

var bytesEnvironment = map[string]string{
	"WORK_BUCKET": "working", "DIGEST_ALGORITHM": "SHA256", "RANGE_BYTES": "4294967296",
	"PRIMARY_HASH_BYTES_ARN": "arn:aws:lambda:eu-central-1:111122223333:function:h",
	"REPLICA_HASH_BYTES_ARN": "arn:aws:lambda:eu-west-1:111122223333:function:h",
}

// invoked answers every invocation and keeps the bodies by host. Both sides are
// invoked at once.
type invoked struct{ bodies sync.Map }

func (i *invoked) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	i.bodies.Store(r.URL.Host, string(body))
	answer := response(200, `{"found":"archived","detail":"d"}`, http.Header{})
	answer.Request = r
	return answer, err
}

func compareBytes(t *testing.T, client aws.HTTPClient, environment map[string]string) (handler.Func, error) {
	t.Helper()
	return wire.CompareBytes(awsConfig(client), func(name string) string { return environment[name] }, slog.New(slog.DiscardHandler))
}

func TestCompareBytesInvokesTheFunctionOfEachSidesRegion(t *testing.T) {
	var calls invoked
	f, err := compareBytes(t, &calls, bytesEnvironment)
	require.NoError(t, err)
	message := func(bytes string) string {
		return `{"messageId":"m","body":"{\"source\":\"aws.s3\",\"detail-type\":\"Object Created\",\"region\":\"eu-central-1\",` +
			`\"detail\":{\"bucket\":{\"name\":\"docs\"},\"object\":{\"key\":\"k\",\"version-id\":\"v1\"}}}",` +
			`"look":{"primary":{"bucket":"p","region":"eu-central-1","found":"object","size":5},` +
			`"replicas":[{"bucket":"q","region":"eu-west-1","found":"object","size":5,"bytes":` + bytes + `}]}}`
	}
	answer, err := f(t.Context(), []byte(`{"operation":"compare","message":`+message(`{"verdict":"reading"}`)+`}`))
	require.NoError(t, err)
	assert.JSONEq(t, `{"message":`+message(`{"verdict":"failed","reason":"ARCHIVED",`+
		`"detail":"primary p (eu-central-1) and replica q (eu-west-1): reading the bytes of the primary shows archived (d)"}`)+`}`, string(answer))
	asked := func(bucket string) string {
		return `{"bucket":"` + bucket + `","key":"k","version":"v1","size":5,"offset":0,"length":5,"blockSize":16777216,"algorithm":"SHA256"}`
	}
	got := map[any]any{}
	calls.bodies.Range(func(host, body any) bool { got[host] = body; return true })
	assert.Equal(t, map[any]any{"lambda.eu-central-1.amazonaws.com": asked("p"), "lambda.eu-west-1.amazonaws.com": asked("q")}, got)
}

func TestCompareBytesSaysWhatItsEnvironmentLacks(t *testing.T) {
	for name, value := range map[string]string{
		"WORK_BUCKET": "", "DIGEST_ALGORITHM": "MD5", "RANGE_BYTES": "4294967297", "PRIMARY_HASH_BYTES_ARN": "", "REPLICA_HASH_BYTES_ARN": "arn:aws:sqs:eu-west-1:111122223333:q",
	} {
		environment := maps.Clone(bytesEnvironment)
		environment[name] = value
		_, err := compareBytes(t, nil, environment)
		require.ErrorContains(t, err, "environment variable "+name)
		assert.ErrorContains(t, err, "set it to")
	}
}
