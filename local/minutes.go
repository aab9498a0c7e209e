package local

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// minutes are those that come.
type minutes struct {
	stop    []context.CancelFunc
	running sync.WaitGroup
}

// Minutes has each minute of the clock come from now on, until ctx ends or the stack is closed: rules
// with a schedule fire when it is their time, and alarms are evaluated. Rates are counted from now. Of
// minutes that the machine slept through each rule fires once. Without it neither happens by itself, as tests
// want it. failed is told what went wrong of it until then.
func (s *Stack) Minutes(ctx context.Context, failed func(error)) {
	ctx, stop := context.WithCancel(ctx)
	s.minutes.stop = append(s.minutes.stop, stop)
	s.minutes.running.Go(func() {
		defer stop()
		began := s.Clock.Now()
		for last := began; ; {
			if s.Clock.Sleep(ctx, last.Truncate(time.Minute).Add(time.Minute).Sub(s.Clock.Now())) != nil {
				return
			}
			now := s.Clock.Now()
			s.between(began, last, now, func(err error) {
				if err != nil && ctx.Err() == nil {
					failed(err)
				}
			})
			last = now
		}
	})
}

// between does what is due of schedules and alarms between two times.
func (s *Stack) between(began, last, now time.Time, failed func(error)) {
	for _, due := range s.Events.Due(began, last, now) {
		s.minutes.running.Go(func() { failed(s.Events.Fire(due.Region, due.Name)) })
	}
	for _, d := range s.all() {
		if _, err := s.CloudWatch.Evaluate(d.target.Region, d.target.Account); err != nil {
			failed(fmt.Errorf("evaluate the alarms of %s: %w", d.target.Region, err))
		}
	}
}

// end has no minute come any more.
func (m *minutes) end() {
	for _, stop := range m.stop {
		stop()
	}
}
