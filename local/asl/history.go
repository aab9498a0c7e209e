package asl

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/clock"
)

// mostEvents is how long a history may get before the service ends the
// execution. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const mostEvents = 25_000

// notTruncated says that an event's data is not cut off.
var notTruncated = &types.HistoryEventExecutionDataDetails{Truncated: false}

// history numbers events and hands them on. Items of a Map run at the same
// time, so events of one instant are held back until the clock moves on and
// then put into an order that depends on the definition and the data alone:
// this is what makes the histories of two runs equal. Whoever uses it has the
// execution's turn.
type history struct {
	clock *clock.Clock
	emit  func(types.HistoryEvent)

	pending []*event
	last    time.Time // of pending
	count   int       // events recorded
	emitted int64
	path    []string // names of the states entered
	charged int      // transitions that enter no state of this execution
}

// event is an event without its number: that comes when its place is known.
type event struct {
	types.HistoryEvent
	after *event
	// key orders the events of one instant: where a Map's items branch off,
	// which item, and which event of that.
	key []int
}

func (h *history) record(key []int, after *event, e types.HistoryEvent) *event {
	now := h.clock.Now()
	if now.After(h.last) {
		h.flush()
		h.last = now
	}
	e.Timestamp = &now
	recorded := &event{HistoryEvent: e, after: after, key: key}
	h.pending = append(h.pending, recorded)
	h.count++
	return recorded
}

// full tells whether the service would end the execution.
func (h *history) full() bool {
	return h.count >= mostEvents-1
}

// charge counts transitions that enter no state of this execution: retries,
// and those of children.
func (h *history) charge(n int) {
	h.charged += n
}

// flush hands on what is pending.
func (h *history) flush() {
	slices.SortStableFunc(h.pending, func(a, b *event) int { return slices.Compare(a.key, b.key) })
	for _, e := range h.pending {
		h.emitted++
		e.Id = h.emitted
		if e.after != nil {
			e.PreviousEventId = e.after.Id
			e.after = nil // let go of what came before
		}
		if e.StateEnteredEventDetails != nil {
			h.path = append(h.path, *e.StateEnteredEventDetails.Name)
		}
		if h.emit != nil {
			h.emit(e.HistoryEvent)
		}
	}
	h.pending = nil
}
