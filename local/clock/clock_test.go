package clock_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
)

func TestARealClockFollowsABubblesFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, start := clock.Real(), time.Now()
		require.NoError(t, c.Sleep(t.Context(), 24*time.Hour))
		assert.Equal(t, start.Add(24*time.Hour), c.Now())
	})
}

func TestSleepEndsWithItsContextAndTellsTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.Real()
		ctx, cancel := c.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := c.Now()
		assert.ErrorIs(t, c.Sleep(ctx, time.Hour), context.DeadlineExceeded)
		assert.Equal(t, time.Minute, c.Now().Sub(start))
	})
}

func TestAStoppedTimerNeverRuns(t *testing.T) {
	for name, mk := range clocks() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := mk(t.Context())
				var ran atomic.Bool
				stop := c.AfterFunc(time.Minute, func() { ran.Store(true) })
				stop()
				require.NoError(t, c.Sleep(t.Context(), time.Hour))
				assert.False(t, ran.Load())
			})
		})
	}
}

func TestStoppedTimersDoNotHoldUpASkippingClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, real := clock.Skipping(t.Context()), time.Now()
		for range 20_000 {
			c.AfterFunc(time.Minute, func() {})()
		}
		require.NoError(t, c.Sleep(t.Context(), time.Hour))
		assert.Less(t, time.Since(real), 100*time.Millisecond)
	})
}

func TestTimersRunInTheOrderOfTheirTimes(t *testing.T) {
	for name, mk := range clocks() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := mk(t.Context())
				order := make(chan int, 3)
				for _, minutes := range []int{30, 10, 20} {
					c.AfterFunc(time.Duration(minutes)*time.Minute, func() { order <- minutes })
				}
				assert.Equal(t, []int{10, 20, 30}, []int{<-order, <-order, <-order})
			})
		})
	}
}

func TestASkippingClockJumpsOverIdleTimeInAlmostNoRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, real := clock.Skipping(t.Context()), time.Now()
		start := c.Now()
		require.NoError(t, c.Sleep(t.Context(), 24*time.Hour))
		assert.GreaterOrEqual(t, c.Now().Sub(start), 24*time.Hour)
		assert.Less(t, time.Since(real), time.Second)
	})
}

func TestASkippingClockDoesNotJumpWhileWorkIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.Skipping(t.Context())
		start, done := c.Now(), c.Work()
		fired := make(chan time.Time, 1)
		c.AfterFunc(time.Hour, func() { fired <- time.Now() })
		time.Sleep(10 * time.Minute)
		assert.Empty(t, fired)
		assert.Equal(t, 10*time.Minute, c.Now().Sub(start))
		done()
		done() // a second call changes nothing
		<-fired
		assert.GreaterOrEqual(t, c.Now().Sub(start), time.Hour)
	})
}

func TestASkippingClockLeavesWhoeverSetATimerTheTimeToStopIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.Skipping(t.Context())
		for range 100 {
			time.Sleep(time.Second) // wakes together with the clock's own ticking
			start := c.Now()
			stop := c.AfterFunc(time.Hour, func() { t.Error("it was stopped") })
			stop()
			time.Sleep(time.Second)
			assert.Less(t, c.Now().Sub(start), time.Minute)
		}
	})
}

func TestAFiredTimerCountsAsWorkUntilItHasRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.Skipping(t.Context())
		var second atomic.Bool
		c.AfterFunc(2*time.Hour, func() { second.Store(true) })
		c.AfterFunc(time.Hour, func() {
			time.Sleep(time.Minute)
			assert.False(t, second.Load())
		})
		time.Sleep(time.Second)
		assert.False(t, second.Load(), "the clock must not jump while the first timer runs")
		time.Sleep(2 * time.Minute)
		assert.True(t, second.Load())
	})
}

func clocks() map[string]func(context.Context) *clock.Clock {
	return map[string]func(context.Context) *clock.Clock{
		"a real clock":     func(context.Context) *clock.Clock { return clock.Real() },
		"a skipping clock": clock.Skipping,
	}
}
