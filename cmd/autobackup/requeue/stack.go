package requeue

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// queue is a deployed queue.
type queue struct {
	name, url, arn string
	maximumBytes   int // of a message
	visible        int // messages, as SQS estimates
	hidden         int // messages that another reader holds
}

// stack is what a stage has deployed.
type stack struct {
	validation, eventDLQ queue
	stateMachineARN      string
	validationDLQName    string
}

// find looks a stage's resources up by their names. The account and the
// partition are those of the queue's ARN.
func (r *run) find(ctx context.Context) (s stack, err error) {
	s.validationDLQName = "autobackup-validation-dlq-" + r.Stage
	if s.validation, err = r.queue(ctx, "autobackup-validation-queue-"+r.Stage); err != nil {
		return s, err
	}
	if s.eventDLQ, err = r.queue(ctx, r.report.EventDLQ.Queue); err != nil {
		return s, err
	}
	machine, err := arn.Parse(s.validation.arn)
	if err != nil {
		return s, fmt.Errorf("read the ARN of %s: %w", s.validation.name, err)
	}
	machine.Service, machine.Resource = "states", "stateMachine:autobackup-validation-"+r.Stage
	s.stateMachineARN = machine.String()
	return s, nil
}

func (r *run) queue(ctx context.Context, name string) (queue, error) {
	found, err := r.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if missing := (*types.QueueDoesNotExist)(nil); errors.As(err, &missing) {
		return queue{}, fmt.Errorf("there is no queue %s in %s: name the stage with --stage, the region with --region, and the account by its credentials: %w", name, r.report.Region, err)
	}
	if err != nil {
		return queue{}, fmt.Errorf("find the queue %s: %w", name, err)
	}
	q := queue{name: name, url: aws.ToString(found.QueueUrl)}
	got, err := r.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return q, fmt.Errorf("read the attributes of %s: %w", name, err)
	}
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
