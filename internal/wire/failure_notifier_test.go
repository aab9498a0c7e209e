package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/handler"
	"autobackup/internal/reason"
	"autobackup/internal/wire"
)

const (
	queueARN = "arn:aws:sqs:eu-central-1:123456789012:autobackup-"
	queueURL = "https://sqs.eu-central-1.amazonaws.com/123456789012/autobackup-"
)

// notifierEnvironment is a good environment of failure-notifier.
var notifierEnvironment = map[string]string{
	"STAGE": "test", "WORK_BUCKET": "autobackup-test-work-123456789012", "TOPIC_ARN": "arn:aws:sns:eu-central-1:123456789012:autobackup-failure-topic-test",
	"VALIDATION_QUEUE_ARN": queueARN + "validation-queue-test", "VALIDATION_DLQ_ARN": queueARN + "validation-dlq-test",
	"FAILURE_QUEUE_ARN": queueARN + "failure-queue-test", "ALERT_EVENTS": "Disabled",
}

// outbox keeps what reaches SNS, SQS and the working bucket, and refuses any
// other call.
type outbox struct {
	mails  []url.Values
	sent   map[string][]entry // by the queue's name
	memory []byte
	tags   []string // If-None-Match and If-Match of each write
	date   string   // S3's clock
	events []struct{ Source, Detail string }
}

type entry struct {
	MessageBody       string
	MessageAttributes map[string]struct{ DataType, StringValue string }
	DelaySeconds      int
}

func (o *outbox) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	answer := func(status int, text string) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Etag": {`"1"`}, "Date": {o.date}}, Request: r, Body: io.NopCloser(strings.NewReader(text))}, nil
	}
	const memory = "autobackup-test-work-123456789012.s3.eu-central-1.amazonaws.com/told/memory.json"
	switch {
	case r.URL.Host == "sns.eu-central-1.amazonaws.com" && strings.Contains(string(body), "Action=Publish&"):
		mail, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		o.mails = append(o.mails, mail)
		return answer(200, `<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>`)
	case r.URL.Host == "events.eu-central-1.amazonaws.com" && r.Header.Get("X-Amz-Target") == "AWSEvents.PutEvents":
		var in struct {
			Entries []struct{ Source, Detail string }
		}
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, err
		}
		o.events = append(o.events, in.Entries...)
		return answer(200, `{"FailedEntryCount":0,"Entries":[`+strings.TrimSuffix(strings.Repeat(`{"EventId":"e"},`, len(in.Entries)), ",")+`]}`)
	case r.Method == http.MethodGet && r.URL.RawQuery == "tagging=":
		return answer(200, `<Tagging><TagSet><Tag><Key>team</Key><Value>storage</Value></Tag></TagSet></Tagging>`)
	case r.URL.Host == "sqs.eu-central-1.amazonaws.com" && r.Header.Get("X-Amz-Target") == "AmazonSQS.SendMessageBatch":
		return o.batch(body, answer)
	case r.URL.Host+r.URL.Path == memory && r.Method == http.MethodGet && o.memory == nil:
		return answer(404, `<Error><Code>NoSuchKey</Code></Error>`)
	case r.URL.Host+r.URL.Path == memory && r.Method == http.MethodGet:
		return answer(200, string(o.memory))
	case r.URL.Host+r.URL.Path == memory && r.Method == http.MethodPut:
		o.memory, o.tags = body, append(o.tags, r.Header.Get("If-None-Match")+r.Header.Get("If-Match"))
		return answer(200, "")
	}
	return nil, errors.New("unexpected request: " + r.Method + " " + r.URL.String() + " " + string(body))
}

func (o *outbox) batch(body []byte, answer func(int, string) (*http.Response, error)) (*http.Response, error) {
	var in struct {
		QueueUrl string //nolint:revive // SQS's name
		Entries  []struct {
			Id string //nolint:revive // SQS's name
			entry
		}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	out := struct{ Successful []map[string]string }{}
	for _, e := range in.Entries {
		name := strings.TrimPrefix(in.QueueUrl, queueURL)
		o.sent[name] = append(o.sent[name], e.entry)
		out.Successful = append(out.Successful, map[string]string{"Id": e.Id, "MessageId": "1"})
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	return answer(200, string(text))
}

var nine = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

func failureNotifier(t *testing.T, o *outbox, environment map[string]string) (handler.Func, error) {
	t.Helper()
	o.sent = map[string][]entry{}
	return wire.FailureNotifierBy(func() time.Time { return nine })(awsConfig(o), func(name string) string { return environment[name] }, slog.New(slog.DiscardHandler))
}

func TestEverySampleOfFailureNotifierIsAnswered(t *testing.T) {
	wants := map[string]struct {
		subject     string // of the only e-mail begins so; empty: none
		looked, put int    // messages in the validation queue and its DLQ
	}{
		"report":                         {"[test] Backup check failed: SIZE_MISMATCH", 0, 0},
		"parked":                         {"[test] Backup check failed: SIZE_MISMATCH", 0, 1},
		"moved-by-sqs":                   {"[test] Backup check failed: WORKFLOW_ERROR", 0, 1},
		"malformed":                      {"[test] Backup check failed: MALFORMED_EVENT", 0, 1},
		"replication-failed":             {"", 1, 0},
		"replication-of-metadata-failed": {"", 1, 0},
		"another-notification":           {"", 1, 0},
		"s3-test-event":                  {"", 0, 0},
		"wake-up":                        {"", 0, 0},
		"over":                           {"", 0, 0},
	}
	paths, err := filepath.Glob("../../events/failure-notifier/*.json")
	require.NoError(t, err)
	require.Len(t, paths, len(wants))
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			want, known := wants[name]
			require.True(t, known)
			payload := sample(t, "failure-notifier/"+filepath.Base(path))
			var event events.SQSEvent
			require.NoError(t, json.Unmarshal(payload, &event))
			o := &outbox{}
			f, err := failureNotifier(t, o, notifierEnvironment)
			require.NoError(t, err)
			answer, err := f(t.Context(), payload)
			require.NoError(t, err)
			assert.JSONEq(t, string(sample(t, "golden/failure-notifier/"+filepath.Base(path))), string(answer))
			require.Len(t, o.sent["validation-queue-test"], want.looked)
			require.Len(t, o.sent["validation-dlq-test"], want.put)
			for _, e := range append(o.sent["validation-queue-test"], o.sent["validation-dlq-test"]...) {
				assert.Equal(t, event.Records[0].Body, e.MessageBody, "unchanged")
			}
			if want.subject == "" {
				assert.Empty(t, o.mails)
				return
			}
			require.Len(t, o.mails, 1)
			assert.Equal(t, notifierEnvironment["TOPIC_ARN"], o.mails[0].Get("TopicArn"))
			assert.True(t, strings.HasPrefix(o.mails[0].Get("Subject"), want.subject), o.mails[0].Get("Subject"))
		})
	}
}

func TestFailureNotifierAddressesEveryoneAsItsEnvironmentSays(t *testing.T) {
	o := &outbox{}
	f, err := failureNotifier(t, o, notifierEnvironment)
	require.NoError(t, err)
	_, err = f(t.Context(), sample(t, "failure-notifier/parked.json"))
	require.NoError(t, err)

	require.Len(t, o.mails, 1)
	for _, queue := range []string{queueARN + "validation-queue-test", queueARN + "validation-dlq-test", queueURL + "validation-dlq-test", queueARN + "failure-queue-test"} {
		assert.Contains(t, o.mails[0].Get("Message"), queue)
	}
	require.Len(t, o.sent["validation-dlq-test"], 1)
	assert.Equal(t, struct{ DataType, StringValue string }{"Number", "2"}, o.sent["validation-dlq-test"][0].MessageAttributes["alerts"])
	require.Len(t, o.sent["failure-queue-test"], 1)
	assert.Equal(t, entry{MessageBody: `{"wakeUp":"2026-03-02T09:32:00Z"}`, DelaySeconds: 120}, o.sent["failure-queue-test"][0])
	assert.Equal(t, []string{"*", `"1"`}, o.tags, "conditional writes")
	assert.Contains(t, string(o.memory), `"mails":["2026-03-02T09:30:00Z"]`)
}

func TestFailureNotifierGoesByTheClockOfS3(t *testing.T) {
	o := &outbox{date: "Mon, 02 Mar 2026 09:25:30 GMT"}
	f, err := failureNotifier(t, o, notifierEnvironment)
	require.NoError(t, err)
	_, err = f(t.Context(), sample(t, "failure-notifier/report.json"))
	require.NoError(t, err)
	var memory struct {
		Mails  []time.Time
		Causes []struct{ Since time.Time }
	}
	require.NoError(t, json.Unmarshal(o.memory, &memory))
	require.NotEmpty(t, memory.Causes)
	assert.Equal(t, nine.Add(-270*time.Second), memory.Causes[0].Since, "before there is a memory")
	assert.Equal(t, []time.Time{nine.Add(-270 * time.Second)}, memory.Mails, "and once there is one")
}

func TestFailureNotifierTakesNothingButRecords(t *testing.T) {
	f, err := failureNotifier(t, &outbox{}, notifierEnvironment)
	require.NoError(t, err)
	for _, payload := range []string{`[]`, `{}`, `null`, `{"Records":"x"}`, `{"Records":[`} {
		_, err := f(t.Context(), []byte(payload))
		var named messages.InvokeResponse_Error
		require.ErrorAs(t, err, &named, payload)
		assert.Equal(t, reason.BadInput, named.Type, payload)
	}
}

func TestFailureNotifierSaysWhatItsEnvironmentLacks(t *testing.T) {
	for name, value := range notifierEnvironment {
		environment := maps.Clone(notifierEnvironment)
		environment[name] = ""
		if strings.HasSuffix(name, "ARN") {
			environment[name] = strings.Replace(value, ":s", ":x", 1)
		}
		_, err := failureNotifier(t, &outbox{}, environment)
		require.ErrorContains(t, err, "environment variable "+name)
		assert.ErrorContains(t, err, "set it to")
	}
}

func TestFailureNotifierPutsEventsAndSaysInChatWhereItsEnvironmentAsksForIt(t *testing.T) {
	const chat = "arn:aws:sns:eu-central-1:123456789012:autobackup-chat-topic-test"
	environment := maps.Clone(notifierEnvironment)
	environment["ALERT_EVENTS"], environment["OWNER_TAG"], environment["CHAT_TOPIC_ARN"] = "Enabled", "team", chat
	o := &outbox{sent: map[string][]entry{}}
	f, err := failureNotifier(t, o, environment)
	require.NoError(t, err)
	_, err = f(t.Context(), sample(t, "failure-notifier/report.json"))
	require.NoError(t, err)
	require.NotEmpty(t, o.events)
	assert.Equal(t, "autobackup", o.events[0].Source)
	assert.Contains(t, o.events[0].Detail, `"owner":"storage"`)
	require.Len(t, o.mails, 2)
	assert.Equal(t, chat, o.mails[1].Get("TopicArn"))

	environment["CHAT_TOPIC_ARN"] = "chat"
	_, err = failureNotifier(t, o, environment)
	assert.ErrorContains(t, err, `environment variable CHAT_TOPIC_ARN is "chat": set it to`)
}

func TestFailureNotifierKeepsTheTimeOfTheWall(t *testing.T) {
	o := &outbox{sent: map[string][]entry{}}
	var log bytes.Buffer
	f, err := wire.FailureNotifier(awsConfig(o), func(name string) string { return notifierEnvironment[name] }, handler.Logger(&log))
	require.NoError(t, err)
	before := time.Now()
	payload, err := os.ReadFile("../../events/failure-notifier/report.json")
	require.NoError(t, err)
	_, err = f(t.Context(), payload)
	require.NoError(t, err)
	var memory struct{ Mails []time.Time }
	require.NoError(t, json.Unmarshal(o.memory, &memory))
	require.Len(t, memory.Mails, 1)
	assert.WithinRange(t, memory.Mails[0], before, time.Now())
	assert.Contains(t, log.String(), `"msg":"told"`)
}
