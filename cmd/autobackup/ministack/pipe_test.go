package ministack_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/verdict"
)

// execution is one that has ended.
type execution struct {
	arn          string
	status       sfntypes.ExecutionStatus
	error, cause string
	summary      batch.Summary // empty where it did not succeed
	bodies       []string      // of its messages
}

// pipe is the EventBridge pipe, which ministack creates but never runs: it takes
// n messages off the source that the deployed pipe names and starts the target that it
// names with the array of records. Events get the version id that ministack leaves out.
// It waits for the end.
func (d *stack) pipe(r *replication, n int) execution {
	d.Helper()
	d.bridge(pipes)
	var listed struct {
		Pipes []struct{ Source, Target, DesiredState string }
	}
	d.aws(&listed, "pipes", "list-pipes")
	require.Len(d, listed.Pipes, 1)
	deployed := listed.Pipes[0]
	require.Equal(d, "RUNNING", deployed.DesiredState)
	queue := d.outputs["ValidationQueueUrl"]
	require.Equal(d, queue[strings.LastIndex(queue, "/"):], "/"+deployed.Source[strings.LastIndex(deployed.Source, ":")+1:])

	d.arrived(queue, n)
	var e execution
	var records []events.SQSMessage
	messages := d.receive(queue, n)
	for _, m := range messages {
		body := r.withVersion(aws.ToString(m.Body))
		e.bodies = append(e.bodies, body)
		records = append(records, events.SQSMessage{
			MessageId: aws.ToString(m.MessageId), ReceiptHandle: aws.ToString(m.ReceiptHandle), Body: body,
			Md5OfBody: aws.ToString(m.MD5OfBody), Attributes: m.Attributes, MessageAttributes: map[string]events.SQSMessageAttribute{},
			EventSource: "aws:sqs", EventSourceARN: deployed.Source, AWSRegion: d.region,
		})
	}
	input, err := json.Marshal(records)
	require.NoError(d, err)
	started, err := d.sfn.StartExecution(d.Context(), &sfn.StartExecutionInput{StateMachineArn: &deployed.Target, Input: aws.String(string(input))})
	require.NoError(d, err)
	for _, m := range messages {
		d.delete(queue, m)
	}
	e.arn = aws.ToString(started.ExecutionArn)
	d.end(&e)
	d.readings(&e)
	return e
}

// readings takes the verdicts of the executions that the execution started, one for
// each message whose bytes are read.
func (d *stack) readings(e *execution) {
	d.Helper()
	for i, s := range e.summary.Objects {
		if s.Verdict != verdict.Reading {
			continue
		}
		read := execution{arn: e.arn[:strings.LastIndex(e.arn, ":")+1] + "read-" + s.ID}
		d.end(&read)
		require.Equal(d, sfntypes.ExecutionStatusSucceeded, read.status, "%s: %s", read.error, read.cause)
		require.Len(d, read.summary.Objects, 1)
		e.summary.Objects[i] = read.summary.Objects[0]
	}
}

func (d *stack) end(e *execution) {
	d.Helper()
	require.Eventually(d, func() bool {
		out, err := d.sfn.DescribeExecution(d.Context(), &sfn.DescribeExecutionInput{ExecutionArn: &e.arn})
		if err != nil || out.Status == sfntypes.ExecutionStatusRunning {
			return false
		}
		e.status, e.error, e.cause = out.Status, aws.ToString(out.Error), aws.ToString(out.Cause)
		return out.Output == nil || json.Unmarshal([]byte(*out.Output), &e.summary) == nil
	}, patience, 100*time.Millisecond, "execution %s does not end", e.arn)
}

// withVersion puts the version id into an event. What is no event stays as it is.
func (r *replication) withVersion(body string) string {
	var event map[string]any
	if json.Unmarshal([]byte(body), &event) != nil || event["source"] != "aws.s3" {
		return body
	}
	detail := event["detail"].(map[string]any)
	object := detail["object"].(map[string]any)
	bucket := detail["bucket"].(map[string]any)["name"]
	if _, known := object["version-id"]; known { // moved back after it was parked
		return body
	}
	etag := fmt.Sprint(object["etag"])
	if event["detail-type"] == "Object Deleted" {
		etag = ""
	}
	for _, u := range r.uploads {
		if u.bucket == bucket && u.Key == object["key"] && u.etag == etag {
			r.d.bridge(eventVersions)
			object["version-id"] = u.version
		}
	}
	require.Contains(r.d, object, "version-id", body)
	changed, err := json.Marshal(event)
	require.NoError(r.d, err)
	return string(changed)
}

// arrived waits until the queue holds n messages. ministack delivers events from threads of
// their own, and what one appends to a queue that is received from at that moment is lost.
func (d *stack) arrived(queue string, n int) {
	d.Helper()
	require.Eventually(d, func() bool {
		out, err := d.sqs.GetQueueAttributes(d.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &queue, AttributeNames: []types.QueueAttributeName{"All"}})
		if err != nil {
			return false
		}
		visible, _ := strconv.Atoi(out.Attributes["ApproximateNumberOfMessages"])
		delayed, _ := strconv.Atoi(out.Attributes["ApproximateNumberOfMessagesDelayed"])
		return visible+delayed >= n
	}, patience, 100*time.Millisecond, "%d messages in %s", n, queue)
}

// unseen is for how long nobody receives again what a test received, longer
// than any test of this file waits for mails.
const unseen = 30 * time.Minute

// receive waits for n messages, which then are invisible for [unseen].
func (d *stack) receive(queue string, n int) (all []types.Message) {
	d.Helper()
	return d.receiveFor(patience, queue, n)
}

func (d *stack) receiveFor(patience time.Duration, queue string, n int) (all []types.Message) {
	d.Helper()
	deadline := time.Now().Add(patience)
	for len(all) < n {
		require.True(d, time.Now().Before(deadline), "%d of %d messages in %s", len(all), n, queue)
		out, err := d.sqs.ReceiveMessage(d.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: &queue, MaxNumberOfMessages: int32(min(10, n-len(all))), WaitTimeSeconds: 2, VisibilityTimeout: int32(unseen / time.Second),
			MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
		})
		require.NoError(d, err)
		all = append(all, out.Messages...)
	}
	return all
}

func (d *stack) delete(queue string, m types.Message) {
	d.Helper()
	_, err := d.sqs.DeleteMessage(d.Context(), &sqs.DeleteMessageInput{QueueUrl: &queue, ReceiptHandle: m.ReceiptHandle})
	require.NoError(d, err)
}

// move is StartMessageMoveTask, which ministack does not have, for one message.
func (d *stack) move(m types.Message, from, to string) {
	d.Helper()
	d.bridge(moves)
	_, err := d.sqs.SendMessage(d.Context(), &sqs.SendMessageInput{QueueUrl: &to, MessageBody: m.Body, MessageAttributes: m.MessageAttributes})
	require.NoError(d, err)
	d.delete(from, m)
}
