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
	assert.Zero(t, scrub.Turns{}.Late(start, 90))
	assert.Zero(t, scrub.Turns{}.TooOld(start, 1))
}

// read is what is known where every slice was last read at the start, and scrubs that read nothing
// came after so many days.
func read(days ...int) (turns scrub.Turns) {
	all := make([]int, scrub.Slices)
	for i := range all {
		all[i] = i
	}
	turns = turns.After(start, all, nil, 0)
	for _, n := range days {
		turns = turns.After(start.Add(time.Duration(n)*day), nil, nil, 0)
	}
	return turns
}

func TestASliceIsLateWhereItWouldBeTooOldAtTheNextScrub(t *testing.T) {
	turns, now := read(7), start.Add(14*day)
	assert.Zero(t, turns.Late(now, 22), "the next is after 21 days")
	assert.Equal(t, scrub.Slices, turns.Late(now, 21))
	assert.Len(t, turns.Due(now, 21), scrub.Slices)
	assert.Len(t, turns.Due(now, 22), 319, "as many as are read in seven days of 22")
	assert.Zero(t, turns.TooOld(now, 14))
	assert.Equal(t, scrub.Slices, turns.TooOld(now.Add(time.Nanosecond), 14))
	turns.Read[500] = start.Add(-time.Second)
	assert.Equal(t, 500, turns.Due(now, 22)[0], "the oldest first")
	turns.Read[700] = time.Time{}
	assert.Equal(t, []int{700, 500}, turns.Due(now, 22)[:2], "what was never read before all")
}

// Whoever was away for longer than the days is late once, and not for as long as the pause is among
// the last scrubs.
func TestAfterALongPauseAllIsReadOnceAndThenInTurnsAgain(t *testing.T) {
	const days = 30
	turns := read(1, 2, 3)
	now := start.Add(40 * day)
	assert.Equal(t, scrub.Slices, turns.TooOld(now, days))
	due := turns.Due(now, days)
	assert.Len(t, due, scrub.Slices)
	turns = turns.After(now, due, nil, 0)
	most := 0
	for n := range 60 {
		now = now.Add(day)
		due = turns.Due(now, days)
		turns = turns.After(now, due, nil, 0)
		assert.Zero(t, turns.Late(now, days), "day %d", n)
		assert.Zero(t, turns.TooOld(now, days), "day %d", n)
		if n > 8 {
			most = max(most, len(due))
		}
	}
	assert.LessOrEqual(t, most, 70, "not all at once again")
}

func TestWhoWasAwayReadsAllThatCanBePaidFor(t *testing.T) {
	due := read().Due(start.Add(1000*day), 100)
	assert.Len(t, due, scrub.Slices)
	assert.Equal(t, due, scrub.Likely(due, 0, 1), "what a slice costs is not known")
	assert.Equal(t, due[:21], scrub.Likely(due, 0.1, 1), "twice of what can be paid for, and one more")
	assert.Equal(t, due, scrub.Likely(due, 0.1, 1000))
	assert.Equal(t, due[:1], scrub.Likely(due, 0.1, 0))
	assert.Equal(t, due[:1], scrub.Likely(due, 0.1, -5), "more was spent than there was")
	assert.Equal(t, due[:2], scrub.Likely(due[:2], 0.1, 0.1), "all of them")
	assert.Empty(t, scrub.Likely(nil, 0.1, 0))
}

func TestTheLongestTimeBetweenTheLastScrubsIsHowLongTheNextMayTake(t *testing.T) {
	now := start.Add(20 * day)
	for name, c := range map[string]struct {
		turns scrub.Turns
		gap   int
	}{
		"the first time": {read(5, 7, 9, 11, 13, 15, 17, 19), 2}, "one between": {read(2, 4, 7, 9, 11, 13, 15, 17, 19), 3}, "a longer one": {read(1, 2, 6, 9, 10, 11, 13, 15, 19), 4}, "the last": {read(13, 14, 15), 13},
	} {
		assert.Equal(t, scrub.Slices, c.turns.Late(now, 20+c.gap), name)
		assert.Zero(t, c.turns.Late(now, 20+c.gap+1), name)
	}
	assert.Zero(t, read().Late(start.Add(20*day), 41), "of a pause no more counts than half of the days")
	assert.Equal(t, scrub.Slices, read().Late(start.Add(20*day), 40))
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
		turns = turns.After(start.Add(time.Duration(i)*day), []int{i}, []scrub.Open{{Version: scrub.Version{Key: "k", Version: "v"}}}, 0.5)
	}
	assert.Equal(t, start, turns.Began)
	assert.Len(t, turns.Runs, 8)
	assert.Equal(t, start.Add(19*day), turns.Runs[7])
	assert.Equal(t, start.Add(19*day), turns.Read[19])
	assert.Equal(t, []scrub.Open{{Version: scrub.Version{Key: "k", Version: "v"}}}, turns.Open)
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

func TestASliceThatWasReadWithOtherClassesIsNotCountedAsRead(t *testing.T) {
	turns := read()
	turns.Changed = start.Add(time.Second)
	assert.False(t, turns.Within(3, start.Add(-time.Second), start.Add(day), 9))
	turns.Changed = start
	assert.True(t, turns.Within(3, start.Add(-time.Second), start.Add(day), 9))
}

func TestWhatTheMoneyIsShortOfIsSaidInSlices(t *testing.T) {
	assert.Zero(t, scrub.Short(30, 10.1458333333334, 90))
	assert.Equal(t, 1, scrub.Short(30.01, 10.1458333333334, 90))
	assert.Equal(t, 500, scrub.Short(60, 10.1458333333334, 90))
	assert.Zero(t, scrub.Short(0, 1, 90))
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
	turns.Open = []scrub.Open{{Since: start.Add(-day), Different: true}}
	assert.Equal(t, 9*day, turns.Oldest(start.Add(10*day)), "what differs was read")
	turns.Open[0].Different = false
	turns.Open = append(turns.Open, scrub.Open{Since: start.Add(9 * day)})
	assert.Equal(t, 11*day, turns.Oldest(start.Add(10*day)), "what could not be read was not")
}

// With scrubs on a schedule, money, and some started by hand, no slice is ever older than the days:
// that is the promise. And hardly more is read than it takes.
func TestEverySliceIsReadOnceInSoManyDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		every := time.Duration(rapid.IntRange(1, 14).Draw(t, "days between scrubs")) * day
		times := rapid.IntRange(3, 9).Draw(t, "times")
		days := times * int(every/day)
		byHand := rapid.IntRange(0, 3).Draw(t, "of four of the schedule's, one by hand before this one")
		turns, reads := scrub.Turns{}, 0
		const periods = 3
		n := 0
		for now := start; now.Before(start.Add(periods * time.Duration(days) * day)); now = now.Add(every) {
			if n++; n > 4 && n%4 == byHand {
				turns, reads = step(turns, now.Add(-every/3), days, reads)
			}
			require.Zero(t, turns.TooOld(now, days), "before the scrub of %s", now)
			turns, reads = step(turns, now, days, reads)
			require.Zero(t, turns.Late(now, days), "after the scrub of %s", now)
		}
		// Each slice is read one time between scrubs before it has to be, and with each scrub one more.
		most := float64(periods*times)/float64(times-1)*scrub.Slices + float64(2*n) + scrub.Slices
		require.LessOrEqual(t, float64(reads), most)
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
			chosen, _, spent := scrub.Choose(due, cost, purse.Dollars, monthly)
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
	back := next.Filled(start, 30.4375)
	assert.InDelta(t, 2.75, back.Dollars, 1e-9, "a clock that goes backwards brings nothing")
	assert.InDelta(t, 3.75, back.Filled(start.Add(3*day), 30.4375).Dollars, 1e-9, "and nothing twice")
}

func TestASliceThatCostsMoreThanAMonthKeepsNoOtherWaiting(t *testing.T) {
	costs := map[int]float64{7: 11, 8: 1, 9: 3, 10: 1}
	cost := func(slice int) float64 { return costs[slice] }
	chosen, dear, spent := scrub.Choose([]int{7, 8, 9, 10}, cost, 2, 10)
	assert.Equal(t, []int{7}, dear)
	assert.Equal(t, []int{8}, chosen, "9 waits until it can be paid for, and 10 behind it")
	assert.InDelta(t, 1, spent, 0)
	chosen, _, _ = scrub.Choose([]int{9}, cost, 3, 3)
	assert.Equal(t, []int{9}, chosen, "all of a month's")
	chosen, _, _ = scrub.Choose([]int{7, 8, 9, 10}, cost, 5, 10)
	assert.Equal(t, []int{8, 9, 10}, chosen)
	assert.True(t, slices.IsSorted(chosen))
}
