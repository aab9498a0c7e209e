package sqs

import (
	"container/heap"
	"fmt"
	"strings"
	"time"

	"autobackup/local/store"
)

// Kinds of records. The keys of a queue's messages and steps begin with its ARN and a zero byte.
const (
	keptQueues   = "sqs queues"
	keptMessages = "sqs messages"
	keptSteps    = "sqs steps" // of which metrics don't tell yet, by their number
	keptTasks    = "sqs move tasks"
)

// keptQueue is what a queue has beside its configuration, which whoever deploys gives it.
type keptQueue struct {
	Created, Purged time.Time
	Measured        measured
}

type keptMessage struct {
	Message
	Attributes map[string]keptAttribute // in place of the message's, whose values need not be UTF-8
	Before     int
	Order      int
	Consumed   bool `json:",omitempty"`
}

type keptAttribute struct {
	DataType string
	Value    []byte
}

// keepQueue and those after it note that something changes, with the service locked.
func (s *Service) keepQueue(queueARN string) {
	s.mu.Changed(keptQueues, queueARN, func() any {
		if q := s.queues[queueARN]; q != nil {
			return keptQueue{q.created, q.purged, q.measured}
		}
		return nil
	})
}

func (s *Service) keepMessage(q *queue, id string) {
	s.mu.Changed(keptMessages, q.ARN+"\x00"+id, func() any {
		m := q.byID[id]
		if m == nil {
			return nil
		}
		k := keptMessage{Message: m.Message, Attributes: map[string]keptAttribute{}, Before: m.before, Order: m.order, Consumed: m.consumed}
		for name, a := range m.Attributes {
			k.Attributes[name] = keptAttribute{a.DataType, []byte(a.Value)}
		}
		return k
	})
}

// keepStep notes that a step is new, or, where there is none, that metrics tell of it.
func (s *Service) keepStep(q *queue, number int, happened any) {
	if s.mu.Store == nil {
		return // its key is not made for nothing
	}
	s.mu.Changed(keptSteps, fmt.Sprintf("%s\x00%020d", q.ARN, number), func() any { return happened })
}

// keepSteps keeps the steps of a queue from before anything was kept.
func (s *Service) keepSteps(q *queue) {
	for i, happened := range q.steps {
		s.keepStep(q, q.noted-len(q.steps)+i+1, happened)
	}
}

// forgetSteps has a queue's metrics tell nothing more.
func (s *Service) forgetSteps(q *queue) {
	for i := range q.steps {
		s.keepStep(q, q.noted-i, nil)
	}
	q.steps = nil
}

func (s *Service) keepTasks() {
	s.mu.Changed(keptTasks, "", func() any { return s.tasks })
}

// Load gives the queues, which are there already, what those of another service with a store
// had, and keeps what changes from now on. Messages that were received are hidden as long as
// they were, but for those of batches whose consumers are gone with that service: they come at once,
// as if they had not been received. Tasks go on.
func (s *Service) Load(from *store.Store) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := map[*queue]int{} // consumers that ask already
	err := store.Each(from, keptQueues, func(queueARN string, k keptQueue) error {
		if q := s.queues[queueARN]; q != nil {
			s.clear(q)
			known[q] = q.asking()
			if q.created, q.purged, q.steps = k.Created, k.Purged, nil; k.Measured.Has != nil { // or an older program kept it
				q.measured = k.Measured
			}
		}
		return nil
	})
	if err == nil {
		err = store.Each(from, keptMessages, s.load)
	}
	if err == nil {
		err = store.Each(from, keptSteps, s.loadStep)
	}
	if err == nil {
		err = store.Each(from, keptTasks, func(_ string, tasks []*MoveTask) error { s.tasks = tasks; return nil })
	}
	if err != nil {
		return fmt.Errorf("load what sqs kept: %w", err)
	}
	s.mu.Store = from
	for queueARN, q := range s.queues {
		s.keepQueue(queueARN)
		if asking, ok := known[q]; ok {
			s.order(q)
			s.note(q, step{Asking: asking - q.asking()}) // the time in between counts as if they had asked all along
		} else {
			s.keepSteps(q)
		}
	}
	for _, t := range s.tasks {
		if t.Status == Running && s.queues[t.SourceARN] != nil {
			s.clk.AfterFunc(time.Second, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.move(t)
			})
		}
	}
	return nil
}

func (s *Service) load(key string, k keptMessage) error {
	queueARN, _, _ := strings.Cut(key, "\x00")
	q := s.queues[queueARN]
	if q == nil {
		return nil // it was deleted
	}
	m := &message{Message: k.Message, before: k.Before, order: k.Order, consumed: k.Consumed, index: len(q.waiting)}
	m.Attributes = map[string]Attribute{}
	for name, a := range k.Attributes {
		m.Attributes[name] = Attribute{a.DataType, string(a.Value)}
	}
	q.waiting, q.byID[m.ID] = append(q.waiting, m), m
	return nil
}

func (s *Service) loadStep(key string, happened step) error {
	queueARN, number, _ := strings.Cut(key, "\x00")
	q := s.queues[queueARN]
	if q == nil {
		return nil // it was deleted
	}
	q.steps = append(q.steps, happened)
	_, err := fmt.Sscanf(number, "%d", &q.noted)
	return err
}

// order makes what was loaded the heap that it is.
func (s *Service) order(q *queue) {
	for _, m := range q.waiting {
		q.arrivals = max(q.arrivals, m.order)
		if m.consumed {
			s.giveBack(q, m)
		}
	}
	heap.Init(&q.waiting)
	for i, m := range q.waiting {
		m.index = i
	}
	s.announce(q)
}

// giveBack has a message as it was before a consumer got it.
func (s *Service) giveBack(q *queue, m *message) {
	if m.ReceiveCount--; m.ReceiveCount == 0 {
		m.FirstReceived = time.Time{}
	}
	m.VisibleAt, m.Receipt, m.consumed = s.clk.Now(), "", false
	s.keepMessage(q, m.ID)
	s.note(q, step{Message: m.order, Visible: m.VisibleAt})
}
