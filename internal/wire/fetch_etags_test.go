package wire_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/handler"
	"autobackup/internal/reason"
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
	f, err := wire.FetchETags(awsConfig(n), environ(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return f
}

func TestFetchETagsKeepsOfARecordWhatIsParked(t *testing.T) {
	f := fetchETags(t, network{
		"HEAD https://docs.s3.eu-central-1.amazonaws.com/": response(200, "", http.Header{"X-Amz-Bucket-Region": {"eu-central-1"}}),
		"GET https://docs.s3.eu-central-1.amazonaws.com/?replication=": response(404,
			"<Error><Code>ReplicationConfigurationNotFoundError</Code></Error>", http.Header{}),
		"HEAD https://docs.s3.eu-central-1.amazonaws.com/a%3C.txt?versionId=v1": response(200, "", http.Header{"Content-Length": {"3"}, "Etag": {`"e"`}}),
	})
	const body = `{\"source\":\"aws.s3\",\"detail-type\":\"Object Created\",\"region\":\"eu-central-1\",\"time\":\"2026-01-02T03:04:05Z\",` +
		`\"detail\":{\"bucket\":{\"name\":\"docs\"},\"object\":{\"key\":\"a<.txt\",\"version-id\":\"v1\"}}}`
	answer, err := f(t.Context(), []byte(`{"execution":"arn","messages":[`+
		`{"messageId":"1","receiptHandle":"h","body":"`+body+`","attributes":{"ApproximateReceiveCount":"1"},"awsRegion":"eu-central-1"},`+
		`{"messageId":"2","body":"noise"}]}`))
	require.NoError(t, err)
	assert.Equal(t, `{"execution":"arn","looks":1,"waited":0,"wait":0,"messages":[`+
		`{"messageId":"1","body":"`+body+`","look":{"primary":{"bucket":"docs","region":"eu-central-1","found":"object","size":3,"etag":"\"e\"","metadata":{"headers":"DeB3eY16","user":"dCNOmK_n"}}}},`+
		`{"messageId":"2","body":"noise"}],"reading":0,"failed":[],"alert":{"subject":"","message":""},"summary":{"text":"","objects":[]}}`, string(answer))
}

func TestFetchETagsTakesNothingButABatch(t *testing.T) {
	for name, payload := range map[string]string{
		"the pipe's array itself":  `[{"messageId":"1","body":"b"}]`,
		"no messages":              `{"execution":"arn"}`,
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
