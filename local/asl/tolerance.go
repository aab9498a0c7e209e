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
	Count      int64
	Percentage float64
	Counts     bool // Count was given, or nothing was
	Measures   bool // Percentage was given
}

func (t tolerance) limit(sc *scope, effective any) (l limit, err error) {
	l.Counts, l.Measures = t.count != nil || t.percentage == nil, t.percentage != nil
	if t.count != nil {
		value, err := t.count(sc, effective)
		if err != nil {
			return l, err
		}
		var ok bool
		if l.Count, ok = whole(value); !ok || l.Count < 0 {
			return l, failure(Runtime, "ToleratedFailureCount must be a whole number that is not negative, not %s.", excerpt(value))
		}
	}
	if t.percentage != nil {
		value, err := t.percentage(sc, effective)
		if err != nil {
			return l, err
		}
		var ok bool
		if l.Percentage, ok = percent(value); !ok {
			return l, failure(Runtime, "ToleratedFailurePercentage must be a number from 0 to 100, not %s.", excerpt(value))
		}
	}
	return l, nil
}

// exceeded tells whether more items failed than are tolerated. A percentage is
// judged when the number of all items is known; before it is negative.
func (l limit) exceeded(failed, all int64) bool {
	return l.Counts && failed > l.Count ||
		l.Measures && all >= 0 && float64(failed)*100 > l.Percentage*float64(all)
}
