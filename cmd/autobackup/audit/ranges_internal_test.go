package audit

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// lines is a bucket whose keys are numbers of two digits, listed by workers that take
// no time: so that an interval ends while a part of it changes hands.
func lines(ctx context.Context, keys, workers int) (listed []string, err error) {
	split := func(_ context.Context, at, upto string) (string, bool, error) {
		from, to := 0, keys
		_, _ = fmt.Sscan(at, &from) // "" is the beginning
		_, _ = fmt.Sscan(upto, &to) // "" is the end
		return fmt.Sprintf("%02d", (from+to)/2), to-from > 1, nil
	}
	of := newRanges([]interval{{"", ""}}, split, 1)
	var lock sync.Mutex
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for {
				i, run, ok, failed := of.take(ctx)
				if !ok {
					lock.Lock()
					err = failed
					lock.Unlock()
					return
				}
				upto := i.Upto
				for n := range keys {
					key := fmt.Sprintf("%02d", n+1)
					if key <= i.After {
						continue
					}
					if m, asked := run.wanted(); asked && key > m {
						run.answer <- false
					} else if asked {
						upto = m
						run.ends(m)
					}
					if upto != "" && key > upto {
						break
					}
					run.progress(key, n+1)
					lock.Lock()
					listed = append(listed, key)
					lock.Unlock()
				}
				of.finished(run)
			}
		})
	}
	all.Wait()
	slices.Sort(listed)
	return listed, err
}

func TestEveryKeyIsListedOnceHoweverIntervalsChangeHands(t *testing.T) {
	var want []string
	for n := range 12 {
		want = append(want, fmt.Sprintf("%02d", n+1))
	}
	for range 5000 {
		listed, err := lines(t.Context(), len(want), 4)
		require.NoError(t, err)
		require.Equal(t, want, listed)
	}
}
