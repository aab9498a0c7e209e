package retry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"autobackup/cmd/autobackup/identity"
	"autobackup/internal/s3error"
)

// queue is a deployed queue.
type queue struct {
	name, url, arn string
	maximumBytes   int       // of a message
	visible        int       // messages, as SQS estimates
	hidden         int       // messages that another reader holds
	asked          time.Time // by the clock of SQS
}

// now is the time by the clock of SQS, or another where that is not known.
func (q queue) now(or time.Time) time.Time {
	if q.asked.IsZero() {
		return or
	}
	return q.asked
}

// source is a queue that messages are taken from.
type source struct {
	queue
	origin string
	report *Queue
}

// named is the name of a stage's queue.
func named(kind, stage string) string { return "autobackup-" + kind + "-" + stage }

// find looks a stage's resources up by their names.
func (r *run) find(ctx context.Context) (err error) {
	if !r.discards {
		kind := "validation-queue"
		if r.tells() {
			kind = "failure-queue"
		}
		if r.to, err = r.queue(ctx, named(kind, r.Stage)); err != nil {
			return err
		}
	}
	at := r.to
	for _, s := range []*source{{origin: FromParked, report: &r.report.Parked}, {origin: FromEventDLQ, report: &r.report.EventDLQ}, {origin: FromFailureDLQ, report: &r.report.FailureDLQ}} {
		if !r.takes(s.origin) {
			continue
		}
		if s.queue, err = r.queue(ctx, s.report.Queue); err != nil {
			return err
		}
		r.sources, at = append(r.sources, s), s.queue
	}
	r.began = at.now(r.Now())
	a, err := arn.Parse(at.arn)
	if err != nil {
		return fmt.Errorf("read the ARN of %s: %w", at.name, err)
	}
	r.account = a.AccountID
	a.Service, a.Resource = "states", "stateMachine:"+named("validation", r.Stage)
	r.stateMachineARN = a.String()
	return nil
}

// queues reads the queues of a stage.
type queues struct {
	sqs    *sqs.Client
	region string
}

// askTime is how long Asked waits for an answer.
const askTime = 10 * time.Second

// Asked says, by one call, what keeps everybody from asking for messages of a stage: that there are no
// credentials, that AWS does not know them, or that there is no such stage. What the call does not tell,
// as where it is denied, is no error.
func Asked(ctx context.Context, cfg aws.Config, stage string) error {
	if err := known(ctx, cfg); err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	s, name := queues{sqs.NewFromConfig(cfg), cfg.Region}, named("validation-dlq", stage)
	_, err := s.sqs.GetQueueUrl(within, &sqs.GetQueueUrlInput{QueueName: &name})
	_, unknown := identity.Denied(err)
	if missing := (*types.QueueDoesNotExist)(nil); unknown || errors.As(err, &missing) {
		return s.notFound(name, err)
	}
	return ctx.Err()
}

// notFound says why a queue was not found, and what to do.
func (s queues) notFound(name string, err error) error {
	if missing := (*types.QueueDoesNotExist)(nil); errors.As(err, &missing) {
		return fmt.Errorf("there is no queue %s in %s: name the stage with --stage, the region with --region, and the account by its credentials: %w", name, s.region, err)
	}
	if next, is := identity.Denied(err); is {
		return fmt.Errorf("find the queue %s: %s: %s", name, s3error.Explain("GetQueueUrl", err), next)
	}
	return fmt.Errorf("find the queue %s: %w", name, err)
}

func (s queues) queue(ctx context.Context, name string) (queue, error) {
	found, err := s.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if err != nil {
		return queue{}, s.notFound(name, err)
	}
	q := queue{name: name, url: aws.ToString(found.QueueUrl)}
	got, err := s.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return q, fmt.Errorf("read the attributes of %s: %w", name, err)
	}
	q.asked, _ = awsmiddleware.GetServerTime(got.ResultMetadata)
	q.arn = got.Attributes[string(types.QueueAttributeNameQueueArn)]
	for attribute, target := range map[types.QueueAttributeName]*int{
		types.QueueAttributeNameMaximumMessageSize:                    &q.maximumBytes,
		types.QueueAttributeNameApproximateNumberOfMessages:           &q.visible,
		types.QueueAttributeNameApproximateNumberOfMessagesNotVisible: &q.hidden,
	} {
		if *target, err = strconv.Atoi(got.Attributes[string(attribute)]); err != nil {
			return q, fmt.Errorf("read %s of %s: %w", attribute, name, err)
		}
	}
	return q, nil
}
