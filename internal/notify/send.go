package notify

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"
)

// What one call of SendMessageBatch takes
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html),
// and how many are under way at once.
const (
	batchEntries = 10
	batchBytes   = 256 << 10
	atOnce       = 8
)

// outgoing is a message to send.
type outgoing struct {
	task       int // index of the task that it belongs to
	body       string
	attributes map[string]types.MessageAttributeValue
	delay      time.Duration // whole seconds; 0 is the queue's own
}

var (
	errUnanswered = errors.New("sqs did not say what became of the message")
	errRefused    = errors.New("sqs refuses the message, and would refuse it again")
)

func refusedForGood(err error) bool { return errors.Is(err, errRefused) }

// send sends messages to a queue. The answer has an error for each that was not
// taken, in their order.
func (n Notifier) send(ctx context.Context, queue string, messages []outgoing) []error {
	return inCalls(messages, batchEntries, batchBytes, func(some []outgoing, errs []error) { n.sendBatch(ctx, queue, some, errs) })
}

// sized is what is sent together with others of its kind.
type sized interface{ size() int } // bytes

// inCalls has all sent by calls that take so many entries and bytes, several at once. The
// answer has an error for each that was not taken, in their order.
func inCalls[T sized](all []T, entries, bytes int, call func(some []T, errs []error)) []error {
	errs := make([]error, len(all))
	var calls errgroup.Group
	calls.SetLimit(atOnce)
	for begin := 0; begin < len(all); {
		end := begin + fitting(all[begin:], entries, bytes)
		some, answers := all[begin:end], errs[begin:end]
		calls.Go(func() error {
			call(some, answers)
			return nil
		})
		begin = end
	}
	_ = calls.Wait() // each that is sent has an error of its own
	return errs
}

// fitting is how many, one at least, fit one call.
func fitting[T sized](all []T, entries, bytes int) int {
	size := 0
	for i, one := range all[:min(len(all), entries)] {
		if size += one.size(); i > 0 && size > bytes {
			return i
		}
	}
	return min(len(all), entries)
}

func (o outgoing) size() int {
	size := len(o.body)
	for name, a := range o.attributes {
		size += len(name) + len(aws.ToString(a.DataType)) + len(aws.ToString(a.StringValue)) + len(a.BinaryValue)
	}
	return size
}

// sendBatch is one call. SQS may hold all messages of a call together against the
// queue's MaximumMessageSize: where it finds a call too long, each message is sent
// by itself.
func (n Notifier) sendBatch(ctx context.Context, queue string, messages []outgoing, errs []error) {
	out, err := n.SQS.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &queue, Entries: entries(messages)})
	if long := new(types.BatchRequestTooLong); errors.As(err, &long) {
		if len(messages) == 1 {
			errs[0] = fmt.Errorf("send a message to %s: %w: %w", queue, errRefused, err)
			return
		}
		for i := range messages {
			n.sendBatch(ctx, queue, messages[i:i+1], errs[i:i+1])
		}
		return
	}
	if err != nil {
		err = fmt.Errorf("send %d messages to %s: %w", len(messages), queue, err)
	} else {
		err = fmt.Errorf("send a message to %s: %w", queue, errUnanswered)
	}
	for i := range errs {
		errs[i] = err
	}
	if out == nil {
		return
	}
	for _, taken := range out.Successful {
		set(errs, taken.Id, nil)
	}
	for _, failed := range out.Failed {
		set(errs, failed.Id, refusal(queue, failed))
	}
}

func entries(messages []outgoing) []types.SendMessageBatchRequestEntry {
	all := make([]types.SendMessageBatchRequestEntry, len(messages))
	for i, m := range messages {
		all[i] = types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(m.body), MessageAttributes: m.attributes,
			DelaySeconds: int32(m.delay / time.Second), // #nosec G115: at most maxDelay
		}
	}
	return all
}

func set(errs []error, id *string, err error) {
	if i, bad := strconv.Atoi(aws.ToString(id)); bad == nil && i >= 0 && i < len(errs) {
		errs[i] = err
	}
}

// refusal is why one entry was not taken. What is wrong with the message itself
// stays so; anything else may be over at the next try.
func refusal(queue string, e types.BatchResultErrorEntry) error {
	code := aws.ToString(e.Code)
	if e.SenderFault && (strings.HasPrefix(code, "InvalidParameterValue") || code == "InvalidMessageContents") {
		return fmt.Errorf("send a message to %s: %w: %s %s", queue, errRefused, code, aws.ToString(e.Message))
	}
	return fmt.Errorf("send a message to %s: %s %s", queue, code, aws.ToString(e.Message))
}
