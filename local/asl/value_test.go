package asl

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// anyJSON draws JSON values, with few names so that objects overlap.
func anyJSON() *rapid.Generator[any] {
	leaf := rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.StringMatching(`[a-c<&>é"\\]{0,4}`), func(s string) any { return s }),
		rapid.Map(rapid.Int64(), func(n int64) any { return integer(n) }))
	var value *rapid.Generator[any]
	value = rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			return rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return value }), 0, 3).Draw(t, "array")
		case 1:
			return rapid.MapOfN(rapid.StringMatching(`[a-c]`), rapid.Deferred(func() *rapid.Generator[any] { return value }), 0, 3).Draw(t, "object")
		}
		return leaf.Draw(t, "leaf")
	})
	return value
}

func TestWhatIsEncodedIsDecodedAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := anyJSON().Draw(t, "value")
		again, err := decode([]byte(encode(value)))
		require.NoError(t, err)
		assert.True(t, equal(value, again), "%s", encode(value))
		assert.Equal(t, encode(value), encode(again))
	})
}

func TestWhatIsPutIsFoundThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw, result := anyJSON().Draw(t, "raw"), anyJSON().Draw(t, "result")
		p, err := parsePath("$" + rapid.StringMatching(`(\.[a-c]|\[[01]\]){0,3}`).Draw(t, "path"))
		require.NoError(t, err)
		before := encode(raw)
		out, err := place{path: p}.put(raw, result)
		assert.Equal(t, before, encode(raw), "the input is not changed")
		if err != nil {
			assert.Equal(t, ResultPathMatchFailure, asError(err).Name)
			return
		}
		found, err := p.get(out)
		require.NoError(t, err)
		assert.Equal(t, encode(result), encode(found))
	})
}

func TestNumbersCompareByWhatTheyAreWorth(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"1", "1.0", 0}, {"9007199254740993", "9007199254740992", 1}, {"-1", "1e-9", -1}, {"1e400", "1", 1}, {"100", "1e2", 0},
	} {
		assert.Equal(t, c.want, compareNumbers(json.Number(c.a), json.Number(c.b)), "%s and %s", c.a, c.b)
	}
}

func TestARetriersDelays(t *testing.T) {
	r := retrier{interval: 3 * time.Second, rate: 1.5, cap: 6 * time.Second}
	var delays []time.Duration
	for n := range 4 {
		delays = append(delays, r.delay(n+1, nil))
	}
	assert.Equal(t, []time.Duration{3 * time.Second, 4500 * time.Millisecond, 6 * time.Second, 6 * time.Second}, delays)

	endless := retrier{interval: time.Second, rate: 1000}
	assert.Equal(t, longestWait*time.Second, endless.delay(1000, nil))

	r.jitter = true
	random := rand.New(rand.NewPCG(1, 2))
	var sum time.Duration
	for range 1000 {
		d := r.delay(1, random)
		require.GreaterOrEqual(t, d, time.Duration(0))
		require.Less(t, d, 3*time.Second)
		sum += d
	}
	assert.InDelta(t, 1.5, (sum / 1000).Seconds(), 0.1)
}
