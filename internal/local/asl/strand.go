package asl

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/internal/local/clock"
)

// strand is one line of states: an execution's own, or that of an item of a
// Map. One goroutine runs it.
type strand struct {
	*execution
	ctx     context.Context
	random  *rand.Rand
	item    any   // $$.Map.Item; nil outside of a Map
	key     []int // where the strand branches off: see event
	events  int
	last    *event
	current *state // nil between states
	idle    func() // ends the strand's share of the clock's work
}

// visit is one stay in a state.
type visit struct {
	*strand
	state   *state
	entered time.Time
	attempt int // retries so far
}

func (s *strand) clock() *clock.Clock { return s.given.Clock }

func (v *visit) scope() *scope { return &scope{context: v.context(), random: v.random} }

// busy holds the clock until idle is called.
func (s *strand) busy() { s.idle = s.clock().Work() }

// stopped tells whether the strand must end without a trace: the execution was
// stopped or timed out, or another item of its Map failed.
func (s *strand) stopped() bool {
	return s.ctx.Err() != nil || s.late()
}

// record adds an event that follows the strand's last one.
func (s *strand) record(e types.HistoryEvent) {
	s.last = s.aside(e)
}

// aside adds an event that the strand's next one does not follow.
func (s *strand) aside(e types.HistoryEvent) *event {
	s.events++
	return s.history.record(append(append([]int{}, s.key...), s.events), s.last, e)
}

// sleepUntil waits, and lets the clock go on meanwhile.
func (s *strand) sleepUntil(end time.Time) error {
	if d := end.Sub(s.clock().Now()); d > 0 {
		s.idle()
		err := s.clock().Sleep(s.ctx, d)
		s.busy()
		if err != nil {
			return errStopped
		}
	}
	if s.stopped() {
		return errStopped
	}
	return nil
}
