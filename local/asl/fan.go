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
	held    int       // places taken: by running items, and for good by failed ones
	settles time.Time // when the others are stopped, because an item failed
	calm    func()    // takes back the timer of settle
}

// iteration is one item's strand.
type iteration struct {
	*strand
	index  int
	work   func() (any, error)
	over   bool // it has come to result or err
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
	f.calm = func() {}
	defer func() { f.calm() }()
	settled := make(chan struct{})
	settling := f.goOn(settled)
	for f.beginUpTo(n); f.running > 0 || f.more(n); f.beginUpTo(n) {
		f.idle()
		select {
		case it := <-f.ended:
			f.busy()
			it.rest() // only now: the clock must not jump between the two
			f.running--
			if it.err == nil {
				f.held--
			} else if settling == nil {
				settling = f.settle(settled)
			}
		case <-settling:
			f.busy()
			f.stop()
			settling = make(chan struct{}) // never again
		}
	}
	return f.outcome(n)
}

// goOn runs the items that were begun in another run of the execution. settling is
// nil until an item fails.
func (f *fan) goOn(settled chan struct{}) (settling <-chan struct{}) {
	for _, it := range f.begun {
		if it.err != nil && f.settles.IsZero() {
			f.settles = it.end.Add(1)
		}
	}
	if !f.settles.IsZero() {
		if settling = f.settle(settled); !f.clock().Now().Before(f.settles) {
			f.stop() // at once: some may have ended by it
		}
	}
	for _, it := range f.begun {
		if !it.over {
			f.start(it)
		} else if it.err != nil {
			f.held++
		}
	}
	return settling
}

// settle closes the channel an instant later.
func (f *fan) settle(settled chan struct{}) <-chan struct{} {
	now := f.clock().Now()
	if f.settles.IsZero() {
		f.settles = now.Add(1)
	}
	f.calm = f.clock().AfterFunc(f.settles.Sub(now), func() { close(settled) })
	return settled
}

// more tells whether there are items to begin.
func (f *fan) more(n int) bool {
	return len(f.begun) < n && f.items.Err() == nil && !f.stopped()
}

func (f *fan) beginUpTo(n int) {
	for f.held < f.most && f.more(n) {
		it := f.iterate(len(f.begun))
		if before := len(f.begun) - 1; f.most == 1 && before >= 0 {
			it.last = f.begun[before].last // as recorded; of more at a time nobody recorded what an item follows
		}
		f.begun = append(f.begun, it)
		it.record(it.event(types.HistoryEventTypeMapIterationStarted, f.state))
		f.start(it)
	}
}

func (f *fan) start(it *iteration) {
	f.running++
	f.held++
	it.hold()
	go func() {
		it.turn.take()
		it.run(f.state)
		it.turn.give()
		it.told()
		f.ended <- it
	}()
}

func (f *fan) outcome(n int) ([]any, error) {
	if f.stopped() {
		return nil, errStopped // and so are items
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

// abort records what the failure of one item did to it and to the others.
func (f *fan) abort(failed *iteration) {
	f.last = failed.last
	f.aborted(failed, types.HistoryEventTypeMapIterationFailed)
	for _, it := range f.begun {
		if it.err != nil && it != failed {
			f.aborted(it, types.HistoryEventTypeMapIterationAborted)
		}
	}
}

// aborted records the end of an item that did not succeed, and then of the state
// that it was in: one that was stopped, or a Task that failed. Other states that
// failed leave no such event.
func (f *fan) aborted(it *iteration, kind types.HistoryEventType) {
	f.aside(it.event(kind, f.state))
	if v := it.visit; v != nil && !v.entered.IsZero() && (errors.Is(it.err, errStopped) || v.state.kind == "Task") {
		f.aside(types.HistoryEvent{Type: v.state.event("Aborted")})
	}
}

func (it *iteration) run(of *state) {
	it.result, it.err = it.work()
	it.over, it.end = true, it.clock().Now()
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
