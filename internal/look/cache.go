package look

import (
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// directoryAge is how long what is known of a bucket may be believed. Buckets
	// that are seen all the time cost few calls with it.
	directoryAge = 5 * time.Minute
	// maxKept bounds what is kept, because messages choose the names of buckets:
	// a stream of ever new ones must not fill the function's memory.
	maxKept = 1000
)

// cache keeps what was fetched for directoryAge. Errors are not kept. Callers
// that want the same key at the same time share one fetch, and its context.
type cache[V any] struct {
	now     func() time.Time
	flights singleflight.Group
	lock    sync.Mutex
	kept    map[string]entry[V]
}

type entry[V any] struct {
	value V
	asked time.Time // when fetching it began: the answer is of that time or later
}

// newCache takes the monotonic reading off the times of now. Lambda freezes a
// function between two invocations, and the clock behind that reading may stand
// still meanwhile; what is kept would look younger than it is. The wall clock is
// set right after a freeze.
// https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
// https://pkg.go.dev/time#hdr-Monotonic_Clocks
func newCache[V any](now func() time.Time) *cache[V] {
	return &cache[V]{now: func() time.Time { return now().Round(0) }, kept: map[string]entry[V]{}}
}

// get is what is kept of the key where it was asked for at the time since or
// later, else what fetch brings now, which is always believed.
func (c *cache[V]) get(key string, since time.Time, fetch func() (V, error)) (V, error) {
	if now := c.now(); since.After(now) {
		since = now
	}
	for {
		own := false
		got, err, _ := c.flights.Do(key, func() (any, error) {
			own = true
			return c.fetched(key, since, fetch)
		})
		// Another caller may be content with what was asked for before since. Then
		// this one tries again, and fetches unless somebody did meanwhile.
		if e := got.(entry[V]); own || !e.asked.Before(since) {
			return e.value, err
		}
	}
}

func (c *cache[V]) fetched(key string, since time.Time, fetch func() (V, error)) (entry[V], error) {
	if e, ok := c.known(key, since); ok {
		return e, nil
	}
	e := entry[V]{asked: c.now()}
	var err error
	if e.value, err = fetch(); err == nil {
		c.keep(key, e)
	}
	return e, err
}

// known is what is kept and may be believed. Where the clock was set back to before
// the fetch nobody can tell how old it is. What is not there is too old.
func (c *cache[V]) known(key string, since time.Time) (entry[V], bool) {
	c.lock.Lock()
	defer c.lock.Unlock()
	e := c.kept[key]
	age := c.now().Sub(e.asked)
	return e, !e.asked.Before(since) && 0 <= age && age < directoryAge
}

// keep forgets everything where too much is kept: it costs a call for each bucket
// that is still asked for, and no account of what was used when.
func (c *cache[V]) keep(key string, e entry[V]) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if len(c.kept) >= maxKept {
		clear(c.kept)
	}
	c.kept[key] = e
}
