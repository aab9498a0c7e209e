package asl

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// fan runs the items of a Map, several at a time.
type fan struct {
	*visit
	items   context.Context // of the items; ends early where one fails
	stop    context.CancelFunc
	iterate func(i int) *iteration
	most    int // items at a time
	begun   []*iteration
	ended   chan *iteration
	running int
	held    int // places taken: by running items, and for good by failed ones
}

// iteration is one item's strand.
type iteration struct {
	*strand
	index  int
	work   func() (any, error)
	result any
	err    error
	end    time.Time
	done   *event
}

// run runs n items and answers with their results in order. When one fails, the
// others get the rest of that instant before they are stopped: which of them
// come to what end then depends on the times alone, not on which goroutine is
// first.
func (f *fan) run(n int) ([]any, error) {
	settled := make(chan struct{})
	var settling <-chan struct{} // nil until an item fails
	for f.beginUpTo(n); f.running > 0 || f.more(n); f.beginUpTo(n) {
		f.idle()
		select {
		case it := <-f.ended:
			f.busy()
			it.idle() // only now: the clock must not jump between the two
			f.running--
			if it.err == nil {
				f.held--
			} else if settling == nil {
				settling = settled
				defer f.clock().AfterFunc(1, func() { close(settled) })()
			}
		case <-settling:
			f.busy()
			f.stop()
			settling = make(chan struct{}) // never again
		}
	}
	return f.outcome(n)
}

// more tells whether there are items to begin.
func (f *fan) more(n int) bool {
	return len(f.begun) < n && f.items.Err() == nil && !f.stopped()
}

func (f *fan) beginUpTo(n int) {
	for f.held < f.most && f.more(n) {
		it := f.iterate(len(f.begun))
		f.begun = append(f.begun, it)
		f.running++
		f.held++
		it.record(it.event(types.HistoryEventTypeMapIterationStarted, f.state))
		it.busy()
		go func() {
			it.run(f.state)
			f.ended <- it
		}()
	}
}

func (f *fan) outcome(n int) ([]any, error) {
	if f.stopped() {
		return nil, errStopped
	}
	if first := f.first(); first != nil {
		f.abort(first)
		return nil, first.err
	}
	results := make([]any, n)
	last := &iteration{done: f.last}
	for i, it := range f.begun {
		results[i] = it.result
		if !it.end.Before(last.end) {
			last = it
		}
	}
	f.last = last.done
	f.aside(types.HistoryEvent{Type: types.HistoryEventTypeMapStateSucceeded})
	return results, nil
}

// first is the failed item with the lowest index: they fail at one instant.
func (f *fan) first() *iteration {
	for _, it := range f.begun {
		if it.err != nil && !errors.Is(it.err, errStopped) {
			return it
		}
	}
	return nil
}

// abort records what the failure of one item did to the others.
func (f *fan) abort(failed *iteration) {
	f.last = failed.last
	f.aside(failed.event(types.HistoryEventTypeMapIterationFailed, f.state))
	for _, it := range f.begun {
		if it.err == nil || it == failed {
			continue
		}
		if errors.Is(it.err, errStopped) && it.current != nil {
			f.aside(types.HistoryEvent{Type: it.current.event("Aborted")})
		}
		f.aside(it.event(types.HistoryEventTypeMapIterationAborted, f.state))
	}
}

func (it *iteration) run(of *state) {
	it.result, it.err = it.work()
	it.end = it.clock().Now()
	if it.err == nil {
		it.done = it.aside(it.event(types.HistoryEventTypeMapIterationSucceeded, of))
	}
}

// event is an event of the iteration as a whole.
func (it *iteration) event(kind types.HistoryEventType, of *state) types.HistoryEvent {
	details := &types.MapIterationEventDetails{Index: int32(it.index), Name: &of.name}
	e := types.HistoryEvent{Type: kind}
	switch kind {
	case types.HistoryEventTypeMapIterationStarted:
		e.MapIterationStartedEventDetails = details
	case types.HistoryEventTypeMapIterationSucceeded:
		e.MapIterationSucceededEventDetails = details
	case types.HistoryEventTypeMapIterationFailed:
		e.MapIterationFailedEventDetails = details
	case types.HistoryEventTypeMapIterationAborted:
		e.MapIterationAbortedEventDetails = details
	}
	return e
}
