package scrub

import (
	"math"
	"slices"
	"time"
)

// Slices is how many slices a bucket's versions are in: a version's is its draw
// (s3event.ObjectVersion.Draw).
const Slices = 1000

const day = 24 * time.Hour

// Turns is what is known of the scrubs of a pair of buckets.
type Turns struct {
	Began time.Time         `json:"began"` // the first scrub
	Runs  []time.Time       `json:"runs"`  // the last few scrubs, the newest last
	Read  [Slices]time.Time `json:"read"`  // when each slice was last read whole; zero: never
	// Open are versions whose bytes were not equal, or could not be read, when they had their
	// turn. They are read in each scrub until they are equal or gone.
	Open []Open `json:"open"`
	// Mean is what a slice costs to read, as the last scrub listed them, in dollars.
	Mean float64 `json:"mean"`
	// Changed is when other storage classes were named than before: a slice that was read before
	// then was read without some of its versions.
	Changed time.Time `json:"changed,omitzero"`
}

// Version is one object version of the pair.
type Version struct {
	Key     string `json:"key"`
	Version string `json:"versionId"`
}

// Open is a version that stays open.
type Open struct {
	Version
	Different bool      `json:"different,omitempty"` // its bytes were read, and were not equal
	Since     time.Time `json:"since"`               // when its slice was read last before, or when the first scrub began
}

// runs is how many scrubs are remembered: between two of them lies how long it may take
// until the next, also where somebody starts some by hand between those of a schedule.
const runs = 8

// Due are the slices that the scrub that begins now reads, the one that was unread for longest
// first: those that would otherwise be older than so many days when the next scrub comes, and
// at least as many as are read in the time since the last one when all are read once in these days, so
// that what was read at once, as after a time without scrubs, spreads again.
func (t Turns) Due(now time.Time, days int) []int {
	order := t.order()
	share := float64(Slices) * float64(t.since(now)) / float64(period(days))
	return order[:min(max(t.Late(now, days), int(math.Ceil(share))), Slices)]
}

// order is all slices, those first that were never read, and then the one that was unread for longest.
func (t *Turns) order() []int {
	order := make([]int, Slices)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return t.Read[a].Compare(t.Read[b]) })
	return order
}

// Late is how many slices were unread for so long by now that they would be older than so many
// days when the next scrub comes.
func (t Turns) Late(now time.Time, days int) int {
	return t.older(now, period(days)-min(t.gap(now), period(days)/2))
}

// TooOld is how many slices were unread for more than so many days by now.
func (t Turns) TooOld(now time.Time, days int) int { return t.older(now, period(days)+1) }

// older is how many slices were unread for some time or longer.
func (t *Turns) older(now time.Time, than time.Duration) (n int) {
	for slice := range t.Read {
		if now.Sub(t.last(slice, now)) >= than {
			n++
		}
	}
	return n
}

// Last is when a slice was read, or when the first scrub began.
func (t Turns) Last(slice int, now time.Time) time.Time { return t.last(slice, now) }

// last is Last without a copy.
func (t *Turns) last(slice int, now time.Time) time.Time {
	switch read := t.Read[slice]; {
	case !read.IsZero():
		return read
	case t.Began.IsZero():
		return now
	default:
		return t.Began
	}
}

func period(days int) time.Duration { return time.Duration(days) * day }

// since is how long ago the last scrub began. Of the first nothing is known, and it is a day.
func (t *Turns) since(now time.Time) time.Duration {
	if len(t.Runs) == 0 {
		return day
	}
	return now.Sub(t.Runs[len(t.Runs)-1])
}

// gap is how long it may take until the scrub after the one that begins now: as long as
// between any two of the last.
func (t *Turns) gap(now time.Time) time.Duration {
	longest := t.since(now)
	for i := 1; i < len(t.Runs); i++ {
		longest = max(longest, t.Runs[i].Sub(t.Runs[i-1]))
	}
	return longest
}

// Oldest is how long any byte was not read at the time now, or not since the first scrub
// began: what was written since is younger.
func (t Turns) Oldest(now time.Time) (oldest time.Duration) {
	for slice := range t.Read {
		oldest = max(oldest, now.Sub(t.last(slice, now)))
	}
	for _, o := range t.Open {
		if !o.Different {
			oldest = max(oldest, now.Sub(o.Since))
		}
	}
	return oldest
}

// Within says whether a version that was written at some time was read in the so many days
// before now, as far as the slices tell.
func (t Turns) Within(slice int, written, now time.Time, days int) bool {
	read := t.Read[slice]
	return written.Before(read) && !read.Before(t.Changed) && now.Sub(read) <= period(days)
}

// MaxOpen is how many versions are kept in Open, so that they fit into memory with keys of any
// length. Slices with more of them stay due.
const MaxOpen = 10_000

// After is what is known after a scrub that began at some time, read these slices whole, and
// leaves these versions open.
func (t Turns) After(began time.Time, read []int, open []Open, mean float64) Turns {
	if t.Began.IsZero() {
		t.Began = began
	}
	t.Runs = append(slices.Clone(t.Runs), began)
	t.Runs = t.Runs[max(len(t.Runs)-runs, 0):]
	for _, slice := range read {
		t.Read[slice] = began
	}
	t.Open, t.Mean = open, mean
	return t
}
