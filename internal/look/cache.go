package look

import (
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// cache keeps what was fetched for directoryAge. Errors are not kept. Callers
// that want the same key at the same time share one fetch, and its context.
type cache[V any] struct {
	now     func() time.Time
	flights singleflight.Group
	entries sync.Map // key string to entry[V]
}

type entry[V any] struct {
	value V
	until time.Time
}

func newCache[V any](now func() time.Time) *cache[V] { return &cache[V]{now: now} }

func (c *cache[V]) get(key string, fetch func() (V, error)) (V, error) {
	got, err, _ := c.flights.Do(key, func() (any, error) {
		if kept, ok := c.entries.Load(key); ok && c.now().Before(kept.(entry[V]).until) {
			return kept.(entry[V]).value, nil
		}
		value, err := fetch()
		if err == nil {
			c.entries.Store(key, entry[V]{value, c.now().Add(directoryAge)})
		}
		return value, err
	})
	return got.(V), err
}
