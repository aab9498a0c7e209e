package asl

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/clock"
)

// strand is one line of states: an execution's own, or that of an item of a
// Map. One goroutine runs it. What it is at is in its fields alone, so that
// another goroutine, of another process, can go on with it: see strandProgress.
type strand struct {
	*execution
	ctx    context.Context
	source *rand.PCG // of random: where it is can be told
	random *rand.Rand
	item   any   // $$.Map.Item; nil outside of a Map
	key    []int // where the strand branches off: see event
	events int
	last   *event
	visit  *visit // nil before the first state and after the last
	broken error  // why the strand can't go on with what was told of it
	rest   func() // ends the strand's share of the clock's work
}

// visit is one stay in a state, or the one that comes next: then entered is zero.
type visit struct {
	*strand
	state    *state
	input    any // raw
	entered  time.Time
	attempt  int       // retries so far
	used     []int     // the same, of each retrier
	until    time.Time // of the wait under way; zero for none
	retrying bool      // what is waited for is the next attempt
	failed   string    // the name of the error that no retrier took
	task     *call     // under way
	items    *fan      // of an inline Map
	run      *mapRun   // of a distributed one
}

// turn is had by the one strand of an execution that computes. Whenever nobody
// has it, each strand waits for something that can be told: a time, a task, the
// items of a Map. So whoever takes it finds the execution between two steps.
type turn chan struct{}

func newTurn() turn {
	t := make(turn, 1)
	t.give()
	return t
}

func (t turn) take() { <-t }
func (t turn) give() { t <- struct{}{} }

func newStrand(x *execution, ctx context.Context, seed1, seed2 uint64) *strand { //nolint:revive // the execution comes first
	source := rand.NewPCG(seed1, seed2)
	return &strand{execution: x, ctx: ctx, source: source, random: rand.New(source)} // #nosec G404: repeatable on purpose
}

func (s *strand) clock() *clock.Clock { return s.given.Clock }

func (v *visit) scope() *scope { return &scope{context: v.context(), random: v.random} }

// hold holds the clock until rest is called.
func (s *strand) hold() { s.rest = s.clock().Work() }

// busy begins to compute again; idle lets others, and the clock, go on.
func (s *strand) busy() {
	s.hold()
	s.turn.take()
}

func (s *strand) idle() {
	s.turn.give()
	s.told()
	s.rest()
}

// meanwhile does what takes its time while others of the execution compute.
func (s *strand) meanwhile(work func()) {
	s.turn.give()
	s.told()
	work()
	s.turn.take()
}

// stopped tells whether the strand must end without a trace: the execution was
// stopped, suspended or timed out, or another item of its Map failed.
func (s *strand) stopped() bool {
	return s.suspended || s.ctx.Err() != nil || s.late()
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
