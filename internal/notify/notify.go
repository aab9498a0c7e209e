// Package notify is the use case of the failure-notifier function: the one sender
// of e-mails about what was found. It takes what comes into the failure queue:
//
//   - a batch.Report: failures of a round that an execution hands over
//   - a parked message that an operator moved there, so that operators are told of
//     it again. It goes back into the validation DLQ, because the failure queue's
//     copy is the only one.
//   - a notification of S3 that it gave up a replication. It goes on to the
//     validation queue, where its version is looked at like an upload, and comes
//     back in a report if the replica is missing.
//   - a message of the sender to itself, which wakes it up while something is open
//
// For each failure, and for each that is over, it puts an event of package ticket on the
// default event bus, where that is asked for.
//
// What operators are told, and when, is decided by package told. Its memory is one
// object of the working bucket, which two invocations at once change in turn by
// conditional writes. docs/decisions/0032 has the reasons.
package notify

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"autobackup/internal/alert"
)

// margin is what is left of an invocation's time for its answer. Without the
// answer, Lambda would hand over all records again, those that are done too.
const margin = 2 * time.Second

// Publisher is what notify needs of SNS.
type Publisher interface {
	Publish(context.Context, *sns.PublishInput, ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// Sender is what notify needs of SQS.
type Sender interface {
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// Objects is what notify needs of S3.
type Objects interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	GetBucketTagging(context.Context, *s3.GetBucketTaggingInput, ...func(*s3.Options)) (*s3.GetBucketTaggingOutput, error)
}

// Bus is what notify needs of EventBridge.
type Bus interface {
	PutEvents(context.Context, *eventbridge.PutEventsInput, ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// Notifier tells operators what was found.
type Notifier struct {
	Alert         alert.Context // its DLQURL is where messages are parked
	Topic         string        // ARN of the topic that operators are subscribed to
	ChatTopic     string        // ARN of the topic that chat is subscribed to; empty where there is none
	ValidationURL string        // of the queue where versions are looked at
	FailureURL    string        // of the queue that the records come from
	Bucket        string        // the working bucket, which keeps the memory
	S3            Objects
	SNS           Publisher
	SQS           Sender
	Bus           Bus    // nil where no events are asked for
	OwnerTag      string // of primary buckets: its value is the owner in events; empty reads no tags
	Now           func() time.Time
	Log           *slog.Logger
}

// Notify takes records of the failure queue. The answer names those that stay
// there because a message of theirs was not sent on; SQS hands them over again
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
//
// The error is for what concerns all records: the memory can't be read or written,
// the e-mail can't be published, the sender can't wake itself up, or nothing could
// be sent on. All records are handed over again, and the function's errors are
// counted, so that an alarm tells that the sender is broken. Handing over a record
// again tells nobody twice; its message may be in a queue twice then, and its events on
// the bus.
func (n Notifier) Notify(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-margin))
		defer cancel()
	}
	i := invocation{Notifier: n}
	for _, record := range e.Records {
		i.tasks = append(i.tasks, read(record))
	}
	i.log(ctx)
	i.forward(ctx)
	i.announce(ctx)
	if err := i.tell(ctx); err != nil {
		return events.SQSEventResponse{}, err
	}
	i.park(ctx) // last, so that what is handed over again was not parked before
	return i.answer(ctx)
}

// invocation is a Notifier at work on its records.
type invocation struct {
	Notifier
	tasks  []task
	sent   int   // messages that were sent on
	failed error // of the first message that was not
}

// forward hands S3's notifications to the validation. One that the queue refuses
// for its length is told and parked as it is.
func (i *invocation) forward(ctx context.Context) {
	var all []outgoing
	for at, t := range i.tasks {
		for _, body := range t.notifications {
			// The version was uploaded long ago, so there is no lag to wait for. (The
			// SDK sends no delay of 0, and without one the queue's own applies.)
			all = append(all, outgoing{task: at, body: body, delay: time.Second})
		}
	}
	for k, err := range i.send(ctx, i.ValidationURL, all) {
		if t := &i.tasks[all[k].task]; refusedForGood(err) {
			t.refused(all[k].body)
		} else {
			i.done(t, err)
		}
	}
}

// park puts messages into the validation DLQ, except those of a record that comes
// back anyway.
func (i *invocation) park(ctx context.Context) {
	var all []outgoing
	for at, t := range i.tasks {
		if t.err != nil {
			continue
		}
		for _, p := range t.parked {
			p.task = at
			all = append(all, p)
		}
	}
	for k, err := range i.send(ctx, i.Alert.Queues.DLQURL, all) {
		i.done(&i.tasks[all[k].task], err)
	}
}

// done keeps what became of one message of a task.
func (i *invocation) done(t *task, err error) {
	if err == nil {
		i.sent++
		return
	}
	t.err = err
	if i.failed == nil {
		i.failed = err
	}
}

func (i *invocation) answer(ctx context.Context) (events.SQSEventResponse, error) {
	answer := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	if i.failed != nil && i.sent == 0 {
		return answer, fmt.Errorf("nothing was sent on of %d records, which stay in the failure queue: %w", len(i.tasks), i.failed)
	}
	for _, t := range i.tasks {
		if t.err != nil {
			i.Log.ErrorContext(ctx, "message stays in the failure queue", "messageId", t.id, "error", t.err.Error())
			answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: t.id})
		}
	}
	return answer, nil
}

func (i *invocation) log(ctx context.Context) {
	for _, t := range i.tasks {
		i.Log.LogAttrs(ctx, t.level, t.line, append([]slog.Attr{slog.String("messageId", t.id)}, t.attrs...)...)
	}
}
