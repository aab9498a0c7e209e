package explain

import (
	"context"
	"time"

	"autobackup/cmd/autobackup/pair"
)

// Open opens the pairs that Run explains in, for tests that change what they say of
// themselves before Of explains.
func (o Options) Open(ctx context.Context) ([]*pair.Pair, error) {
	return o.open(ctx)
}

// Of explains as Run does.
func (o Options) Of(ctx context.Context, pairs []*pair.Pair, now time.Time) (*Explanation, error) {
	return o.explain(ctx, pairs, now)
}
