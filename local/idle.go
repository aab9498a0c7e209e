package local

import (
	"context"
	"time"
)

// recheck is how often WaitIdle looks at queues while no execution runs.
const recheck = 10 * time.Second

// WaitIdle returns when no execution runs and no message waits in a queue that
// a pipe or a function empties: everything sent so far has come to its end.
func (s *Stack) WaitIdle(ctx context.Context) error {
	for {
		s.S3.Age() // what lifecycle does is told, too
		ended, running := s.States.UnderWay()
		if err := s.failed(); err != nil {
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
		waiting := s.SQS.Waiting()
		if _, again := s.States.UnderWay(); !waiting && !again {
			return s.failed()
		}
		if err := s.Clock.Sleep(ctx, recheck); err != nil {
			return err
		}
	}
}
