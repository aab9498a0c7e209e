package wire

import (
	"context"
	"errors"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
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
// WORK_BUCKET, the deadlines and queues of CompareETags.
func FailureNotifier(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	stage, queues, err := addressing(env)
	if err != nil {
		return nil, err
	}
	topic, err := resource(env, "TOPIC_ARN", "sns")
	if err != nil {
		return nil, err
	}
	policy, err := policy(env)
	if err != nil {
		return nil, err
	}
	marks, err := marks(s3.NewFromConfig(cfg), env, log)
	if err != nil {
		return nil, err
	}
	notifier := notify.Notifier{
		Stage: stage, Topic: topic, Queues: queues, Policy: policy, Marks: marks,
		SNS: sns.NewFromConfig(cfg), SQS: sqs.NewFromConfig(cfg), Log: log,
	}
	notify := func(ctx context.Context, in records) (events.SQSEventResponse, error) {
		return notifier.Notify(ctx, in.SQSEvent)
	}
	return handler.New("failure-notifier", log, notify), nil
}
