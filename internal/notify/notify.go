// Package notify is the use case of the failure-notifier function. It alerts
// operators about what comes into the failure queue:
//
//   - parked messages that somebody moved there, to be alerted again. Each goes
//     back into the validation DLQ, because the failure queue's copy is the only
//     one.
//   - S3's notifications of replications that failed. The upload's own message
//     is with the workflow, which finds a mark and sends no second alert.
package notify

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
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
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// Marks remembers that operators were alerted that destination gets no replica
// of a version.
type Marks interface {
	Put(ctx context.Context, v s3event.ObjectVersion, destination string) error
}

// Notifier alerts, and puts back or leaves marks.
type Notifier struct {
	Stage  string
	Topic  string         // ARN of the topic operators are subscribed to
	Queues alert.Queues   // messages are put back into the DLQ, by its URL
	Policy verdict.Policy // the workflow's
	Marks  Marks
	SNS    Publisher
	SQS    Sender
	Log    *slog.Logger
}

// Notify takes records of the failure queue, each for itself. Its answer names
// those that stay in that queue because they could not be alerted and put back;
// SQS hands them over again
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
// A record may so be alerted and put back twice, but is never lost. It has no
// error of its own.
func (n Notifier) Notify(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-margin))
		defer cancel()
	}
	answer := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for _, record := range e.Records {
		if err := n.notify(ctx, record); err != nil {
			n.Log.ErrorContext(ctx, "message stays in the failure queue", "messageId", record.MessageId, "error", err.Error())
			answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: record.MessageId})
		}
	}
	return answer, nil
}

// notify tells the kinds of records apart. Only parked messages have attributes:
// the body of one may look like anything.
func (n Notifier) notify(ctx context.Context, record events.SQSMessage) error {
	if len(record.MessageAttributes) > 0 || !s3event.IsNotification(record.Body) {
		return n.alertAgain(ctx, record, read(record))
	}
	notification, err := s3event.ParseNotification(record.Body)
	switch {
	case err != nil:
		return n.alertAgain(ctx, record, unreadable(record, err))
	case notification.Test != "":
		n.Log.InfoContext(ctx, "s3 tested that it reaches the queue", "messageId", record.MessageId, "bucket", notification.Test)
		return nil
	default:
		return n.replicationFailed(ctx, record.MessageId, notification.Failures)
	}
}

func (n Notifier) alertAgain(ctx context.Context, record events.SQSMessage, p parked) error {
	if p.alerted >= alert.MaxAlerts {
		n.Log.WarnContext(ctx, "no e-mail: operators were alerted about this message often enough",
			"messageId", record.MessageId, "alerts", p.alerted)
		return n.putBack(ctx, record, p.alerted)
	}
	text := alert.Compose(alert.Context{Stage: n.Stage, Execution: p.execution, Alerted: p.alerted, Queues: n.Queues}, []batch.Failed{p.failed})
	if err := n.publish(ctx, p.failed.ID, text); err != nil {
		return err
	}
	if err := n.putBack(ctx, record, p.alerted+1); err != nil {
		return err
	}
	n.Log.InfoContext(ctx, "alerted and put back",
		"messageId", record.MessageId, "reason", string(p.failed.Reason), "execution", p.execution, "alerts", p.alerted+1)
	return nil
}

func (n Notifier) publish(ctx context.Context, messageID string, text batch.Alert) error {
	_, err := n.SNS.Publish(ctx, &sns.PublishInput{
		TopicArn: aws.String(n.Topic), Subject: aws.String(text.Subject), Message: aws.String(text.Message)})
	if err != nil {
		return fmt.Errorf("publish the alert about message %s to %s: %w", messageID, n.Topic, err)
	}
	return nil
}

// putBack sends the body unchanged.
func (n Notifier) putBack(ctx context.Context, record events.SQSMessage, alerts int) error {
	_, err := n.SQS.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl: aws.String(n.Queues.DLQURL), MessageBody: aws.String(record.Body), MessageAttributes: attributes(record, alerts)})
	if err != nil {
		return fmt.Errorf("put message %s back into %s: %w", record.MessageId, n.Queues.DLQURL, err)
	}
	return nil
}
