package requeue

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// hold is for how many seconds received messages are hidden from others: longer
// than a page takes.
const hold = 2 * int32(pageTime/time.Second)

// planEventDLQ counts, and looks at the first messages. They are shown again at
// once: the SDK can't ask to hide them for 0 seconds.
func (r *run) planEventDLQ(ctx context.Context) error {
	q := r.stack.eventDLQ
	r.report.EventDLQ = EventDLQ{Queue: q.name, Pending: q.visible, Hidden: q.hidden, Objects: []string{}}
	if q.visible == 0 {
		return nil
	}
	got, err := r.receive(ctx)
	if err != nil {
		return err
	}
	r.show(ctx, got)
	for _, m := range got[:min(len(got), samples)] {
		r.report.EventDLQ.Objects = append(r.report.EventDLQ.Objects, m.object())
	}
	return nil
}

// receive takes up to ten messages. It waits a second, which makes SQS ask all
// its servers: an empty answer then means an empty queue.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
func (r *run) receive(ctx context.Context) (all []message, err error) {
	got, err := r.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &r.stack.eventDLQ.url, MaxNumberOfMessages: pageMessages, VisibilityTimeout: hold, WaitTimeSeconds: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("receive from %s: %w", r.stack.eventDLQ.name, err)
	}
	for _, m := range got.Messages {
		all = append(all, message{ID: aws.ToString(m.MessageId), Body: aws.ToString(m.Body), receipt: aws.ToString(m.ReceiptHandle)})
	}
	return all, nil
}

// workEventDLQ moves messages until there are no more. What stays is hidden
// meanwhile, so that it does not come twice, and shown again at the end.
func (r *run) workEventDLQ(ctx context.Context) error {
	held := map[string]message{} // by id
	defer func() { r.show(ctx, slices.Collect(maps.Values(held))) }()
	for ctx.Err() == nil {
		got, err := r.receive(ctx)
		if err != nil {
			return err
		}
		if len(got) == 0 {
			return nil
		}
		var page []message
		for _, m := range got {
			_, again := held[m.ID] // a long run sees what stays more than once
			held[m.ID] = m
			if why := r.stack.validation.refusal(m); again {
				continue
			} else if why != "" {
				r.report.leave(r.stack.eventDLQ.name, m, why)
				continue
			}
			page = append(page, m)
		}
		err = r.send(ctx, r.stack.eventDLQ.name, page, func(ctx context.Context, sent []message) error {
			r.report.EventDLQ.Sent += len(sent)
			return r.remove(ctx, sent, held)
		})
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// remove deletes messages that were sent.
func (r *run) remove(ctx context.Context, sent []message, held map[string]message) error {
	in := sqs.DeleteMessageBatchInput{QueueUrl: &r.stack.eventDLQ.url}
	for i, m := range sent {
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(m.receipt)})
	}
	out, err := r.sqs.DeleteMessageBatch(ctx, &in)
	if err != nil {
		return fmt.Errorf("delete %s from %s that were put back (the next run puts them back again, which harms nothing): %w",
			count(len(sent), "message"), r.stack.eventDLQ.name, err)
	}
	kept := map[string]string{}
	for _, f := range out.Failed {
		kept[aws.ToString(f.Id)] = aws.ToString(f.Code) + ": " + aws.ToString(f.Message)
	}
	for i, m := range sent {
		if why, ok := kept[strconv.Itoa(i)]; ok {
			r.report.leave(r.stack.eventDLQ.name, m, "it was put back, but could not be deleted here, and the next run puts it back again: "+why)
			continue
		}
		delete(held, m.ID)
	}
	return nil
}

// show makes messages visible again that were received and not moved.
func (r *run) show(ctx context.Context, held []message) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pageTime)
	defer cancel()
	for _, m := range held {
		// An error does not matter: they show by themselves soon.
		_, _ = r.sqs.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
			QueueUrl: &r.stack.eventDLQ.url, ReceiptHandle: aws.String(m.receipt), VisibilityTimeout: 0,
		})
	}
}
