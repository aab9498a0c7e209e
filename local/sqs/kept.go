package sqs

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"strings"
	"time"

	"autobackup/local/store"
)

// Kinds of records. A message's key begins with its queue's ARN and a zero byte.
const (
	keptQueues   = "sqs queues"
	keptMessages = "sqs messages"
	keptTasks    = "sqs move tasks"
)

// keptQueue is what a queue has beside its configuration, which whoever deploys gives it.
type keptQueue struct{ Created, Purged time.Time }

type keptMessage struct {
	Message
	Attributes map[string]keptAttribute // in place of the message's, whose values need not be UTF-8
	Before     int
	Order      int
}

type keptAttribute struct {
	DataType string
	Value    []byte
}

// keepQueue and those after it note that something changes, with the service locked.
func (s *Service) keepQueue(queueARN string) {
	s.mu.Changed(keptQueues, queueARN, func() any {
		if q := s.queues[queueARN]; q != nil {
			return keptQueue{q.created, q.purged}
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
		k := keptMessage{Message: m.Message, Attributes: map[string]keptAttribute{}, Before: m.before, Order: m.order}
		for name, a := range m.Attributes {
			k.Attributes[name] = keptAttribute{a.DataType, []byte(a.Value)}
		}
		return k
	})
}

func (s *Service) keepTasks() {
	s.mu.Changed(keptTasks, "", func() any { return s.tasks })
}

// Load gives the queues, which are there already, what those of another service with a store
// had, and keeps what changes from now on. Messages that were received are hidden as long as
// they were, and tasks go on.
func (s *Service) Load(from *store.Store) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := map[string]bool{}
	err := store.Each(from, keptQueues, func(queueARN string, k keptQueue) error {
		if q := s.queues[queueARN]; q != nil {
			known[queueARN] = true
			s.clear(q)
			q.created, q.purged = k.Created, k.Purged
		}
		return nil
	})
	if err == nil {
		err = store.Each(from, keptMessages, s.load)
	}
	if err == nil {
		err = store.Each(from, keptTasks, func(_ string, tasks []*MoveTask) error { s.tasks = tasks; return nil })
	}
	if err != nil {
		return fmt.Errorf("load what sqs kept: %w", err)
	}
	s.mu.Store = from
	for queueARN := range s.queues {
		s.keepQueue(queueARN)
	}
	for queueARN := range known {
		s.order(s.queues[queueARN])
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
	m := &message{Message: k.Message, before: k.Before, order: k.Order, index: len(q.waiting)}
	m.Attributes = map[string]Attribute{}
	for name, a := range k.Attributes {
		m.Attributes[name] = Attribute{a.DataType, string(a.Value)}
	}
	q.waiting, q.byID[m.ID] = append(q.waiting, m), m
	return nil
}

// order makes what was loaded the heap that it is. Metrics see the messages as they came.
func (s *Service) order(q *queue) {
	all := slices.SortedFunc(slices.Values(q.waiting), func(a, b *message) int { return cmp.Compare(a.order, b.order) })
	for _, m := range all {
		q.arrivals = max(q.arrivals, m.order)
		s.note(q, step{message: m.order, visible: m.VisibleAt, expires: m.Sent.Add(q.retention())})
	}
	heap.Init(&q.waiting)
	for i, m := range q.waiting {
		m.index = i
	}
	s.announce(q)
}
