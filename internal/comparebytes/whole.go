package comparebytes

import (
	"context"

	"autobackup/internal/verdict"
)

// Whole compares the bytes of a pair range by range, one after the other, whatever the
// size: for who has no state machine, no working bucket and no invocation that ends.
func (c Comparer) Whole(ctx context.Context, pair Pair) (verdict.Bytes, error) {
	if err := pair.validate(); err != nil {
		return verdict.Bytes{}, err
	}
	plan := c.plan(pair)
	all := newTally(plan)
	for i := range plan.Ranges {
		result, err := c.compareRange(ctx, plan, plan.pieces().At(i))
		if err == nil {
			err = all.add(result)
		}
		if err != nil {
			return verdict.Bytes{}, err
		}
	}
	return all.total()
}

// PairOf is a version on both sides, as a look shows it.
func PairOf(key, version string, primary, replica verdict.Side) Pair {
	return Pair{Key: key, Version: version, Size: primary.Size, Primary: placeOf(primary), Replica: placeOf(replica)}
}
