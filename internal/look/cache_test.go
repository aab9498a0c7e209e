package look

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func fetched(value string, count *int) func() (string, error) {
	return func() (string, error) {
		*count++
		return value, nil
	}
}

func TestWhatIsKeptIsBelievedByWhenItWasAskedFor(t *testing.T) {
	asked := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, tt := range map[string]struct {
		now, since time.Time
		believed   bool
	}{
		"whenever":                           {asked.Add(time.Minute), time.Time{}, true},
		"as old as it must be":               {asked.Add(time.Minute), asked, true},
		"a moment older":                     {asked.Add(time.Minute), asked.Add(1), false},
		"at the same time":                   {asked, asked, true},
		"since a time to come":               {asked.Add(time.Minute), asked.Add(time.Hour), false},
		"since a time to come, of this time": {asked, asked.Add(time.Hour), true},
		"nearly five minutes old":            {asked.Add(directoryAge - 1), time.Time{}, true},
		"five minutes old":                   {asked.Add(directoryAge), time.Time{}, false},
		"of a clock that was set back since": {asked.Add(-1), time.Time{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			now, count := asked, 0
			c := newCache[string](func() time.Time { return now })
			_, err := c.get("key", time.Time{}, fetched("old", &count))
			require.NoError(t, err)
			now = tt.now
			got, err := c.get("key", tt.since, fetched("new", &count))
			require.NoError(t, err)
			if tt.believed {
				assert.Equal(t, "old", got)
				assert.Equal(t, 1, count)
			} else {
				assert.Equal(t, "new", got)
				assert.Equal(t, 2, count)
			}
		})
	}
}

// While fetching, the time goes on; the answer may be of the time when it began.
func TestAnAnswerIsAsOldAsItsQuestion(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	start, count := now, 0
	c := newCache[string](func() time.Time { return now })
	_, err := c.get("key", time.Time{}, func() (string, error) {
		now = now.Add(5 * time.Second)
		return "slow", nil
	})
	require.NoError(t, err)
	got, err := c.get("key", start.Add(1), fetched("new", &count))
	require.NoError(t, err)
	assert.Equal(t, "new", got)
}

func TestAClockThatStandsStillWhileTheFunctionIsFrozenIsNotTrusted(t *testing.T) {
	count := 0
	c := newCache[string](time.Now)
	_, err := c.get("key", time.Time{}, fetched("value", &count))
	require.NoError(t, err)
	assert.NotContains(t, c.kept["key"].asked.String(), "m=", "the wall clock alone counts")
	assert.NotContains(t, c.now().String(), "m=")
}

func TestAClockThatRunsBackwardsEndsNothing(t *testing.T) {
	now, count := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 0
	c := newCache[string](func() time.Time {
		now = now.Add(-time.Second)
		return now
	})
	got, err := c.get("key", now.Add(time.Hour), fetched("value", &count))
	require.NoError(t, err)
	assert.Equal(t, "value", got)
	assert.Equal(t, 1, count)
}

func TestAStreamOfNamesDoesNotGrowTheCache(t *testing.T) {
	now, count := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 0
	c := newCache[string](func() time.Time { return now })
	for i := range 3*maxKept + 1 {
		_, err := c.get(fmt.Sprint(i), time.Time{}, fetched("value", &count))
		require.NoError(t, err)
		require.LessOrEqual(t, len(c.kept), maxKept)
		if i == maxKept-1 {
			require.Len(t, c.kept, maxKept, "nothing is forgotten before there is a need to")
		}
	}
	_, err := c.get(fmt.Sprint(3*maxKept), time.Time{}, fetched("value", &count))
	require.NoError(t, err)
	assert.Equal(t, 3*maxKept+1, count, "what came last is kept")
}

func TestErrorsAreNotKept(t *testing.T) {
	count := 0
	c := newCache[string](time.Now)
	_, err := c.get("key", time.Time{}, func() (string, error) { return "", errors.New("denied") })
	require.EqualError(t, err, "denied")
	got, err := c.get("key", time.Time{}, fetched("value", &count))
	require.NoError(t, err)
	assert.Equal(t, "value", got)
}

func TestWhoCanNotUseAFetchThatFailedTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, count := newCache[string](time.Now), 0
		started := time.Now()
		go func() {
			_, err := c.get("key", time.Time{}, func() (string, error) {
				time.Sleep(5 * time.Second)
				return "", errors.New("denied")
			})
			assert.EqualError(t, err, "denied")
		}()
		synctest.Wait()
		got, err := c.get("key", started.Add(1), fetched("too early to tell", &count))
		assert.EqualError(t, err, "denied", "it is asked for at the same time")
		assert.Empty(t, got)
		go func() {
			_, err := c.get("key", time.Time{}, func() (string, error) {
				time.Sleep(5 * time.Second)
				return "", errors.New("denied")
			})
			assert.EqualError(t, err, "denied")
		}()
		synctest.Wait()
		time.Sleep(time.Second)
		got, err = c.get("key", time.Now(), fetched("value", &count))
		require.NoError(t, err)
		assert.Equal(t, "value", got)
	})
}

// Both ask while the first answer, which was asked for before since, is under way.
func TestAFetchUnderWayIsSharedByWhomItIsNewEnoughFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, count := newCache[string](time.Now), 0
		slow := func() (string, error) {
			count++
			value := fmt.Sprint(count)
			time.Sleep(5 * time.Second)
			return value, nil
		}
		start := time.Now()
		ask := func(since time.Time) chan string {
			got := make(chan string, 1)
			go func() {
				value, err := c.get("key", since, slow)
				assert.NoError(t, err)
				got <- value
			}()
			synctest.Wait()
			return got
		}
		first := ask(time.Time{})
		time.Sleep(time.Second)
		enough, later, future := ask(start), ask(start.Add(1)), ask(start.Add(time.Hour))
		assert.Equal(t, "1", <-first)
		assert.Equal(t, "1", <-enough)
		assert.Equal(t, "2", <-later)
		assert.Equal(t, "2", <-future)
		assert.Equal(t, 2, count)
		assert.Equal(t, 10*time.Second, time.Since(start))
	})
}
