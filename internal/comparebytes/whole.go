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
	plan, results := c.plan(pair), []RangeResult{}
	for _, r := range plan.cut() {
		result, err := c.compareRange(ctx, plan, r)
		if err != nil {
			return verdict.Bytes{}, err
		}
		results = append(results, result)
	}
	return c.Total(pair, results)
}

// PairOf is a version on both sides, as a look shows it.
func PairOf(key, version string, primary, replica verdict.Side) Pair {
	return Pair{Key: key, Version: version, Size: primary.Size, Primary: placeOf(primary), Replica: placeOf(replica)}
}
