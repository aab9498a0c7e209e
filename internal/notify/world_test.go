package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	bustypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"autobackup/internal/alert"
	"autobackup/internal/notify"
	"autobackup/internal/told"
)

const (
	account    = "https://sqs.eu-central-1.amazonaws.com/123456789012/autobackup-"
	validation = account + "validation-queue-test"
	dlq        = account + "validation-dlq-test"
	failure    = account + "failure-queue-test"
	topic      = "arn:aws:sns:eu-central-1:123456789012:autobackup-failure-topic-test"
	chat       = "arn:aws:sns:eu-central-1:123456789012:autobackup-chat-topic-test"
	bucket     = "autobackup-test-work-123456789012"
	maxMessage = 2048 // bytes that the validation queue takes
)

var stage = alert.Context{Stage: "test", Queues: alert.Queues{
	ValidationARN: "arn:aws:sqs:eu-central-1:123456789012:autobackup-validation-queue-test",
	FailureARN:    "arn:aws:sqs:eu-central-1:123456789012:autobackup-failure-queue-test",
	DLQURL:        dlq,
	DLQARN:        "arn:aws:sqs:eu-central-1:123456789012:autobackup-validation-dlq-test",
}}

// How the function is deployed.
const (
	window     = 30 * time.Second
	visibility = 7 * time.Minute
	receives   = 5
)

// queued is a message in the failure queue.
type queued struct {
	events.SQSMessage
	visible  time.Time
	receives int
}

// mail is an e-mail as it reached operators.
type mail struct {
	at      time.Time
	subject string
	message string
	news    told.News
}

// world is everything around the notifier, with a clock that only the world
// moves. It refuses what nobody expects.
type world struct {
	t   require.TestingT
	now time.Time
	n   notify.Notifier
	log bytes.Buffer

	sending sync.Mutex // calls of SQS come several at once
	queue   []queued   // the failure queue
	lost    []queued   // its dead-letter queue
	sent    map[string][]types.SendMessageBatchRequestEntry
	mails   []mail
	chats   []string
	events  []bustypes.PutEventsRequestEntry // on the bus
	tags    map[string]map[string]string     // of buckets
	object  []byte                           // the memory
	version int

	// fault may refuse a call, before or after it had its effect.
	fault func(operation string) (before, after error)
	// deny may refuse one entry of a call, nil takes it.
	deny func(queue string, e types.SendMessageBatchRequestEntry) *types.BatchResultErrorEntry
	// refuse may name an error for one event of a call, "" takes it.
	refuse func(bustypes.PutEventsRequestEntry) string
	// meanwhile is run once, before the next write of the memory.
	meanwhile func()
	nextID    int
	calls     []string
	deadline  time.Time // of the latest call of GetObject
	// body may break what is read.
	body func(io.Reader) io.Reader
}

func newWorld(t require.TestingT) *world {
	w := &world{t: t, now: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), sent: map[string][]types.SendMessageBatchRequestEntry{}}
	w.fault = func(string) (error, error) { return nil, nil }
	w.refuse = func(bustypes.PutEventsRequestEntry) string { return "" }
	w.deny, w.body = tooLong, func(r io.Reader) io.Reader { return r }
	w.n = notify.Notifier{
		Alert: stage, Topic: topic, ValidationURL: validation, FailureURL: failure, Bucket: bucket,
		S3: w, SNS: w, SQS: w, Now: func() time.Time { return w.now }, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	}
	return w
}

func (w *world) call(operation string, effect func() error) error {
	w.calls = append(w.calls, operation)
	before, after := w.fault(operation)
	if before != nil {
		return before
	}
	if err := effect(); err != nil {
		return err
	}
	return after
}

func httpError(status int, code string) error {
	return &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: &smithy.GenericAPIError{Code: code, Message: code}}
}

func (w *world) etag() *string { return aws.String(strconv.Quote(strconv.Itoa(w.version))) }

func (w *world) GetObject(ctx context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (out *s3.GetObjectOutput, err error) {
	w.deadline, _ = ctx.Deadline()
	require.Equal(w.t, []string{bucket, "told/memory.json"}, []string{*in.Bucket, *in.Key})
	err = w.call("GetObject", func() error {
		if w.object == nil {
			return httpError(404, "NoSuchKey")
		}
		out = &s3.GetObjectOutput{Body: io.NopCloser(w.body(bytes.NewReader(w.object))), ETag: w.etag()}
		return nil
	})
	return out, err
}

func (w *world) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	require.Equal(w.t, []string{bucket, "told/memory.json"}, []string{*in.Bucket, *in.Key})
	if run := w.meanwhile; run != nil {
		w.meanwhile = nil
		run()
	}
	err := w.call("PutObject", func() error {
		switch {
		case (in.IfMatch == nil) == (in.IfNoneMatch == nil):
			return errors.New("a write without a condition, or with two")
		case in.IfNoneMatch != nil && *in.IfNoneMatch != "*":
			return errors.New("S3 takes no other If-None-Match")
		case in.IfNoneMatch != nil && w.object != nil, in.IfMatch != nil && *in.IfMatch != *w.etag():
			return httpError(412, "PreconditionFailed")
		}
		data, err := io.ReadAll(in.Body)
		require.NoError(w.t, err)
		require.NotEqual(w.t, string(w.object), string(data), "a write that changes nothing")
		w.object, w.version = data, w.version+1
		return nil
	})
	return &s3.PutObjectOutput{}, err
}

// memory is what the sender remembers.
func (w *world) memory() told.Memory {
	if w.object == nil {
		return told.Memory{}
	}
	m, err := told.Decode(w.object)
	require.NoError(w.t, err)
	return m
}

func (w *world) Publish(_ context.Context, in *sns.PublishInput, _ ...func(*sns.Options)) (*sns.PublishOutput, error) {
	if *in.TopicArn == chat {
		return &sns.PublishOutput{}, w.call("Publish in chat", func() error {
			require.Nil(w.t, in.Subject)
			w.chats = append(w.chats, *in.Message)
			return nil
		})
	}
	require.Equal(w.t, topic, *in.TopicArn)
	err := w.call("Publish", func() error {
		claim := w.memory().Claim
		require.NotNil(w.t, claim, "what is published is in the memory first")
		w.mails = append(w.mails, mail{w.now, *in.Subject, *in.Message, claim.News})
		return nil
	})
	return &sns.PublishOutput{MessageId: aws.String(fmt.Sprintf("message %d", len(w.mails)))}, err
}

func (w *world) PutEvents(_ context.Context, in *eventbridge.PutEventsInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	w.sending.Lock()
	defer w.sending.Unlock()
	require.NotEmpty(w.t, in.Entries)
	require.LessOrEqual(w.t, len(in.Entries), 10)
	out := &eventbridge.PutEventsOutput{}
	err := w.call("PutEvents", func() error {
		for _, e := range in.Entries {
			if code := w.refuse(e); code != "" {
				out.FailedEntryCount++
				out.Entries = append(out.Entries, bustypes.PutEventsResultEntry{ErrorCode: &code, ErrorMessage: aws.String("no")})
				continue
			}
			out.Entries = append(out.Entries, bustypes.PutEventsResultEntry{EventId: aws.String("e")})
			w.events = append(w.events, e)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (w *world) GetBucketTagging(_ context.Context, in *s3.GetBucketTaggingInput, _ ...func(*s3.Options)) (*s3.GetBucketTaggingOutput, error) {
	out := &s3.GetBucketTaggingOutput{}
	err := w.call("GetBucketTagging "+*in.Bucket, func() error {
		if w.tags[*in.Bucket] == nil {
			return httpError(404, "NoSuchTagSet")
		}
		for k, v := range w.tags[*in.Bucket] {
			out.TagSet = append(out.TagSet, s3types.Tag{Key: &k, Value: &v})
		}
		return nil
	})
	return out, err
}

func (w *world) SendMessageBatch(_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	w.sending.Lock()
	defer w.sending.Unlock()
	require.Contains(w.t, []string{validation, dlq, failure}, *in.QueueUrl)
	require.NotEmpty(w.t, in.Entries)
	require.LessOrEqual(w.t, len(in.Entries), 10)
	out := &sqs.SendMessageBatchOutput{}
	err := w.call("Send "+(*in.QueueUrl)[len(account):], func() error {
		for _, e := range in.Entries {
			if refused := w.deny(*in.QueueUrl, e); refused != nil {
				refused.Id = e.Id
				out.Failed = append(out.Failed, *refused)
				continue
			}
			out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: e.Id})
			w.sent[*in.QueueUrl] = append(w.sent[*in.QueueUrl], e)
			if *in.QueueUrl == failure {
				w.put(*e.MessageBody, nil, time.Duration(e.DelaySeconds)*time.Second)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func tooLong(queue string, e types.SendMessageBatchRequestEntry) *types.BatchResultErrorEntry {
	if queue == validation && len(*e.MessageBody) > maxMessage {
		return &types.BatchResultErrorEntry{SenderFault: true, Code: aws.String("InvalidParameterValue"),
			Message: aws.String("One or more parameters are invalid. Reason: Message must be shorter than 2048 bytes.")}
	}
	return nil
}

// put puts a message into the failure queue and answers with its id.
func (w *world) put(body string, attributes map[string]events.SQSMessageAttribute, delay time.Duration) string {
	w.nextID++
	id := fmt.Sprint("id-", w.nextID)
	w.queue = append(w.queue, queued{SQSMessage: events.SQSMessage{MessageId: id, Body: body, MessageAttributes: attributes}, visible: w.now.Add(delay)})
	return id
}

// step waits for the next message, collects what comes within the window, and has
// it handled. It answers whether there was anything, and with the function's error.
func (w *world) step() (bool, error) {
	if len(w.queue) == 0 {
		return false, nil
	}
	first := w.queue[0].visible
	for _, m := range w.queue {
		if m.visible.Before(first) {
			first = m.visible
		}
	}
	if first.After(w.now) {
		w.now = first
	}
	w.now = w.now.Add(window)
	return true, w.handle()
}

// handle is one invocation with all that is visible.
func (w *world) handle() error {
	var batch []queued
	var rest []queued
	for _, m := range w.queue {
		if !m.visible.After(w.now) && len(batch) < 10_000 {
			m.receives++
			m.visible = w.now.Add(visibility)
			batch = append(batch, m)
		} else {
			rest = append(rest, m)
		}
	}
	w.queue = rest
	answer, err := w.n.Notify(context.Background(), event(batch))
	failed := map[string]bool{}
	for _, f := range answer.BatchItemFailures {
		failed[f.ItemIdentifier] = true
	}
	for _, m := range batch {
		switch {
		case err == nil && !failed[m.MessageId]:
		case m.receives == receives:
			w.lost = append(w.lost, m)
		default:
			w.queue = append(w.queue, m)
		}
	}
	return err
}

func event(batch []queued) (e events.SQSEvent) {
	e.Records = []events.SQSMessage{}
	for _, m := range batch {
		e.Records = append(e.Records, m.SQSMessage)
	}
	return e
}

// settle runs until nothing is left to do.
func (w *world) settle() {
	for range 10_000 {
		if more, err := w.step(); !more {
			require.NoError(w.t, err)
			return
		}
	}
	require.Fail(w.t, "the sender never sleeps")
}

// invoke hands records over as they are.
func (w *world) invoke(records ...events.SQSMessage) ([]string, error) {
	answer, err := w.n.Notify(context.Background(), events.SQSEvent{Records: records})
	failed := []string{}
	for _, f := range answer.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return failed, err
}

// told is every cause that operators were told of, as "kind reason replica new".
func (w *world) told() (all []string) {
	for _, m := range w.mails {
		for _, c := range m.news.Causes {
			all = append(all, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s %d", c.Kind, c.Reason, c.Replica, c.S3, c.New)), " "))
		}
	}
	return all
}

func str(s string) events.SQSMessageAttribute {
	return events.SQSMessageAttribute{DataType: "String", StringValue: &s}
}

func num(s string) events.SQSMessageAttribute {
	return events.SQSMessageAttribute{DataType: "Number", StringValue: &s}
}

func encode(t require.TestingT, v any) string {
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}
