package requeue

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// planEventDLQ counts, and looks at the first messages. They are shown again at
// once: the SDK can't ask to hide them for 0 seconds.
func (r *run) planEventDLQ(ctx context.Context) error {
	q := r.stack.eventDLQ
	r.report.EventDLQ.Pending, r.report.EventDLQ.Hidden = q.visible, q.hidden
	if q.visible == 0 {
		return nil
	}
	first := newPass(q.visible)
	got, err := r.receive(ctx, first.hold)
	if err != nil {
		return err
	}
	first.take(got)
	r.show(ctx, first)
	for _, m := range got[:min(len(got), samples)] {
		r.report.EventDLQ.Objects = append(r.report.EventDLQ.Objects, m.object())
	}
	return nil
}

// receive takes up to ten messages and hides them from others. It waits a second,
// which makes SQS ask all its servers: an empty answer then means that the queue
// shows nothing.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
func (r *run) receive(ctx context.Context, hold time.Duration) (all []message, err error) {
	got, err := r.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &r.stack.eventDLQ.url, MaxNumberOfMessages: pageMessages, VisibilityTimeout: int32(hold / time.Second), WaitTimeSeconds: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("receive from %s: %w", r.stack.eventDLQ.name, err)
	}
	for _, m := range got.Messages {
		all = append(all, message{ID: aws.ToString(m.MessageId), Body: aws.ToString(m.Body), receipt: aws.ToString(m.ReceiptHandle)})
	}
	return all, nil
}

// workEventDLQ moves messages until none shows or the pass is over. What stays is
// hidden meanwhile, and shown again at the end.
func (r *run) workEventDLQ(ctx context.Context) error {
	p := newPass(r.stack.eventDLQ.visible + r.stack.eventDLQ.hidden)
	defer func() { r.show(ctx, p) }()
	for !p.over() {
		got, err := r.receive(ctx, p.hold)
		if err != nil || len(got) == 0 {
			return err
		}
		if err := r.move(ctx, p, p.take(got)); err != nil {
			return err
		}
	}
	return r.recount(ctx, p)
}

// move sends messages to the validation queue and deletes them here, save those
// that it would not take.
func (r *run) move(ctx context.Context, p *pass, page []message) error {
	page = slices.DeleteFunc(page, func(m message) bool {
		why := r.stack.validation.refusal(m)
		if why != "" {
			r.report.leave(r.stack.eventDLQ.name, m, why)
		}
		return why != ""
	})
	return r.send(ctx, r.stack.eventDLQ.name, page, func(ctx context.Context, sent []message) error {
		r.report.EventDLQ.Sent += len(sent)
		return r.remove(ctx, p, sent)
	})
}

// remove deletes messages that were sent.
func (r *run) remove(ctx context.Context, p *pass, sent []message) error {
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
		delete(p.held, m.ID)
	}
	return nil
}

// recount estimates how many messages a pass that had to end did not get to.
func (r *run) recount(ctx context.Context, p *pass) error {
	q, err := r.queue(ctx, r.stack.eventDLQ.name)
	r.report.EventDLQ.Unreached = max(0, q.visible+q.hidden-len(p.held))
	return err
}

// show makes messages visible again that were received and not moved: as many as
// it can within the time that an interruption waits for.
func (r *run) show(ctx context.Context, p *pass) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pageTime)
	defer cancel()
	for _, m := range p.held {
		// An error does not matter: they show by themselves when their hold is over.
		_, _ = r.sqs.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
			QueueUrl: &r.stack.eventDLQ.url, ReceiptHandle: aws.String(m.receipt), VisibilityTimeout: 0,
		})
	}
}
