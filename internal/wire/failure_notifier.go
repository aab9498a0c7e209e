package wire

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"autobackup/internal/handler"
	"autobackup/internal/notify"
)

// records is what an SQS event source mapping sends.
type records struct{ events.SQSEvent }

func (r *records) Validate() error {
	if r.Records == nil {
		return errors.New(`"Records" is missing: it is the array of records of an SQS queue`)
	}
	return nil
}

// FailureNotifier builds the function that the failure queue triggers: records
// go in, those that stay in the queue come out. Environment: STAGE, TOPIC_ARN,
// WORK_BUCKET, VALIDATION_QUEUE_ARN, VALIDATION_DLQ_ARN, FAILURE_QUEUE_ARN,
// ALERT_EVENTS, OWNER_TAG and CHAT_TOPIC_ARN, of which the last two may be empty.
func FailureNotifier(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	build := FailureNotifierBy(time.Now) //nolint:forbidigo // here the wall clock enters: it says when operators are told
	return build(cfg, env, log)
}

// FailureNotifierBy is FailureNotifier by another clock.
func FailureNotifierBy(now func() time.Time) Build {
	return func(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
		cfg, err := reaching(cfg, env)
		if err != nil {
			return nil, err
		}
		notifier := notify.Notifier{
			S3: newS3(cfg), SNS: sns.NewFromConfig(cfg), SQS: sqs.NewFromConfig(cfg), Now: now, Log: log,
		}
		if err := address(&notifier, env); err != nil {
			return nil, err
		}
		put, err := enabled(env, "ALERT_EVENTS")
		if err != nil {
			return nil, err
		}
		if put {
			notifier.Bus, notifier.OwnerTag = eventbridge.NewFromConfig(cfg), env("OWNER_TAG")
		}
		notify := func(ctx context.Context, in records) (events.SQSEventResponse, error) {
			return notifier.Notify(ctx, in.SQSEvent)
		}
		return handler.New("failure-notifier", log, notify), nil
	}
}

// address reads where the notifier finds what it needs.
func address(n *notify.Notifier, env func(string) string) (err error) {
	if n.Alert.Stage, err = text(env, "STAGE", "dev"); err != nil {
		return err
	}
	if n.Alert.Queues.ValidationARN, n.ValidationURL, err = queue(env, "VALIDATION_QUEUE_ARN"); err != nil {
		return err
	}
	if n.Alert.Queues.DLQARN, n.Alert.Queues.DLQURL, err = queue(env, "VALIDATION_DLQ_ARN"); err != nil {
		return err
	}
	if n.Alert.Queues.FailureARN, n.FailureURL, err = queue(env, "FAILURE_QUEUE_ARN"); err != nil {
		return err
	}
	if n.Topic, err = resource(env, "TOPIC_ARN", "sns"); err != nil {
		return err
	}
	if env("CHAT_TOPIC_ARN") != "" {
		if n.ChatTopic, err = resource(env, "CHAT_TOPIC_ARN", "sns"); err != nil {
			return err
		}
	}
	n.Bucket, err = text(env, "WORK_BUCKET", "autobackup-dev-work-123456789012")
	return err
}
