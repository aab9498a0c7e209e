package local

import (
	"context"
	"errors"
	"time"
)

// recheck is how often WaitIdle looks at queues while no execution runs.
const recheck = 10 * time.Second

// WaitIdle returns when no execution runs and no message waits in a queue that
// a pipe or a function empties: everything sent so far has come to its end.
func (s *Stack) WaitIdle(ctx context.Context) error {
	for {
		ended, running, err := s.underWay()
		if err != nil {
			return err
		}
		if running {
			select {
			case <-ended:
				continue
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		// After the executions: a message leaves its queue when its execution
		// has started, so an empty queue can't hide one.
		waiting, err := s.waiting()
		if err != nil {
			return err
		}
		if _, again, err := s.underWay(); !waiting && !again {
			return err
		}
		if err := s.Clock.Sleep(ctx, recheck); err != nil {
			return err
		}
	}
}

// underWay tells whether an execution runs; ended is closed when the next ends.
func (s *Stack) underWay() (ended <-chan struct{}, running bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended, s.underway > 0, s.failure
}

// waiting tells whether a queue that something empties has messages.
func (s *Stack) waiting() (bool, error) {
	s.mu.Lock()
	queues := s.consumed
	s.mu.Unlock()
	for _, queue := range queues {
		n, err := s.SQS.Count(queue)
		if err != nil {
			return false, err
		}
		if n.Visible+n.Delayed+n.InFlight > 0 {
			return true, nil
		}
	}
	return false, nil
}

// fail notes that the stack itself went wrong.
func (s *Stack) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = errors.Join(s.failure, err)
}
