package audit

import (
	"context"
	"sync"
	"sync/atomic"
)

// interval is the keys after After and up to Upto; "" is the beginning and the end.
type interval struct{ After, Upto string }

// ranges hands out intervals of keys to workers. One that has nothing to do takes a
// part of an interval that proves long.
type ranges struct {
	// split finds a key between at and upto with keys behind it on a side; ok is false
	// where it finds none.
	split func(ctx context.Context, at, upto string) (m string, ok bool, err error)
	long  int // pages before an interval is worth a split
	lock  sync.Mutex
	wake  *sync.Cond
	queue []interval
	runs  map[*run]bool
	// thieves is how many splits are under way: what a run gave up may be in nobody's
	// hands for a moment, when that run has ended already.
	thieves int
	ended   bool
	late    func() bool // nothing more is handed out behind the first one; nil: it never is
	begun   bool        // one was handed out
}

// run is an interval that a worker lists.
type run struct {
	of     *ranges
	upto   string // only its worker writes it, with the lock
	lock   sync.Mutex
	at     string
	pages  int
	enough int  // pages before it is split (again)
	asked  bool // a split is under way
	over   bool
	want   atomic.Pointer[string] // where a thief wants it to end
	answer chan bool
}

func newRanges(queue []interval, split func(ctx context.Context, at, upto string) (string, bool, error), long int) *ranges {
	r := &ranges{split: split, long: long, queue: queue, runs: map[*run]bool{}}
	r.wake = sync.NewCond(&r.lock)
	return r
}

// take is the next interval for a worker; ok is false where all is done, or the
// context has ended.
func (r *ranges) take(ctx context.Context) (i interval, work *run, ok bool, err error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	for {
		switch victim := r.longest(); {
		case ctx.Err() != nil || r.ended || r.late != nil && r.begun && r.late():
			return interval{}, nil, false, ctx.Err()
		case len(r.queue) > 0:
			i, r.queue = r.queue[0], r.queue[1:]
			work := r.started(i)
			r.begun = true
			return i, work, true, nil
		case len(r.runs) == 0 && r.thieves == 0:
			r.ended = true
			r.wake.Broadcast()
			return interval{}, nil, false, nil
		case victim != nil:
			if err := r.steal(ctx, victim); err != nil {
				return interval{}, nil, false, err
			}
		default:
			r.wake.Wait()
		}
	}
}

func (r *ranges) started(i interval) *run {
	work := &run{of: r, upto: i.Upto, at: i.After, enough: r.long, answer: make(chan bool, 1)}
	r.runs[work] = true
	return work
}

// longest is the interval under way with the most pages, of those worth a split.
func (r *ranges) longest() (longest *run) {
	most := 0
	for candidate := range r.runs {
		if n := candidate.worth(); n > most {
			longest, most = candidate, n
		}
	}
	return longest
}

// steal has a run end earlier, and puts what it leaves into the queue. The lock is
// held when it is called and when it returns, not in between.
func (r *ranges) steal(ctx context.Context, victim *run) error {
	at, upto := victim.ask()
	r.thieves++
	r.lock.Unlock()
	m, ok, err := r.split(ctx, at, upto)
	given := false
	if err == nil && ok {
		given = victim.give(ctx, m)
	}
	victim.settled(given)
	r.lock.Lock()
	r.thieves--
	if given {
		r.queue = append(r.queue, interval{m, upto})
	}
	r.wake.Broadcast()
	return err
}

// finished takes a run off. Who waits for its answer gets it.
func (r *ranges) finished(work *run) {
	work.end()
	r.lock.Lock()
	defer r.lock.Unlock()
	delete(r.runs, work)
	r.wake.Broadcast()
}

// stop lets nobody wait any longer.
func (r *ranges) stop() {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.ended = true
	r.wake.Broadcast()
}
