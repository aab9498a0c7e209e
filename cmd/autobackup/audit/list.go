package audit

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"autobackup/internal/audit"
	"autobackup/internal/listing"
)

// lister lists both sides of a pair by ranges of keys, and keeps what they leave open.
type lister struct {
	primary, replica listing.Lister
	judge            audit.Judge
	store            store
	spills           func() audit.Spill
	workers          int
	sampler          *sampler
	scrubs           *scrubs // nil: no bytes are read in turns
	bounds           bounds
	progress         func(rows int64) // versions listed since it was last told
	// late says whether the time is over in which keys are listed; nil: it never is.
	late func() bool
	// tooLate says whether the time is over that a key may take beyond that, and pauses
	// keeps what is known of an interval that ends inside a key; nil: none does.
	tooLate func() bool
	pauses  pauses
}

// run lists the keys of some intervals: all of them, unless it gets late.
func (l lister) run(ctx context.Context, todo []interval) error {
	if len(todo) == 0 {
		return nil
	}
	all, ctx := errgroup.WithContext(ctx)
	of := newRanges(todo, l.split, l.bounds.long)
	of.late = l.late
	stop := context.AfterFunc(ctx, of.stop)
	defer stop()
	for range l.workers {
		all.Go(func() error { return l.work(ctx, of) })
	}
	return all.Wait()
}

// split finds where an interval may be cut, by the keys of the side that has some.
func (l lister) split(ctx context.Context, at, upto string) (string, bool, error) {
	probe := func(after, upto string) (string, bool, error) {
		if key, ok, err := l.primary.First(ctx, after, upto); ok || err != nil {
			return key, ok, err
		}
		return l.replica.First(ctx, after, upto)
	}
	return listing.Split(ctx, probe, at, upto)
}

func (l lister) work(ctx context.Context, of *ranges) (err error) {
	var out *writer // made with the first range: most workers of a small bucket get none
	defer func() {
		if out == nil {
			return
		}
		if closed := out.close(); err == nil {
			err = closed
		}
	}()
	for {
		next, run, ok, err := of.take(ctx)
		if err != nil || !ok {
			return err
		}
		if out == nil {
			if out, err = l.store.writer(); err != nil {
				return err
			}
		}
		err = l.interval(ctx, next, run, out)
		of.finished(run)
		if err != nil {
			return err
		}
	}
}

// rows lists an interval on a side, or what an earlier merge left of it.
func rows(ctx context.Context, of listing.Lister, from *audit.Place, side string, keys interval) *listing.Rows {
	if from != nil {
		last := from.Primary
		if side == audit.OnReplica {
			last = from.Replica
		}
		if last != nil {
			return of.RowsBehind(ctx, *last, keys.Upto)
		}
	}
	return of.Rows(ctx, keys.After, keys.Upto)
}

// pauses keep intervals that end inside a key, and begin those that do.
type pauses interface {
	begin(*section) (*audit.Pause, error)
	end(*section, *audit.Pause) error
}

// errLate ends an interval of which the rest is left for another time.
var errLate = errors.New("late")

// interval lists one interval of keys.
func (l lister) interval(ctx context.Context, of interval, run *run, out *writer) error {
	s := &section{lister: l, run: run, out: out, after: of.After, upto: of.Upto}
	pause := &audit.Pause{}
	if l.pauses != nil {
		var err error
		if pause, err = l.pauses.begin(s); err != nil {
			return err
		}
	}
	s.primary, s.replica = rows(ctx, l.primary, pause.From, audit.OnPrimary, of), rows(ctx, l.replica, pause.From, audit.OnReplica, of)
	defer s.primary.Close()
	defer s.replica.Close()
	switch err := audit.MergePaused(s.primary, s.replica, l.spills(), pause, s.pair); {
	case errors.Is(err, errLate): // what was listed of it has ended as a stretch
		return nil
	case errors.Is(err, audit.ErrPaused):
		return l.pauses.end(s, pause)
	case err != nil:
		return err
	}
	return s.end(s.upto)
}
