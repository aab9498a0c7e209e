package sqs

import (
	"container/heap"
	"context"
	"encoding/base64"
	"strings"
	"time"

	"autobackup/local/wire"
)

// Receive says how to receive. The zero value takes one message and doesn't
// wait longer than the queue is configured to.
type Receive struct {
	Max               int  // messages, 1 to 10; 0 means 1
	VisibilityTimeout *int // seconds, 0 to 43,200; nil takes the queue's
	WaitTimeSeconds   *int // 0 to 20; nil takes the queue's
}

func (r *Receive) complete(q *queue) error {
	if r.Max == 0 {
		r.Max = 1
	}
	if r.VisibilityTimeout == nil {
		r.VisibilityTimeout = &q.VisibilityTimeout
	}
	if r.WaitTimeSeconds == nil {
		r.WaitTimeSeconds = &q.ReceiveMessageWaitTimeSeconds
	}
	for _, b := range []bound{
		{"MaxNumberOfMessages", r.Max, 1, maxBatch},
		{"VisibilityTimeout", *r.VisibilityTimeout, 0, 43_200},
		{"WaitTimeSeconds", *r.WaitTimeSeconds, 0, 20},
	} {
		if err := b.check(); err != nil {
			return err
		}
	}
	return nil
}

// Receive takes visible messages and hides them for the visibility time-out.
// Where there are none it waits, until the first ones arrive or the wait is over.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
func (s *Service) Receive(ctx context.Context, queueARN string, r Receive) ([]Message, error) {
	got, q, err := s.receiveNow(queueARN, &r)
	if err != nil || len(got) > 0 || *r.WaitTimeSeconds == 0 {
		return got, err
	}
	ready := make(chan struct{}, 1)
	stop := s.watch(q, func() {
		select {
		case ready <- struct{}{}:
		default:
		}
	})
	defer stop()
	waiting, cancel := s.clk.WithTimeout(ctx, time.Duration(*r.WaitTimeSeconds)*time.Second)
	defer cancel()
	for {
		select {
		case <-ready:
			if got, _, err := s.receiveNow(queueARN, &r); err != nil || len(got) > 0 {
				return got, err
			}
		case <-waiting.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (s *Service) receiveNow(queueARN string, r *Receive) ([]Message, *queue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(queueARN)
	if err != nil {
		return nil, nil, err
	}
	if err := r.complete(q); err != nil {
		return nil, nil, err
	}
	got := s.take(q, r.Max, time.Duration(*r.VisibilityTimeout)*time.Second)
	if len(got) == 0 {
		s.note(q, step{Counts: "NumberOfEmptyReceives"})
	}
	return got, q, nil
}

// take receives up to limit visible messages. On the way it drops those whose
// retention is over and moves exhausted ones to the dead-letter queue: SQS too
// moves a message at the receive that would be one too many.
func (s *Service) take(q *queue, limit int, visibility time.Duration) (got []Message) {
	now := s.clk.Now()
	var taken []*message // back into the heap at the end: with a time-out of 0 they would come again
	for len(taken) < limit && len(q.waiting) > 0 && !q.waiting[0].VisibleAt.After(now) {
		m := q.waiting[0]
		switch {
		case q.expired(m, now):
			s.remove(q, m, "")
		case q.exhausted(m):
			s.remove(q, m, "")
			s.deadLetter(q, m.Message, now)
		default:
			heap.Pop(&q.waiting)
			taken = append(taken, m)
		}
	}
	for _, m := range taken {
		if m.ReceiveCount++; m.ReceiveCount == 1 {
			m.FirstReceived = now
		}
		m.VisibleAt, m.Receipt, m.consumed = now.Add(visibility), q.receipt(m.ID, s.newID()), false
		heap.Push(&q.waiting, m)
		s.keepMessage(q, m.ID)
		s.note(q, step{Message: m.order, Visible: m.VisibleAt, Counts: "NumberOfMessagesReceived"})
		got = append(got, m.Message)
	}
	s.announce(q)
	return got
}

// deadLetter moves a message with its id, its receive count and the time of its
// first enqueue.
func (s *Service) deadLetter(from *queue, m Message, now time.Time) {
	to := s.queues[from.RedrivePolicy.DeadLetterTargetARN]
	m.SourceARN = from.ARN
	s.add(to, m, now, "")
	s.announce(to)
}

// receipt makes a handle that names queue and message, so that a stale one can
// be told from a wrong one.
func (q *queue) receipt(id, unique string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Join([]string{q.ARN, id, unique}, " ")))
}

// held finds the message a receipt handle is for. It is nil where the message
// is gone or has been received again since.
func (q *queue) held(handle string) (*message, error) {
	b, err := base64.StdEncoding.DecodeString(handle)
	parts := strings.Split(string(b), " ")
	if err != nil || len(parts) != 3 || parts[0] != q.ARN {
		return nil, invalidReceipt(handle)
	}
	if m := q.byID[parts[1]]; m != nil && m.Receipt == handle {
		return m, nil
	}
	return nil, nil
}

// Delete deletes a received message. A stale handle changes nothing and is no
// error, as in SQS.
func (s *Service) Delete(queueARN, handle string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(queueARN)
	if err != nil {
		return err
	}
	return s.delete(q, handle)
}

func (s *Service) delete(q *queue, handle string) error {
	m, err := q.held(handle)
	if m != nil {
		s.remove(q, m, "NumberOfMessagesDeleted")
		s.announce(q)
	}
	return err
}

// ChangeVisibility hides a received message for other seconds (0 to 43,200)
// from now on; 0 shows it at once.
func (s *Service) ChangeVisibility(queueARN, handle string, seconds int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(queueARN)
	if err != nil {
		return err
	}
	if err := (bound{"VisibilityTimeout", seconds, 0, 43_200}).check(); err != nil {
		return err
	}
	m, err := q.held(handle)
	now := s.clk.Now()
	switch {
	case err != nil:
		return err
	case m == nil:
		return invalidValue("Value %s for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.", handle)
	case !m.VisibleAt.After(now):
		return &wire.Error{Shape: "MessageNotInflight", Code: "AWS.SimpleQueueService.MessageNotInflight", Status: 400, Message: "The message is not in flight."}
	}
	m.VisibleAt = now.Add(time.Duration(seconds) * time.Second)
	heap.Fix(&q.waiting, m.index)
	s.keepMessage(q, m.ID)
	s.note(q, step{Message: m.order, Visible: m.VisibleAt})
	s.announce(q)
	return nil
}
