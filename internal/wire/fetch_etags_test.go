package wire_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/handler"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/wire"
)

// network answers the requests it knows, by method and URL.
type network map[string]*http.Response

func (n network) Do(r *http.Request) (*http.Response, error) {
	response, known := n[r.Method+" "+r.URL.String()]
	if !known {
		return nil, errors.New("unexpected request: " + r.Method + " " + r.URL.String())
	}
	response.Request = r
	return response, nil
}

func response(status int, body string, header http.Header) *http.Response {
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

func fetchETags(t *testing.T, n network) handler.Func {
	t.Helper()
	f, err := wire.FetchETags(awsConfig(n), nothingSet, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return f
}

func nothingSet(string) string { return "" }

func TestFetchETagsKeepsOfARecordWhatIsParked(t *testing.T) {
	f := fetchETags(t, network{
		"HEAD https://docs.s3.eu-central-1.amazonaws.com/": response(200, "", http.Header{"X-Amz-Bucket-Region": {"eu-central-1"}}),
		"GET https://docs.s3.eu-central-1.amazonaws.com/?replication=": response(404,
			"<Error><Code>ReplicationConfigurationNotFoundError</Code></Error>", http.Header{}),
		"HEAD https://docs.s3.eu-central-1.amazonaws.com/a%3C.txt?versionId=v1": response(200, "",
			http.Header{"Content-Length": {"3"}, "Etag": {`"e"`}, "X-Amz-Version-Id": {"v1"}}),
	})
	const body = `{\"source\":\"aws.s3\",\"detail-type\":\"Object Created\",\"region\":\"eu-central-1\",\"time\":\"2026-01-02T03:04:05Z\",` +
		`\"detail\":{\"bucket\":{\"name\":\"docs\"},\"object\":{\"key\":\"a<.txt\",\"version-id\":\"v1\"}}}`
	answer, err := f(t.Context(), []byte(`{"execution":"arn","input":[`+
		`{"messageId":"1","receiptHandle":"h","body":"`+body+`","attributes":{"ApproximateReceiveCount":"1"},"awsRegion":"eu-central-1"},`+
		`{"messageId":"2","body":"noise"}]}`))
	require.NoError(t, err)
	assert.Contains(t, string(answer), `{"execution":"arn","reads":false,"messages":[`+
		`{"messageId":"1","body":"`+body+`","progress":{"looks":0,"waited":0},`+
		`"look":{"primary":{"bucket":"docs","region":"eu-central-1","found":"object","size":3,"etag":"\"e\"","metadata":{"headers":"DeB3eY16","user":"dCNOmK_n"}}}},`+
		`{"messageId":"2","body":"noise","progress":{"looks":0,"waited":0}}],"lagging":[],"reading":[],"failed":[],"over":[],`+
		`"counts":{"messages":2,"lagging":0,"reading":0,"failed":0,"over":0},"wait":0,`)
}

func TestFetchETagsBeginsAnExecutionThatReadsBytes(t *testing.T) {
	f := fetchETags(t, nil)
	answer, err := f(t.Context(), []byte(`{"execution":"arn","input":{"messages":[{"messageId":"1","body":"noise","progress":{"looks":4,"waited":75}}]}}`))
	require.NoError(t, err)
	assert.Contains(t, string(answer), `{"execution":"arn","reads":true,"messages":[{"messageId":"1","body":"noise","progress":{"looks":4,"waited":75}}],`)
}

// The samples are what sam local invoke sends to the function. In a bubble the
// client's retries take no time: no S3 is there.
func TestFetchETagsTakesEverySample(t *testing.T) {
	samples, err := filepath.Glob("../../events/fetch-etags/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, samples)
	for _, sample := range samples {
		t.Run(filepath.Base(sample), func(t *testing.T) {
			payload, err := os.ReadFile(sample)
			require.NoError(t, err)
			var in, out batch.Batch
			require.NoError(t, json.Unmarshal(payload, &in))
			synctest.Test(t, func(t *testing.T) {
				answer, err := fetchETags(t, nil)(t.Context(), payload)
				require.NoError(t, err)
				require.NoError(t, json.Unmarshal(answer, &out))
			})
			require.NotEmpty(t, in.Messages)
			require.Len(t, out.Messages, len(in.Messages))
			for i, m := range out.Messages {
				version, err := s3event.Parse(m.Body)
				assert.Equal(t, in.Messages[i].Body, m.Body)
				assert.Equal(t, err == nil && version.Versioned(), m.Look != nil, "%v", err)
			}
		})
	}
}

func TestFetchETagsTakesNothingButABatch(t *testing.T) {
	for name, payload := range map[string]string{
		"the pipe's array itself":  `[{"messageId":"1","body":"b"}]`,
		"no messages":              `{"execution":"arn"}`,
		"no message to read":       `{"execution":"arn","input":{"messages":[]}}`,
		"null":                     `null`,
		"messages of another type": `{"messages":"1"}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fetchETags(t, nil)(t.Context(), []byte(payload))
			var named messages.InvokeResponse_Error
			require.ErrorAs(t, err, &named)
			assert.Equal(t, reason.BadInput, named.Type)
		})
	}
}
