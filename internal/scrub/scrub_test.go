package scrub_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/scrub"
)

var start = time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func TestTheFirstScrubReadsOneDaysSlices(t *testing.T) {
	assert.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, scrub.Turns{}.Due(start, 90))
	assert.Len(t, scrub.Turns{}.Due(start, 1), scrub.Slices)
}

func TestASliceIsDueWhereItWouldBeTooOldAtTheNextScrub(t *testing.T) {
	all := scrub.Turns{Began: start, Runs: []time.Time{start}}
	for i := range all.Read {
		all.Read[i] = start
	}
	next := all.After(start.Add(7*day), nil, nil, 0)
	assert.Empty(t, next.Due(start.Add(14*day), 22), "the next is after 21 days")
	due := next.Due(start.Add(14*day), 21)
	assert.NotEmpty(t, due)
	all.Read[500] = start.Add(-time.Second)
	assert.Equal(t, 500, all.Due(start.Add(14*day), 21)[0], "the oldest first")
}

func TestWhoWasAwayReadsAllThatCanBePaidFor(t *testing.T) {
	away := scrub.Turns{Began: start.Add(-1000 * day)}.After(start, nil, nil, 0)
	due := away.Due(start.Add(7*day), 100)
	assert.Len(t, due, scrub.Slices)
	assert.Equal(t, due, scrub.Likely(due, 0, 1), "what a slice costs is not known")
	assert.Equal(t, due[:21], scrub.Likely(due, 0.1, 1), "twice of what can be paid for, and one more")
	assert.Equal(t, due, scrub.Likely(due, 0.1, 1000))
	assert.Equal(t, due[:1], scrub.Likely(due, 0.1, 0))
	assert.Equal(t, due[:2], scrub.Likely(due[:2], 0.1, 0.1), "all of them")
	assert.Empty(t, scrub.Likely(nil, 0.1, 0))
}

func TestTheLongestTimeBetweenTheLastScrubsIsHowLongTheNextMayTake(t *testing.T) {
	at := func(days ...int) (turns scrub.Turns) {
		for i := range turns.Read {
			turns.Read[i] = start
		}
		for _, n := range days {
			turns = turns.After(start.Add(time.Duration(n)*day), nil, nil, 0)
		}
		return turns
	}
	now := start.Add(20 * day)
	for name, turns := range map[string]scrub.Turns{
		"the first time": at(10, 15, 17, 19), "one between": at(15, 17, 18, 19), "the last": at(13, 14, 15),
	} {
		longest := map[string]int{"the first time": 5, "one between": 2, "the last": 5}[name]
		assert.Len(t, turns.Due(now, 20+longest), scrub.Slices, name)
		assert.Empty(t, turns.Due(now, 20+longest+1), name)
	}
}

func TestWhatIsKnownAfterAScrubLeavesWhatWasKnownBefore(t *testing.T) {
	before := scrub.Turns{Runs: make([]time.Time, 0, 9)}.After(start, []int{1}, nil, 0)
	one, other := before.After(start.Add(day), []int{2}, nil, 0), before.After(start.Add(2*day), []int{3}, nil, 0)
	assert.Equal(t, start.Add(day), one.Runs[1])
	assert.Equal(t, start.Add(2*day), other.Runs[1])
	assert.Zero(t, one.Read[3])
	assert.Zero(t, before.Read[2])
}

func TestOpenVersionsAndRunsAreKept(t *testing.T) {
	turns := scrub.Turns{}
	for i := range 20 {
		turns = turns.After(start.Add(time.Duration(i)*day), []int{i}, []scrub.Version{{Key: "k", Version: "v"}}, 0.5)
	}
	assert.Equal(t, start, turns.Began)
	assert.Len(t, turns.Runs, 8)
	assert.Equal(t, start.Add(19*day), turns.Runs[7])
	assert.Equal(t, start.Add(19*day), turns.Read[19])
	assert.Equal(t, []scrub.Version{{Key: "k", Version: "v"}}, turns.Open)
	assert.InDelta(t, 0.5, turns.Mean, 0)
	text, err := json.Marshal(turns)
	require.NoError(t, err)
	var again scrub.Turns
	require.NoError(t, json.Unmarshal(text, &again))
	assert.Equal(t, turns, again)
}

func TestWhatWasWrittenAfterItsSliceWasReadIsNotCountedAsRead(t *testing.T) {
	turns := scrub.Turns{}.After(start, []int{3}, nil, 0)
	assert.True(t, turns.Within(3, start.Add(-time.Second), start.Add(9*day), 9))
	assert.False(t, turns.Within(3, start, start.Add(day), 9), "written when it was read")
	assert.False(t, turns.Within(3, start.Add(-time.Second), start.Add(9*day+time.Second), 9), "too long ago")
	assert.False(t, turns.Within(4, start.Add(-time.Second), start.Add(day), 9), "never read")
}

func TestTheOldestByteIsNoOlderThanTheFirstScrub(t *testing.T) {
	assert.Zero(t, scrub.Turns{}.Oldest(start))
	all := make([]int, scrub.Slices-1)
	for i := range all {
		all[i] = i
	}
	turns := scrub.Turns{}.After(start, nil, nil, 0).After(start.Add(day), all, nil, 0)
	assert.Equal(t, 10*day, turns.Oldest(start.Add(10*day)), "the last slice was never read")
	turns = turns.After(start.Add(2*day), []int{scrub.Slices - 1}, nil, 0)
	assert.Equal(t, 9*day, turns.Oldest(start.Add(10*day)))
}

// With scrubs on a schedule, money, and any others started by hand, no slice is ever older
// than the days: that is the promise. And hardly more is read than it takes.
func TestEverySliceIsReadOnceInSoManyDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		every := time.Duration(rapid.IntRange(1, 14).Draw(t, "days between scrubs")) * day
		days := rapid.IntRange(3, 20).Draw(t, "times") * int(every/day)
		byHand := rapid.IntRange(0, 2).Draw(t, "one by hand in three of the schedule's")
		turns, read := scrub.Turns{}, 0
		end := start.Add(3 * time.Duration(days) * day)
		n := 0
		for now := start; now.Before(end); now = now.Add(every) {
			if n++; n > 3 && n%3 == byHand {
				turns, read = step(turns, now.Add(-every/3), days, read)
			}
			if now.Sub(start) > time.Duration(days)*day+2*every {
				require.LessOrEqual(t, turns.Oldest(now), time.Duration(days)*day, "before the scrub of %s", now)
			}
			turns, read = step(turns, now, days, read)
			require.Empty(t, turns.Due(now, days), "at %s", now)
		}
		// A slice is read up to one gap, and in the beginning up to two, before it has to be.
		turnsEach := float64(3*days)/(float64(days)-2*float64(every)/float64(day)) + 1
		require.LessOrEqual(t, float64(read), turnsEach*scrub.Slices)
	})
}

func step(turns scrub.Turns, now time.Time, days, read int) (scrub.Turns, int) {
	due := turns.Due(now, days)
	return turns.After(now, due, nil, 0), read + len(due)
}

// Where money binds, what is read is always what was unread for longest.
func TestWhereMoneyBindsTheOldestIsReadFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		turns, purse := scrub.Turns{}, scrub.Purse{}
		costs := rapid.SliceOfN(rapid.Float64Range(0, 0.01), 1, 30).Draw(t, "costs")
		cost := func(slice int) float64 { return costs[slice%len(costs)] }
		const monthly = 1.0
		total := 0.0
		for i := range 120 {
			now := start.Add(time.Duration(i) * day)
			purse = purse.Filled(now, monthly)
			due := turns.Due(now, 30)
			chosen, spent := scrub.Choose(due, cost, purse.Dollars, monthly)
			require.LessOrEqual(t, spent, purse.Dollars)
			require.Equal(t, due[:len(chosen)], chosen, "in their order")
			purse.Dollars -= spent
			total += spent
			if left := due[len(chosen):]; len(chosen) > 0 && len(left) > 0 {
				require.False(t, turns.Read[chosen[len(chosen)-1]].After(turns.Read[left[0]]), "what is left was read later")
			}
			turns = turns.After(now, chosen, nil, 0)
			require.LessOrEqual(t, total, monthly*float64(i+1)/30.4375+1e-9, "never more than has come in")
		}
	})
}

func TestAPurseHoldsAMonthAtMostAndBeginsWithADay(t *testing.T) {
	first := scrub.Purse{}.Filled(start, 30.4375)
	assert.InDelta(t, 1, first.Dollars, 1e-12)
	first.Dollars -= 0.25
	next := first.Filled(start.Add(2*day), 30.4375)
	assert.InDelta(t, 2.75, next.Dollars, 1e-9)
	assert.InDelta(t, 30.4375, next.Filled(start.Add(400*day), 30.4375).Dollars, 1e-9)
	assert.InDelta(t, 2.75, next.Filled(start, 30.4375).Dollars, 1e-9, "a clock that goes backwards brings nothing")
}

func TestASliceThatCostsMoreThanAMonthKeepsNoOtherWaiting(t *testing.T) {
	costs := map[int]float64{7: 11, 8: 1, 9: 3, 10: 1}
	cost := func(slice int) float64 { return costs[slice] }
	chosen, spent := scrub.Choose([]int{7, 8, 9, 10}, cost, 2, 10)
	assert.Equal(t, []int{8}, chosen, "9 waits until it can be paid for, and 10 behind it")
	assert.InDelta(t, 1, spent, 0)
	chosen, _ = scrub.Choose([]int{9}, cost, 3, 3)
	assert.Equal(t, []int{9}, chosen, "all of a month's")
	chosen, _ = scrub.Choose([]int{7, 8, 9, 10}, cost, 5, 10)
	assert.Equal(t, []int{8, 9, 10}, chosen)
	assert.True(t, slices.IsSorted(chosen))
}
