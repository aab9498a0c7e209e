package sqs_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	client "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// server is an SQS to test: two empty queues, of which main has a visibility
// time-out of 5 seconds and moves a message to dlq after 2 receives.
type server struct {
	*client.Client
	main, dlq       *string // URLs
	mainARN, dlqARN string
}

// conformance holds for the local service and for SQS itself. Time passes by
// time.Sleep: fake in a bubble, real against a real server.
var conformance = []struct {
	name string
	test func(t *testing.T, s server)
}{
	{"a message comes back as it was sent, with checksums the SDK accepts", roundTrip},
	{"a received message is hidden until its visibility time-out, then counts another receive", visibility},
	{"a visibility time-out can be changed, and a deleted message stays away", changeAndDelete},
	{"a delayed message arrives after its delay, while a long poll waits for it", delay},
	{"after its receives a message moves to the dead-letter queue with its id and enqueue time", redrive},
	{"a move task takes redriven messages back to their source as new messages", moveBack},
	{"a move task without destination fails on a message that was sent to the dead-letter queue directly", moveDirect},
	{"a batch tells which of its entries failed", batch},
	{"requests that SQS refuses are refused with its error codes", refusals},
	{"queues are found by name and described", describe},
	{"a queue is found by the URL that the guide gives for its ARN", guidesURL},
	{"an attribute has the one value that its type asks for", attributeValues},
	{"a number has at most 38 digits that count", numbers},
	{"a body that is no object with values of the right types is refused", malformed},
	{"an attribute of queues that nobody knows is refused", unknownAttribute},
}

func TestConformance(t *testing.T) {
	for _, c := range conformance {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c.test(t, server{newClient(t, newService(t, nil)), aws.String(url(mainARN)), aws.String(url(dlqARN)), mainARN, dlqARN})
			})
		})
	}
}

func (s server) send(t *testing.T, queue *string, body string) *client.SendMessageOutput {
	t.Helper()
	out, err := s.SendMessage(t.Context(), &client.SendMessageInput{QueueUrl: queue, MessageBody: &body})
	require.NoError(t, err)
	return out
}

func (s server) receive(t *testing.T, queue *string, wait int32) []types.Message {
	t.Helper()
	out, err := s.ReceiveMessage(t.Context(), &client.ReceiveMessageInput{
		QueueUrl: queue, MaxNumberOfMessages: 10, WaitTimeSeconds: wait,
		MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
	})
	require.NoError(t, err)
	return out.Messages
}

func roundTrip(t *testing.T, s server) {
	attributes := map[string]types.MessageAttributeValue{
		"reason": {DataType: aws.String("String"), StringValue: aws.String("SIZE_MISMATCH")},
		"alerts": {DataType: aws.String("Number.count"), StringValue: aws.String("1")},
		"raw":    {DataType: aws.String("Binary"), BinaryValue: []byte{0, 1, 0xff}},
	}
	sent, err := s.SendMessage(t.Context(), &client.SendMessageInput{
		QueueUrl: s.main, MessageBody: aws.String("<ü & \"quoted\" \t🙂>"), MessageAttributes: attributes,
	})
	require.NoError(t, err)
	got := s.receive(t, s.main, 1)
	require.Len(t, got, 1)
	assert.Equal(t, "<ü & \"quoted\" \t🙂>", *got[0].Body)
	assert.Equal(t, sent.MessageId, got[0].MessageId)
	assert.Equal(t, attributes, got[0].MessageAttributes)
	assert.Equal(t, sent.MD5OfMessageAttributes, got[0].MD5OfMessageAttributes)
	assert.Equal(t, "1", got[0].Attributes["ApproximateReceiveCount"])
	for _, name := range []string{"SenderId", "SentTimestamp", "ApproximateFirstReceiveTimestamp"} {
		assert.NotEmpty(t, got[0].Attributes[name], name)
	}
}

func visibility(t *testing.T, s server) {
	s.send(t, s.main, "hidden")
	first := s.receive(t, s.main, 1)
	require.Len(t, first, 1)
	assert.Empty(t, s.receive(t, s.main, 3))
	time.Sleep(3 * time.Second)
	again := s.receive(t, s.main, 1)
	require.Len(t, again, 1)
	assert.Equal(t, "2", again[0].Attributes["ApproximateReceiveCount"])
	assert.Equal(t, first[0].Attributes["ApproximateFirstReceiveTimestamp"], again[0].Attributes["ApproximateFirstReceiveTimestamp"])
	assert.NotEqual(t, first[0].ReceiptHandle, again[0].ReceiptHandle)
}

func changeAndDelete(t *testing.T, s server) {
	s.send(t, s.main, "changed")
	got := s.receive(t, s.main, 1)
	require.Len(t, got, 1)
	_, err := s.ChangeMessageVisibility(t.Context(), &client.ChangeMessageVisibilityInput{QueueUrl: s.main, ReceiptHandle: got[0].ReceiptHandle, VisibilityTimeout: 0})
	require.NoError(t, err)
	got = s.receive(t, s.main, 1)
	require.Len(t, got, 1)
	_, err = s.DeleteMessage(t.Context(), &client.DeleteMessageInput{QueueUrl: s.main, ReceiptHandle: got[0].ReceiptHandle})
	require.NoError(t, err)
	time.Sleep(6 * time.Second)
	assert.Empty(t, s.receive(t, s.main, 1))
	_, err = s.DeleteMessage(t.Context(), &client.DeleteMessageInput{QueueUrl: s.main, ReceiptHandle: got[0].ReceiptHandle})
	require.NoError(t, err, "deleting again is no error")
}

func delay(t *testing.T, s server) {
	start := time.Now()
	_, err := s.SendMessage(t.Context(), &client.SendMessageInput{QueueUrl: s.main, MessageBody: aws.String("later"), DelaySeconds: 4})
	require.NoError(t, err)
	assert.Empty(t, s.receive(t, s.main, 1))
	assert.Len(t, s.receive(t, s.main, 20), 1)
	assert.InDelta(t, 4*time.Second, time.Since(start), float64(time.Second))
}

// exhaust receives until the message is in the dead-letter queue.
func (s server) exhaust(t *testing.T) {
	t.Helper()
	for range 2 {
		require.Len(t, s.receive(t, s.main, 1), 1)
		time.Sleep(6 * time.Second)
	}
	require.Empty(t, s.receive(t, s.main, 1))
}

func redrive(t *testing.T, s server) {
	sent := s.send(t, s.main, "poison")
	before := time.Now()
	s.exhaust(t)
	got := s.receive(t, s.dlq, 1)
	require.Len(t, got, 1)
	assert.Equal(t, sent.MessageId, got[0].MessageId)
	assert.Equal(t, s.mainARN, got[0].Attributes["DeadLetterQueueSourceArn"])
	assert.Equal(t, "3", got[0].Attributes["ApproximateReceiveCount"], "the count goes on")
	ms, err := strconv.ParseInt(got[0].Attributes["SentTimestamp"], 10, 64)
	require.NoError(t, err)
	assert.InDelta(t, before.UnixMilli(), ms, 1500, "the first enqueue time stays")
}

func (s server) task(t *testing.T) types.ListMessageMoveTasksResultEntry {
	t.Helper()
	out, err := s.ListMessageMoveTasks(t.Context(), &client.ListMessageMoveTasksInput{SourceArn: &s.dlqARN})
	require.NoError(t, err)
	require.Len(t, out.Results, 1)
	return out.Results[0]
}

func moveBack(t *testing.T, s server) {
	sent := s.send(t, s.main, "poison")
	s.exhaust(t)
	_, err := s.StartMessageMoveTask(t.Context(), &client.StartMessageMoveTaskInput{SourceArn: &s.dlqARN})
	require.NoError(t, err)
	time.Sleep(2 * time.Second)
	task := s.task(t)
	assert.Equal(t, "COMPLETED", *task.Status)
	assert.EqualValues(t, 1, task.ApproximateNumberOfMessagesMoved)
	got := s.receive(t, s.main, 1)
	require.Len(t, got, 1)
	assert.Equal(t, "1", got[0].Attributes["ApproximateReceiveCount"])
	assert.NotEqual(t, sent.MessageId, got[0].MessageId)
}

func moveDirect(t *testing.T, s server) {
	s.send(t, s.dlq, "parked")
	_, err := s.StartMessageMoveTask(t.Context(), &client.StartMessageMoveTaskInput{SourceArn: &s.dlqARN})
	require.NoError(t, err)
	time.Sleep(2 * time.Second)
	task := s.task(t)
	assert.Equal(t, "FAILED", *task.Status)
	assert.Equal(t, "CouldNotDetermineMessageSource", *task.FailureReason)

	_, err = s.StartMessageMoveTask(t.Context(), &client.StartMessageMoveTaskInput{SourceArn: &s.dlqARN, DestinationArn: &s.mainARN})
	require.NoError(t, err)
	got := s.receive(t, s.main, 2)
	require.Len(t, got, 1)
	assert.Equal(t, "parked", *got[0].Body)
}

func batch(t *testing.T, s server) {
	out, err := s.SendMessageBatch(t.Context(), &client.SendMessageBatchInput{QueueUrl: s.main, Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("good"), MessageBody: aws.String("fine")},
		{Id: aws.String("bad"), MessageBody: aws.String("control \x01 character")},
	}})
	require.NoError(t, err)
	require.Len(t, out.Successful, 1)
	assert.Equal(t, "good", *out.Successful[0].Id)
	require.Len(t, out.Failed, 1)
	assert.Equal(t, "bad", *out.Failed[0].Id)
	assert.Equal(t, "InvalidMessageContents", *out.Failed[0].Code)
	got := s.receive(t, s.main, 1)
	require.Len(t, got, 1)
	deleted, err := s.DeleteMessageBatch(t.Context(), &client.DeleteMessageBatchInput{QueueUrl: s.main, Entries: []types.DeleteMessageBatchRequestEntry{
		{Id: aws.String("one"), ReceiptHandle: got[0].ReceiptHandle}, {Id: aws.String("two"), ReceiptHandle: aws.String("junk")},
	}})
	require.NoError(t, err)
	assert.Equal(t, "one", *deleted.Successful[0].Id)
	assert.Equal(t, "ReceiptHandleIsInvalid", *deleted.Failed[0].Code)
}

func refusals(t *testing.T, s server) {
	ctx := t.Context()
	body := aws.String("x")
	sendBody := func(queue *string, b string) error {
		_, err := s.SendMessage(ctx, &client.SendMessageInput{QueueUrl: queue, MessageBody: &b})
		return err
	}
	moveTo := func(source, destination *string) error {
		_, err := s.StartMessageMoveTask(ctx, &client.StartMessageMoveTaskInput{SourceArn: source, DestinationArn: destination})
		return err
	}
	elsewhere := aws.String(strings.Replace(*s.main, "main", "none", 1))
	for _, c := range []struct {
		name, code string
		call       func(context.Context) error
	}{
		{"unknown queue", "AWS.SimpleQueueService.NonExistentQueue", func(context.Context) error { return sendBody(elsewhere, "x") }},
		{"forbidden character", "InvalidMessageContents", func(context.Context) error { return sendBody(s.main, "\x00") }},
		{"too large", "InvalidParameterValue", func(context.Context) error { return sendBody(s.main, strings.Repeat("x", 1<<20+1)) }},
		{"junk receipt handle", "ReceiptHandleIsInvalid", func(ctx context.Context) error {
			_, err := s.DeleteMessage(ctx, &client.DeleteMessageInput{QueueUrl: s.main, ReceiptHandle: body})
			return err
		}},
		{"empty batch", "AWS.SimpleQueueService.EmptyBatchRequest", func(ctx context.Context) error {
			_, err := s.SendMessageBatch(ctx, &client.SendMessageBatchInput{QueueUrl: s.main, Entries: []types.SendMessageBatchRequestEntry{}})
			return err
		}},
		{"repeated batch id", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", func(ctx context.Context) error {
			e := types.SendMessageBatchRequestEntry{Id: body, MessageBody: body}
			_, err := s.SendMessageBatch(ctx, &client.SendMessageBatchInput{QueueUrl: s.main, Entries: []types.SendMessageBatchRequestEntry{e, e}})
			return err
		}},
		{"move from a queue that is no dead-letter queue", "InvalidParameterValue", func(context.Context) error { return moveTo(&s.mainARN, nil) }},
		{"move to nowhere", "ResourceNotFoundException", func(context.Context) error { return moveTo(&s.dlqARN, aws.String(s.dlqARN+"2")) }},
	} {
		var api smithy.APIError
		require.True(t, errors.As(c.call(ctx), &api), c.name)
		assert.Equal(t, c.code, api.ErrorCode(), c.name)
	}
}

func describe(t *testing.T, s server) {
	ctx := t.Context()
	s.send(t, s.main, "counted")
	name := (*s.main)[strings.LastIndex(*s.main, "/")+1:]
	found, err := s.GetQueueUrl(ctx, &client.GetQueueUrlInput{QueueName: &name})
	require.NoError(t, err)
	assert.Equal(t, *s.main, *found.QueueUrl)
	list, err := s.ListQueues(ctx, &client.ListQueuesInput{QueueNamePrefix: &name})
	require.NoError(t, err)
	assert.Equal(t, []string{*s.main}, list.QueueUrls)
	out, err := s.GetQueueAttributes(ctx, &client.GetQueueAttributesInput{QueueUrl: s.main, AttributeNames: []types.QueueAttributeName{"All"}})
	require.NoError(t, err)
	assert.Equal(t, s.mainARN, out.Attributes["QueueArn"])
	assert.Equal(t, "5", out.Attributes["VisibilityTimeout"])
	assert.Equal(t, "1", out.Attributes["ApproximateNumberOfMessages"])
	assert.Equal(t, "true", out.Attributes["SqsManagedSseEnabled"], "it was made without a key")
	assert.JSONEq(t, `{"deadLetterTargetArn":"`+s.dlqARN+`","maxReceiveCount":2}`, out.Attributes["RedrivePolicy"])
	_, err = s.PurgeQueue(ctx, &client.PurgeQueueInput{QueueUrl: s.main})
	require.NoError(t, err)
	time.Sleep(time.Minute)
	assert.Empty(t, s.receive(t, s.main, 1))
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
func guidesURL(t *testing.T, s server) {
	parts := strings.Split(s.mainARN, ":")
	s.send(t, aws.String("https://sqs."+parts[3]+".amazonaws.com/"+parts[4]+"/"+parts[5]), "x")
	assert.Len(t, s.receive(t, s.main, 1), 1)
}

// with sends a message with one attribute.
func (s server) with(t *testing.T, a types.MessageAttributeValue) error {
	t.Helper()
	_, err := s.SendMessage(t.Context(), &client.SendMessageInput{
		QueueUrl: s.main, MessageBody: aws.String("x"), MessageAttributes: map[string]types.MessageAttributeValue{"a": a},
	})
	return err
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func attributeValues(t *testing.T, s server) {
	text, bytes := aws.String("text"), []byte("bytes")
	for name, a := range map[string]types.MessageAttributeValue{
		"both values of a string": {DataType: aws.String("String"), StringValue: text, BinaryValue: bytes},
		"both values of a binary": {DataType: aws.String("Binary"), StringValue: text, BinaryValue: bytes},
		"a binary as a string":    {DataType: aws.String("Binary.x"), StringValue: text},
		"a string as a binary":    {DataType: aws.String("String"), BinaryValue: bytes},
		"a number as a binary":    {DataType: aws.String("Number"), BinaryValue: []byte("1")},
	} {
		assert.Equal(t, "InvalidParameterValue", code(s.with(t, a)), name)
	}
	out, err := s.SendMessageBatch(t.Context(), &client.SendMessageBatchInput{QueueUrl: s.main, Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("good"), MessageBody: text},
		{Id: aws.String("bad"), MessageBody: text, MessageAttributes: map[string]types.MessageAttributeValue{
			"a": {DataType: aws.String("Binary"), StringValue: text},
		}},
	}})
	require.NoError(t, err)
	require.Len(t, out.Successful, 1)
	require.Len(t, out.Failed, 1)
	assert.Equal(t, "InvalidParameterValue", aws.ToString(out.Failed[0].Code))
}

func numbers(t *testing.T, s server) {
	digits := strings.Repeat("7", 38)
	for value, want := range map[string]string{
		digits:                          "",
		"-0" + digits[1:] + ".1e2":      "",
		digits + strings.Repeat("0", 9): "", // which don't count
		digits + "7":                    "InvalidParameterValue",
		strings.Repeat("7", 200):        "InvalidParameterValue",
		"1e127":                         "InvalidParameterValue",
		"1e-129":                        "InvalidParameterValue",
		"1e999999999":                   "InvalidParameterValue",
		"0x10":                          "InvalidParameterValue",
	} {
		assert.Equal(t, want, code(s.with(t, types.MessageAttributeValue{DataType: aws.String("Number"), StringValue: &value})), value)
	}
}

// AWS's SDKs send no such body.
func malformed(t *testing.T, s server) {
	for _, body := range []string{`[]`, `"x"`, `{`, `{"QueueUrl":"` + *s.main + `","MaxNumberOfMessages":"ten"}`} {
		_, err := s.ReceiveMessage(t.Context(), &client.ReceiveMessageInput{QueueUrl: s.main}, func(o *client.Options) {
			o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
				return stack.Build.Add(middleware.BuildMiddlewareFunc("body", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
					r, err := in.Request.(*smithyhttp.Request).SetStream(strings.NewReader(body)) //nolint:errcheck,forcetypeassert // of HTTP
					in.Request = r
					if err != nil {
						return middleware.BuildOutput{}, middleware.Metadata{}, err
					}
					return next.HandleBuild(ctx, in)
				}), middleware.Before)
			})
		})
		assert.Equal(t, "SerializationException", code(err), body)
	}
}

func unknownAttribute(t *testing.T, s server) {
	ask := func(names ...types.QueueAttributeName) (*client.GetQueueAttributesOutput, error) {
		return s.GetQueueAttributes(t.Context(), &client.GetQueueAttributesInput{QueueUrl: s.main, AttributeNames: names})
	}
	for _, name := range []types.QueueAttributeName{"Color", "FifoQueue"} {
		_, err := ask("All", name)
		assert.Equal(t, "InvalidAttributeName", code(err), name)
	}
	out, err := ask("Policy", "KmsMasterKeyId", "VisibilityTimeout")
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"VisibilityTimeout": "5"}, out.Attributes)
}
