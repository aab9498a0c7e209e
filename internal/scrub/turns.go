package scrub

import (
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
	Open []Version `json:"open"`
	// Mean is what a slice costs to read, as the last scrub listed them, in dollars.
	Mean float64 `json:"mean"`
}

// Version is one object version of the pair.
type Version struct {
	Key     string `json:"key"`
	Version string `json:"versionId"`
}

// runs is how many scrubs are remembered: between two of them lies how long it may take
// until the next, also where somebody starts some by hand between those of a schedule.
const runs = 8

// gap is how long it may take until the scrub after the one that begins now: as long as
// between any two of the last. Of the first nothing is known, and it is a day.
func (t Turns) gap(now time.Time) time.Duration {
	longest := time.Duration(0)
	for i, run := range t.Runs {
		next := now
		if i+1 < len(t.Runs) {
			next = t.Runs[i+1]
		}
		longest = max(longest, next.Sub(run))
	}
	if longest == 0 {
		return day
	}
	return longest
}

// Due are the slices that are to be read by the scrub that begins now, the one that was
// unread for longest first: those that would otherwise be older than so many days when the
// next scrub comes. Slices that were never read have their first turns one after the other,
// spread over these days.
func (t Turns) Due(now time.Time, days int) []int {
	began, next := t.began(now), now.Add(t.gap(now))
	var due []int
	for slice, read := range t.Read {
		by := read.Add(period(days))
		if read.IsZero() {
			by = began.Add(period(days) * time.Duration(slice) / Slices)
		}
		if !by.After(next) {
			due = append(due, slice)
		}
	}
	slices.SortStableFunc(due, func(a, b int) int { return t.Read[a].Compare(t.Read[b]) })
	return due
}

func period(days int) time.Duration { return time.Duration(days) * day }

func (t Turns) began(now time.Time) time.Time {
	if t.Began.IsZero() {
		return now
	}
	return t.Began
}

// Oldest is how long any byte was not read at the time now, or not since the first scrub
// began: what was written since is younger.
func (t Turns) Oldest(now time.Time) time.Duration {
	oldest := time.Duration(0)
	for _, read := range t.Read {
		if read.IsZero() {
			read = t.began(now)
		}
		oldest = max(oldest, now.Sub(read))
	}
	return oldest
}

// Within says whether a version that was written at some time was read in the so many days
// before now, as far as the slices tell.
func (t Turns) Within(slice int, written, now time.Time, days int) bool {
	read := t.Read[slice]
	return written.Before(read) && now.Sub(read) <= period(days)
}

// MaxOpen is how many versions are kept in Open, so that they fit into memory with keys of any
// length. Slices with more of them stay due.
const MaxOpen = 10_000

// After is what is known after a scrub that began at some time, read these slices whole, and
// leaves these versions open.
func (t Turns) After(began time.Time, read []int, open []Version, mean float64) Turns {
	t.Began = t.began(began)
	t.Runs = append(slices.Clone(t.Runs), began)
	t.Runs = t.Runs[max(len(t.Runs)-runs, 0):]
	for _, slice := range read {
		t.Read[slice] = began
	}
	t.Open, t.Mean = open, mean
	return t
}
