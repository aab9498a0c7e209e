package asl_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/local/asl"
)

// gauge is a task that takes its time and counts how many of it run.
type gauge struct {
	mu        sync.Mutex
	now, peak int
	seen      []int
}

func (g *gauge) run(_ context.Context, parameters []byte) ([]byte, error) {
	var batch struct{ Items []int }
	if err := json.Unmarshal(parameters, &batch); err != nil {
		return nil, err
	}
	g.add(1, batch.Items)
	time.Sleep(time.Duration(1+batch.Items[0]%3) * time.Second) // bubble time: later items end before earlier ones
	g.add(-1, nil)
	return parameters, nil
}

func (g *gauge) add(n int, items []int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now += n
	g.peak = max(g.peak, g.now)
	g.seen = append(g.seen, items...)
}

func TestEveryItemIsProcessedOnceInOrderAndNeverTooManyAtATime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		items, batch := rapid.IntRange(0, 60).Draw(rt, "items"), rapid.IntRange(1, 7).Draw(rt, "batch")
		most, bytes := rapid.IntRange(1, 9).Draw(rt, "most"), rapid.IntRange(15, 40).Draw(rt, "bytes")
		lines := rapid.Bool().Draw(rt, "lines")
		input, text := []int{}, ""
		for i := range items {
			input = append(input, i)
			text += fmt.Sprintln(i)
		}
		var want [][]int
		var r asl.Result
		g := &gauge{}
		synctest.Test(t, func(t *testing.T) {
			source, given := `,"ItemsPath":"$.i"`, map[string]any{"i": input, "key": "k"}
			if lines {
				source, given = reading(`"InputType":"JSONL"`), map[string]any{"key": "k"}
			}
			state, err := json.Marshal(given)
			require.NoError(t, err)
			r = execute(t, distributed(fmt.Sprintf(`%s,"MaxConcurrency":%d,"ItemBatcher":{"MaxItemsPerBatch":%d,"MaxInputBytesPerBatch":%d}`, source, most, batch, bytes), calling),
				string(state), g.run, &bucket{objects: map[string]string{"b/k": text}})
		})
		require.Equal(t, types.ExecutionStatusSucceeded, r.Status, r.Cause)
		var got []struct{ Items []int }
		require.NoError(t, json.Unmarshal(r.Output, &got))
		all := []int{}
		for _, b := range got {
			encoded, err := json.Marshal(b)
			require.NoError(t, err)
			assert.LessOrEqual(t, len(b.Items), batch)
			assert.LessOrEqual(t, len(encoded), bytes)
			want, all = append(want, b.Items), append(all, b.Items...)
		}
		assert.Equal(t, input, all, "every item once, in order")
		assert.ElementsMatch(t, input, g.seen)
		assert.LessOrEqual(t, g.peak, most)
		if len(want) >= most {
			assert.Equal(t, most, g.peak, "and as many as may")
		}
	})
}

func TestMaxConcurrencyIsTenThousandWhereItIsLeftOut(t *testing.T) {
	for field, want := range map[string]int{"": 10_000, `,"MaxConcurrency":20000`: 10_000, `,"MaxConcurrency":41`: 41} {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{}
			work := func(context.Context, []byte) ([]byte, error) {
				g.add(1, nil)
				time.Sleep(time.Second) // bubble time: all that may are there
				g.add(-1, nil)
				return []byte(`1`), nil
			}
			m := load(t, distributed(reading(`"InputType":"JSONL"`)+field, calling), work)
			r := m.Run(t.Context(), asl.Execution{Input: []byte(`{"key":"k"}`), Objects: &bucket{objects: map[string]string{"b/k": strings.Repeat("1\n", 10_050)}}})
			require.Equal(t, types.ExecutionStatusSucceeded, r.Status, r.Cause)
			assert.Equal(t, want, g.peak)
		})
	}
}

// held is what lives on the heap: the least of a few readings, because other goroutines
// leave garbage meanwhile.
func held() uint64 {
	least := uint64(math.MaxUint64)
	for range 3 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		least = min(least, m.HeapAlloc)
	}
	return least
}

func TestTwelveThousandItemsTakeLittleMemory(t *testing.T) {
	const items, padding = 12_000, 1_024
	place := &lazy{lines: items, sizes: map[string]int64{}}
	filler := strings.Repeat("x", padding)
	var heap uint64
	var calls atomic.Int64
	work := func(context.Context, []byte) ([]byte, error) {
		if calls.Add(1)%3_000 == 0 {
			heap = max(heap, held())
		}
		return []byte(`"` + filler + `"`), nil
	}
	before := held()
	m := load(t, distributed(reading(`"InputType":"JSONL"`)+writing("")+`,"MaxConcurrency":4`, calling), work)
	r := m.Run(t.Context(), asl.Execution{Name: "run", Input: []byte(`{"key":"k"}`), Objects: place})
	require.Equal(t, types.ExecutionStatusSucceeded, r.Status, r.Cause)
	assert.Equal(t, int64(items), calls.Load())
	assert.Greater(t, place.sizes["SUCCEEDED_0.json"], int64(items*padding), "over 12 MB of results, and as much of records and histories, went through")
	assert.Less(t, int64(heap)-int64(before), int64(16<<20), "of over 24 MB, little was held at a time")
}
