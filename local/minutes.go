package local

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Minutes has each minute of the clock come, until ctx ends and all that it began has ended: rules
// with a schedule fire when it is their time, and alarms are evaluated. Rates are counted from when it
// begins. Of minutes that the machine slept through each rule fires once. Without it neither happens by itself,
// as tests want it. failed is told what went wrong of it.
func (s *Stack) Minutes(ctx context.Context, failed func(error)) {
	var firing sync.WaitGroup
	defer firing.Wait()
	began := s.Clock.Now()
	for last := began; ; {
		if s.Clock.Sleep(ctx, last.Truncate(time.Minute).Add(time.Minute).Sub(s.Clock.Now())) != nil {
			return
		}
		now := s.Clock.Now()
		for _, due := range s.Events.Due(began, last, now) {
			firing.Go(func() {
				if err := s.Events.Fire(due.Region, due.Name); err != nil {
					failed(err)
				}
			})
		}
		for _, d := range s.all() {
			at := d.target
			if _, err := s.CloudWatch.Evaluate(at.Region, at.Account); err != nil {
				failed(fmt.Errorf("evaluate the alarms of %s: %w", at.Region, err))
			}
		}
		last = now
	}
}
