package sqs

import (
	"slices"
	"time"
)

// watcher is told when its queue has visible messages.
type watcher struct {
	notify func()
	told   bool // a call of notify is on its way
}

// timer is the one timer of a watched queue: when its next message shows.
type timer struct {
	at   time.Time
	stop func()
}

func (t *timer) clear() {
	if t.stop != nil {
		t.stop()
	}
	*t = timer{}
}

// Watch calls notify, in a goroutine of its own, whenever the queue has visible
// messages, so that a consumer waits without polling. Calls may be spurious.
func (s *Service) Watch(queueARN string, notify func()) (stop func(), err error) {
	s.mu.Lock()
	q, err := s.find(queueARN)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return s.watch(q, notify), nil
}

func (s *Service) watch(q *queue, notify func()) (stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &watcher{notify: notify}
	q.watchers = append(q.watchers, w)
	s.announce(q)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		q.watchers = slices.DeleteFunc(q.watchers, func(x *watcher) bool { return x == w })
		s.announce(q)
	}
}

// announce follows every change of a queue: it tells the watchers that
// messages are visible, or sets the timer for the next one that will be.
func (s *Service) announce(q *queue) {
	if len(q.watchers) == 0 || len(q.waiting) == 0 {
		q.timer.clear()
		return
	}
	at := q.waiting[0].VisibleAt
	if wait := at.Sub(s.clk.Now()); wait > 0 {
		s.setTimer(q, at, wait)
		return
	}
	q.timer.clear()
	for _, w := range q.watchers {
		s.tell(w)
	}
}

// visible says whether a receive would bring a message.
func (s *Service) visible(q *queue) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(q.waiting) > 0 && !q.waiting[0].VisibleAt.After(s.clk.Now())
}

func (s *Service) setTimer(q *queue, at time.Time, wait time.Duration) {
	if q.timer.at.Equal(at) {
		return
	}
	q.timer.clear()
	q.timer = timer{at: at, stop: s.clk.AfterFunc(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		q.timer.clear()
		s.announce(q)
	})}
}

func (s *Service) tell(w *watcher) {
	if w.told {
		return
	}
	w.told = true
	done := s.clk.Work()
	go func() {
		defer done()
		s.mu.Lock()
		w.told = false
		s.mu.Unlock()
		w.notify()
	}()
}
