package retry

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"
)

const (
	// sample is how many messages are looked at where a number is enough.
	sample = 100
	// lookHold is how long a look hides messages from others, unless it takes longer.
	lookHold = 30 * time.Second
	// atOnce is how many calls show messages again.
	atOnce = 16
)

// planQueue looks at messages and counts those that are chosen. Where all are, SQS counts.
func (r *run) planQueue(ctx context.Context, s *source) error {
	q, most := s.report, sample
	q.Lying = s.visible
	if r.Filter.narrow() {
		most = r.Max
	}
	looked, err := r.look(ctx, s.queue, most)
	if err != nil {
		return err
	}
	q.Looked = len(looked)
	for _, m := range looked {
		if r.Filter.takes(m, r.began) {
			q.add(m)
		}
	}
	q.NotLooked = max(0, s.visible-q.Looked)
	if !r.Filter.narrow() {
		q.Pending += q.NotLooked
	}
	// SQS counts up to a minute late: who had messages a moment ago, such as parked, has shown again
	// what the look got beyond those that showed.
	q.Hidden = max(0, s.hidden-max(0, q.Looked-s.visible))
	return nil
}

// look receives messages and shows them again at once: the SDK can't ask to hide them for 0 seconds.
func (s queues) look(ctx context.Context, q queue, most int) (all []message, err error) {
	p := newPass(q.visible, lookHold)
	defer func() { s.show(ctx, q, p) }()
	for q.visible > 0 && len(all) < most && !p.over() {
		got, err := s.receive(ctx, q, min(pageMessages, most-len(all)), p.hold)
		if err != nil || len(got) == 0 {
			return all, err
		}
		all = append(all, p.take(got)...)
	}
	return all, nil
}

// receive takes messages and hides them from others. It waits a second,
// which makes SQS ask all its servers: an empty answer then means that the queue
// shows nothing.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
func (s queues) receive(ctx context.Context, q queue, most int, hold time.Duration) (all []message, err error) {
	got, err := s.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &q.url, MaxNumberOfMessages: int32(most), VisibilityTimeout: int32(hold / time.Second), WaitTimeSeconds: 1, //nolint:gosec // at most ten
		MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameSentTimestamp},
	})
	if err != nil {
		return nil, fmt.Errorf("receive from %s: %w", q.name, err)
	}
	for _, m := range got.Messages {
		one := message{ID: aws.ToString(m.MessageId), Body: aws.ToString(m.Body), attributes: m.MessageAttributes, receipt: aws.ToString(m.ReceiptHandle)}
		if ms, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64); err == nil {
			one.at = time.UnixMilli(ms).UTC()
		}
		all = append(all, one)
	}
	return all, nil
}

// workQueue takes messages until none shows or the pass is over. What stays is
// hidden meanwhile, and shown again at the end.
func (r *run) workQueue(ctx context.Context, s *source) error {
	p := newPass(s.visible+s.hidden, firstHold)
	defer func() { r.show(ctx, s.queue, p) }()
	for !p.over() {
		got, err := r.receive(ctx, s.queue, pageMessages, p.hold)
		if err != nil {
			return err
		}
		if len(got) == 0 {
			// An empty answer says what shows, and nothing of what others hold. So what was found and did
			// not come is told. What SQS counts now would not do: it still counts what was just deleted.
			s.report.Hidden = max(0, s.visible+s.hidden-(p.fresh-s.report.Returned))
			return nil
		}
		page := r.chosen(s, p.take(got))
		cut := max(0, len(page)-r.room())
		if err := r.move(ctx, s, p, page[:len(page)-cut]); err != nil {
			return err
		}
		if r.room() == 0 {
			return r.recount(ctx, s, p, cut)
		}
	}
	return r.recount(ctx, s, p, 0)
}

// room is how many messages the run may still take.
func (r *run) room() int {
	if r.All {
		return pageMessages
	}
	return max(0, r.Max-r.report.Done())
}

// chosen are those of a page that the run is about. A message that was sent and came back, because it
// failed again or was told of, is not: the run would go round and round with it.
func (r *run) chosen(s *source, page []message) []message {
	return slices.DeleteFunc(slices.Clone(page), func(m message) bool {
		if !r.Filter.takes(m, r.began) {
			return true
		}
		back := r.went[sha256.Sum256([]byte(m.Body))] && !m.at.Before(r.began)
		if back {
			s.report.Returned++
		}
		return back
	})
}

// move sends messages and deletes them here, save those that the queue would not take; or it puts them on
// record and deletes them.
func (r *run) move(ctx context.Context, s *source, p *pass, page []message) error {
	done := func(ctx context.Context, some []message) error {
		s.report.Done += len(some)
		if err := r.note(ctx, s.origin, s.name, some); err != nil {
			return err
		}
		return r.remove(ctx, s, p, some)
	}
	if r.discards {
		return r.discard(ctx, s, p, page)
	}
	var fit []message
	for _, m := range page {
		if why := r.to.refusal(m); why != "" {
			r.report.leave(s.name, m, why)
			continue
		}
		if s.origin == FromEventDLQ { // EventBridge's own attributes say nothing to those who look at it
			m.attributes = nil
		}
		fit = append(fit, r.to.fitting(m))
	}
	return r.send(ctx, s.name, fit, done)
}

// discard puts messages on record before it deletes them. A page is never cut.
func (r *run) discard(ctx context.Context, s *source, p *pass, page []message) error {
	if len(page) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pageTime)
	defer cancel()
	if err := r.note(ctx, s.origin, s.name, page); err != nil {
		return err
	}
	before := len(p.held)
	err := r.remove(ctx, s, p, page)
	s.report.Done += before - len(p.held)
	r.shown.Increment(int64(len(page)))
	return err
}

// note puts messages on record, that they were sent or will be deleted.
func (r *run) note(ctx context.Context, of, from string, all []message) error {
	err := r.operation.Note(ctx, of, records(from, all, r.discards))
	switch {
	case err != nil && r.discards:
		return fmt.Errorf("record %s of %s before deleting (they stay): %w", count(len(all), "message"), from, err)
	case err != nil:
		return fmt.Errorf("record what was sent (the next run sends %s of %s again, which harms nothing): %w", count(len(all), "message"), from, err)
	}
	return nil
}

// remove deletes messages that were sent, or are on record.
func (r *run) remove(ctx context.Context, s *source, p *pass, sent []message) error {
	in := sqs.DeleteMessageBatchInput{QueueUrl: &s.url}
	for i, m := range sent {
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(m.receipt)})
	}
	out, err := r.sqs.DeleteMessageBatch(ctx, &in)
	if err != nil && r.discards {
		return fmt.Errorf("delete %s from %s that are on record (the next run records them again, which harms nothing): %w", count(len(sent), "message"), s.name, err)
	}
	if err != nil {
		return fmt.Errorf("delete %s from %s that were sent (the next run sends them again, which harms nothing): %w",
			count(len(sent), "message"), s.name, err)
	}
	kept := map[string]string{}
	for _, f := range out.Failed {
		kept[aws.ToString(f.Id)] = aws.ToString(f.Code) + ": " + aws.ToString(f.Message)
	}
	was := "it was sent, but could not be deleted here, and the next run sends it again: "
	if r.discards {
		was = "it is on record, but could not be deleted: "
	}
	for i, m := range sent {
		if why, ok := kept[strconv.Itoa(i)]; ok {
			r.report.leave(s.name, m, was+why)
			continue
		}
		delete(p.held, m.ID)
	}
	return nil
}

// recount estimates how many messages a pass that had to end did not get to, beside those that it cut
// off a page.
func (r *run) recount(ctx context.Context, s *source, p *pass, cut int) error {
	q, err := r.queue(ctx, s.name)
	s.report.Unreached, s.report.Hidden = max(0, q.visible+q.hidden-len(p.held))+cut, 0 // those that others hold among them
	return err
}

// show makes messages visible again that were received and not moved: as many as
// it can within the time that an interruption waits for.
func (s queues) show(ctx context.Context, q queue, p *pass) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pageTime)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, m := range p.held {
		group.Go(func() error {
			// An error does not matter: they show by themselves when their hold is over.
			_, _ = s.sqs.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
				QueueUrl: &q.url, ReceiptHandle: aws.String(m.receipt), VisibilityTimeout: 0,
			})
			return nil
		})
	}
	_ = group.Wait() // none is told
}
