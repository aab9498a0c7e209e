package scrub

import (
	"math"
	"time"
)

// MonthDays is how many days a month has in the mean.
const MonthDays = 30.4375

const month = MonthDays * float64(day)

// Purse is what may be spent.
type Purse struct {
	Dollars float64   `json:"dollars"`
	At      time.Time `json:"at"` // zero: nothing was ever put in
}

// Filled is the purse at the time now, where so much comes in a month: what was left, and what
// has come since. It never holds more than a month's, and begins with a day's.
func (p Purse) Filled(now time.Time, monthly float64) Purse {
	since := now.Sub(p.At)
	if p.At.IsZero() {
		since = day
	}
	at := now
	if at.Before(p.At) { // a clock that was wrong brings nothing twice
		at = p.At
	}
	return Purse{Dollars: min(p.Dollars+monthly*float64(max(since, 0))/month, monthly), At: at}
}

// Likely are the due slices that can probably be paid for, by what a slice costs in the mean,
// and as many more: who lists a bucket keeps the versions of these, and not of all.
func Likely(due []int, mean, dollars float64) []int {
	const enough = 2
	if n := enough * max(dollars, 0) / mean; mean > 0 && n < float64(len(due)) {
		return due[:int(n)+1]
	}
	return due
}

// Choose takes the slices that can be paid for, in their order. One that can't waits until it
// can, and those behind it with it; one that costs more than a month's dollars never can, and
// is one of the dear.
func Choose(due []int, cost func(slice int) float64, dollars, monthly float64) (chosen, dear []int, spent float64) {
	for _, slice := range due {
		c := cost(slice)
		if c > monthly {
			dear = append(dear, slice)
			continue
		}
		if spent+c > dollars {
			break
		}
		chosen, spent = append(chosen, slice), spent+c
	}
	return chosen, dear, spent
}

// Short is how many slices can't be read once in so many days, where reading all of them costs
// this, and so much comes in a month.
func Short(all, monthly float64, days int) int {
	needed := all / float64(days) * MonthDays
	if needed <= monthly {
		return 0
	}
	return int(math.Ceil(Slices * (1 - monthly/needed)))
}
