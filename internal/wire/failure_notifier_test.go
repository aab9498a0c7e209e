package wire_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/handler"
	"autobackup/internal/reason"
	"autobackup/internal/wire"
)

// outbox keeps what reaches SNS and SQS, and refuses any other call.
type outbox struct {
	mails []url.Values
	sent  []map[string]any
	marks []string // "METHOD host/path" of what reaches the working bucket
}

func (o *outbox) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil { // S3 gets none with an empty mark
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	answer := &http.Response{StatusCode: 200, Header: http.Header{}, Request: r}
	switch {
	case r.URL.Host == "sns.eu-central-1.amazonaws.com" && strings.Contains(string(body), "Action=Publish&"):
		mail, err := url.ParseQuery(string(body))
		o.mails = append(o.mails, mail)
		answer.Body = io.NopCloser(strings.NewReader(`<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>`))
		return answer, err
	case r.URL.Host == "sqs.eu-central-1.amazonaws.com" && r.Header.Get("X-Amz-Target") == "AmazonSQS.SendMessage":
		var in map[string]any
		err := json.Unmarshal(body, &in)
		o.sent = append(o.sent, in)
		answer.Body = io.NopCloser(strings.NewReader(`{"MessageId":"1"}`))
		return answer, err
	}
	if r.Method == http.MethodPut && r.URL.Host == environ()("WORK_BUCKET")+".s3.eu-central-1.amazonaws.com" {
		o.marks = append(o.marks, r.URL.Path)
		answer.Body = http.NoBody
		return answer, nil
	}
	return nil, errors.New("unexpected request: " + r.Method + " " + r.URL.String() + " " + string(body))
}

func failureNotifier(t *testing.T, o *outbox) handler.Func {
	t.Helper()
	f, err := wire.FailureNotifier(awsConfig(o), environ(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return f
}

func TestFailureNotifierAlertsAndPutsBackEverySample(t *testing.T) {
	for sample, want := range map[string]struct{ subject, alerts string }{
		"parked":       {"[test] Backup check failed: SIZE_MISMATCH ", "2"},
		"moved-by-sqs": {"[test] Backup check failed: WORKFLOW_ERROR ", "1"},
	} {
		t.Run(sample, func(t *testing.T) {
			payload, err := os.ReadFile("../../events/failure-notifier/" + sample + ".json")
			require.NoError(t, err)
			var event events.SQSEvent
			require.NoError(t, json.Unmarshal(payload, &event))
			o := &outbox{}
			answer, err := failureNotifier(t, o)(t.Context(), payload)
			require.NoError(t, err)
			assert.JSONEq(t, `{"batchItemFailures":[]}`, string(answer))
			require.Len(t, o.mails, 1)
			assert.Equal(t, environ()("TOPIC_ARN"), o.mails[0].Get("TopicArn"))
			assert.True(t, strings.HasPrefix(o.mails[0].Get("Subject"), want.subject), o.mails[0].Get("Subject"))
			require.Len(t, o.sent, 1)
			assert.Equal(t, environ()("VALIDATION_DLQ_URL"), o.sent[0]["QueueUrl"])
			assert.Equal(t, event.Records[0].Body, o.sent[0]["MessageBody"], "unchanged")
			alerts := o.sent[0]["MessageAttributes"].(map[string]any)["alerts"]
			assert.Equal(t, map[string]any{"DataType": "Number", "StringValue": want.alerts}, alerts)
		})
	}
}

func TestFailureNotifierTakesNothingButRecords(t *testing.T) {
	for _, payload := range []string{`[]`, `{}`, `null`, `{"Records":"x"}`, `{"Records":[`} {
		_, err := failureNotifier(t, &outbox{})(t.Context(), []byte(payload))
		var named messages.InvokeResponse_Error
		require.ErrorAs(t, err, &named, payload)
		assert.Equal(t, reason.BadInput, named.Type, payload)
	}
}

func TestFailureNotifierTellsWhatS3NotifiesAndMarksUploads(t *testing.T) {
	for sample, want := range map[string]struct {
		subject     string // of the only e-mail; empty: none
		marks, sent int
	}{
		"replication-failed":                    {"REPLICATION_FAILED", 1, 0},
		"replication-of-metadata-failed":        {"REPLICATION_FAILED", 0, 0},
		"replication-failed-after-the-deadline": {"", 0, 0},
		"s3-test-event":                         {"", 0, 0},
		"another-notification":                  {"MALFORMED_EVENT", 0, 1},
	} {
		t.Run(sample, func(t *testing.T) {
			payload, err := os.ReadFile("../../events/failure-notifier/" + sample + ".json")
			require.NoError(t, err)
			o := &outbox{}
			answer, err := failureNotifier(t, o)(t.Context(), payload)
			require.NoError(t, err)
			assert.JSONEq(t, `{"batchItemFailures":[]}`, string(answer))
			assert.Len(t, o.marks, want.marks)
			assert.Len(t, o.sent, want.sent)
			if want.subject == "" {
				assert.Empty(t, o.mails)
				return
			}
			require.Len(t, o.mails, 1)
			assert.Contains(t, o.mails[0].Get("Subject"), want.subject)
		})
	}
}
