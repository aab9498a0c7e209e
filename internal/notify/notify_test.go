package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/alert"
	"autobackup/internal/notify"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

const (
	topic     = "arn:aws:sns:eu-central-1:123456789012:autobackup-failure-topic-test"
	dlq       = "https://sqs.eu-central-1.amazonaws.com/123456789012/autobackup-validation-dlq-test"
	execution = "arn:aws:states:eu-central-1:123456789012:execution:autobackup-validation-test:6b1f8c1e"
	detail    = "primary docs (eu-central-1) and replica docs-r (eu-west-1): sizes differ"
)

// stack is SNS and SQS: it records calls in their order and refuses those that
// a message's id is listed for.
type stack struct {
	calls      []string
	mails      []string
	sent       []*sqs.SendMessageInput
	failMail   string // refuse mails that contain it
	failSend   string // refuse bodies that contain it
	hangSendOn string // hang on bodies that contain it until the context ends
	failMark   bool
	marks      []string
}

func (s *stack) Put(_ context.Context, v s3event.ObjectVersion, destination string) error {
	if s.failMark {
		return errors.New("mark refused")
	}
	s.calls = append(s.calls, "mark")
	s.marks = append(s.marks, v.URI()+" to "+destination)
	return nil
}

func (s *stack) Publish(_ context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	if aws.ToString(in.TopicArn) != topic {
		return nil, fmt.Errorf("unexpected topic %s", aws.ToString(in.TopicArn))
	}
	if s.failMail != "" && strings.Contains(*in.Message, s.failMail) {
		return nil, errors.New("publish refused")
	}
	s.calls = append(s.calls, "publish")
	s.mails = append(s.mails, *in.Subject+"\n"+*in.Message)
	return &sns.PublishOutput{}, nil
}

func (s *stack) SendMessage(ctx context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	if aws.ToString(in.QueueUrl) != dlq {
		return nil, fmt.Errorf("unexpected queue %s", aws.ToString(in.QueueUrl))
	}
	if s.failSend != "" && strings.Contains(*in.MessageBody, s.failSend) {
		return nil, errors.New("send refused")
	}
	if s.hangSendOn != "" && strings.Contains(*in.MessageBody, s.hangSendOn) {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	s.calls = append(s.calls, "send")
	s.sent = append(s.sent, in)
	return &sqs.SendMessageOutput{}, nil
}

func notifier(s *stack, log *bytes.Buffer) notify.Notifier {
	queue := "arn:aws:sqs:eu-central-1:123456789012:autobackup-"
	return notify.Notifier{
		Stage: "test", Topic: topic, SNS: s, SQS: s, Marks: s, Policy: verdict.Policy{Deadline: time.Hour}, Log: slog.New(slog.NewTextHandler(log, nil)),
		Queues: alert.Queues{DLQURL: dlq, DLQARN: queue + "validation-dlq-test", ValidationARN: queue + "validation-queue-test", FailureARN: queue + "failure-queue-test"},
	}
}

func run(t *testing.T, s *stack, records ...events.SQSMessage) (log string, failed []string) {
	t.Helper()
	var out bytes.Buffer
	answer, err := notifier(s, &out).Notify(t.Context(), events.SQSEvent{Records: records})
	require.NoError(t, err)
	require.NotNil(t, answer.BatchItemFailures, "an empty list, not null")
	for _, f := range answer.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return out.String(), failed
}

func text(value string) events.SQSMessageAttribute {
	return events.SQSMessageAttribute{DataType: "String", StringValue: &value}
}

func number(value string) events.SQSMessageAttribute {
	return events.SQSMessageAttribute{DataType: "Number", StringValue: &value}
}

func parked(key, alerts string) events.SQSMessage {
	return events.SQSMessage{
		MessageId: "id-" + key,
		Body: `{"source":"aws.s3","detail-type":"Object Created","time":"2026-03-02T09:14:05Z","region":"eu-central-1",` +
			`"detail":{"bucket":{"name":"docs"},"object":{"key":"` + key + `","size":3,"version-id":"v1"},"reason":"PutObject"}}`,
		MessageAttributes: map[string]events.SQSMessageAttribute{
			"reason": text("SIZE_MISMATCH"), "detail": text(detail), "execution": text(execution), "alerts": number(alerts),
			"trace": {DataType: "Binary.x", BinaryValue: []byte{1, 2}},
		},
	}
}

// attribute is "type:value" of a sent message's attribute.
func attribute(in *sqs.SendMessageInput, name string) string {
	a, ok := in.MessageAttributes[name]
	if !ok {
		return "absent"
	}
	return aws.ToString(a.DataType) + ":" + aws.ToString(a.StringValue) + string(a.BinaryValue)
}

func TestAParkedMessageIsAlertedThenPutBackUnchanged(t *testing.T) {
	s := &stack{}
	record := parked("a.txt", "2")
	log, failed := run(t, s, record)

	assert.Empty(t, failed)
	assert.Equal(t, []string{"publish", "send"}, s.calls)
	assert.True(t, strings.HasPrefix(s.mails[0], "[test] Backup check failed: SIZE_MISMATCH s3://docs/a.txt (alert 3)\n"), s.mails[0])
	for _, want := range []string{"This is alert 3 of at most 10 about it.", detail, execution, "Replica:         docs-r (eu-west-1)"} {
		assert.Contains(t, s.mails[0], want)
	}
	assert.Equal(t, record.Body, *s.sent[0].MessageBody)
	for name, want := range map[string]string{
		"reason": "String:SIZE_MISMATCH", "detail": "String:" + detail, "execution": "String:" + execution,
		"alerts": "Number:3", "trace": "Binary.x:\x01\x02",
	} {
		assert.Equal(t, want, attribute(s.sent[0], name))
	}
	assert.Len(t, s.sent[0].MessageAttributes, 5)
	assert.Contains(t, log, `msg="alerted and put back" messageId=id-a.txt reason=SIZE_MISMATCH`)
}

func TestAMessageThatSQSMovedIsToldAsNotProcessed(t *testing.T) {
	s := &stack{}
	record := parked("a.txt", "0")
	record.MessageAttributes = nil
	_, failed := run(t, s, record)

	assert.Empty(t, failed)
	assert.Contains(t, s.mails[0], "[test] Backup check failed: WORKFLOW_ERROR s3://docs/a.txt\n")
	assert.Contains(t, s.mails[0], "Finding:         could not be processed: no execution parked the message")
	assert.Equal(t, "Number:1", attribute(s.sent[0], "alerts"))
	assert.Len(t, s.sent[0].MessageAttributes, 1)
}

func TestInvariant1AMessageIsAlertedOrPutBackOrStaysInItsQueue(t *testing.T) {
	tests := map[string]struct {
		stack stack
		calls []string
		log   string
	}{
		"publishing fails": {stack{failMail: "b.txt"}, []string{"publish", "send", "publish", "send"},
			"publish the alert about message id-b.txt to " + topic + ": publish refused"},
		"putting back fails": {stack{failSend: "b.txt"}, []string{"publish", "send", "publish", "publish", "send"},
			"put message id-b.txt back into " + dlq + ": send refused"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			log, failed := run(t, &tt.stack, parked("a.txt", "1"), parked("b.txt", "1"), parked("c.txt", "1"))
			assert.Equal(t, []string{"id-b.txt"}, failed, "invariant 2: its batch mates are done")
			assert.Equal(t, tt.calls, tt.stack.calls)
			assert.Contains(t, log, `level=ERROR msg="message stays in the failure queue" messageId=id-b.txt`)
			assert.Contains(t, log, tt.log)
		})
	}
}

func TestInvariant3AMessageHandedOverTwiceIsPutBackTwice(t *testing.T) {
	s := &stack{}
	_, failed := run(t, s, parked("a.txt", "1"), parked("a.txt", "1"))
	assert.Empty(t, failed)
	require.Len(t, s.sent, 2)
	assert.Equal(t, s.sent[0], s.sent[1], "repeated, not contradicted")
}

func TestNoLoopOfEMailsCanForm(t *testing.T) {
	s := &stack{}
	record := parked("a.txt", "1")
	for range 3 * alert.MaxAlerts { // as if a queue brought every message back
		_, failed := run(t, s, record)
		require.Empty(t, failed)
		record.MessageAttributes["alerts"] = number(aws.ToString(s.sent[len(s.sent)-1].MessageAttributes["alerts"].StringValue))
	}
	assert.Len(t, s.mails, alert.MaxAlerts-1, "the workflow sent the first")
	assert.Len(t, s.sent, 3*alert.MaxAlerts, "never silence: the message is kept")
	log, _ := run(t, s, record)
	assert.Contains(t, log, `level=WARN msg="no e-mail: operators were alerted about this message often enough" messageId=id-a.txt alerts=10`)
}

func TestHostileAttributesAreToldSafely(t *testing.T) {
	for value, next := range map[string]string{"": "1", "-5": "1", "x\n": "1", "99999999999999999999": "1", "3.5": "1", "4": "5"} {
		s := &stack{}
		record := parked("a.txt", value)
		record.MessageAttributes["reason"] = text("\x1b[31mOK\n")
		record.MessageAttributes["execution"] = text("arn:\nfake")
		_, failed := run(t, s, record)
		assert.Empty(t, failed)
		assert.Contains(t, s.mails[0], "[test] Backup check failed: UNKNOWN_REASON s3://docs/a.txt")
		assert.Contains(t, s.mails[0], `Reason given:    "\x1b[31mOK\n"`)
		assert.NotContains(t, s.mails[0], "\x1b")
		assert.NotContains(t, s.mails[0], "\nfake")
		assert.Equal(t, "Number:"+next, attribute(s.sent[0], "alerts"))
	}
}

func TestNoRecordsMakeNoCalls(t *testing.T) {
	s := &stack{}
	_, failed := run(t, s)
	assert.Empty(t, failed)
	assert.Empty(t, s.calls)
}

func TestTheAnswerComesBeforeTheInvocationTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		s := &stack{hangSendOn: "b.txt"}
		start := time.Now()
		answer, err := notifier(s, new(bytes.Buffer)).Notify(ctx, events.SQSEvent{Records: []events.SQSMessage{parked("a.txt", "1"), parked("b.txt", "1")}})
		require.NoError(t, err)
		assert.Equal(t, 28*time.Second, time.Since(start))
		assert.Equal(t, []events.SQSBatchItemFailure{{ItemIdentifier: "id-b.txt"}}, answer.BatchItemFailures, "a.txt is done and not handed over again")
	})
}
