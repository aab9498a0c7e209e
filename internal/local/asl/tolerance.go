package asl

import "encoding/json"

// tolerance is how many items of a Map Run may fail.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html#maprun-fail-threshold
type tolerance struct {
	count, percentage expression // nil for none
}

func loadTolerance(o *object) tolerance {
	const field = "ToleratedFailurePercentage"
	return tolerance{
		count: o.quantity("ToleratedFailureCount", 0, mostMaxItems),
		percentage: o.orPath(field, func() any {
			value, _ := o.take(field)
			if _, ok := percent(value); !ok {
				o.fail(field, "must be a number from 0 to 100, not %s", excerpt(value))
			}
			return value
		}),
	}
}

func percent(value any) (float64, bool) {
	n, _ := value.(json.Number)
	f, err := n.Float64()
	return f, err == nil && f >= 0 && f <= 100
}

// limit is a tolerance with its numbers.
type limit struct {
	count      int64
	percentage float64
	counts     bool // count was given, or nothing was
	measures   bool // percentage was given
}

func (t tolerance) limit(sc *scope, effective any) (l limit, err error) {
	l.counts, l.measures = t.count != nil || t.percentage == nil, t.percentage != nil
	if t.count != nil {
		value, err := t.count(sc, effective)
		if err != nil {
			return l, err
		}
		var ok bool
		if l.count, ok = whole(value); !ok || l.count < 0 {
			return l, failure(Runtime, "ToleratedFailureCount must be a whole number that is not negative, not %s.", excerpt(value))
		}
	}
	if t.percentage != nil {
		value, err := t.percentage(sc, effective)
		if err != nil {
			return l, err
		}
		var ok bool
		if l.percentage, ok = percent(value); !ok {
			return l, failure(Runtime, "ToleratedFailurePercentage must be a number from 0 to 100, not %s.", excerpt(value))
		}
	}
	return l, nil
}

// exceeded tells whether more items failed than are tolerated. A percentage is
// judged when the number of all items is known; before it is negative.
func (l limit) exceeded(failed, all int64) bool {
	return l.counts && failed > l.count ||
		l.measures && all >= 0 && float64(failed)*100 > l.percentage*float64(all)
}
