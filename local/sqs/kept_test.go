package sqs_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/sqs"
	"autobackup/local/store"
)

// told are a queue's metrics as CloudWatch has them: what comes again takes the place of what is
// there.
type told map[int64]map[string]float64

func (all told) take(of []sqs.Datapoint) {
	for _, d := range of {
		if d.Queue.String() != mainARN {
			continue
		}
		minute := d.Minute.Unix()
		if all[minute] == nil {
			all[minute] = map[string]float64{}
		}
		all[minute][d.Metric] = d.Value
	}
}

// live has things done to a queue, each by a service of its own where the one before is killed,
// and answers its metrics, minute by minute. Consumers are there for some lives, from before what was
// kept is loaded, as those of a template.
func live(t *testing.T, kills bool, consumed int, deeds ...func(s *sqs.Service)) (minutes []string) {
	t.Helper()
	kept, err := store.Open(t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, kept.Broken()); require.NoError(t, kept.Close()) }()
	newID, all, begin := ids(), told{}, time.Now().Truncate(time.Minute)
	var s *sqs.Service
	for i, deed := range deeds {
		if i == 0 || kills {
			s = sqs.New(clock.Real(), newID)
			s.Metrics = all.take
			q := sqs.Defaults(mainARN, url(mainARN))
			q.VisibilityTimeout = 120
			require.NoError(t, s.CreateQueue(q))
			if i < consumed {
				consume(t, s, sqs.Batching{Size: 1, MaxBytes: 1 << 20, Concurrency: 1})
			}
			require.NoError(t, s.Load(kept))
		}
		deed(s)
	}
	for minute := begin; minute.Before(time.Now()); minute = minute.Add(time.Minute) {
		minutes = append(minutes, short(all[minute.Unix()]))
	}
	return minutes
}

func TestMetricsGoOnAfterEachKillAsIfThereWereNone(t *testing.T) {
	var got []sqs.Message
	wait := func(d time.Duration) func(*sqs.Service) { return func(*sqs.Service) { time.Sleep(d) } }
	deeds := []func(*sqs.Service){
		func(s *sqs.Service) { send(t, s, mainARN, "a") },
		wait(50 * time.Second),
		func(s *sqs.Service) { send(t, s, mainARN, "b") },
		wait(70 * time.Second),
		(*sqs.Service).Measure,
		func(s *sqs.Service) { got = receive(t, s, mainARN, sqs.Receive{}) },
		func(s *sqs.Service) { require.NoError(t, s.Delete(mainARN, got[0].Receipt)) },
		wait(10 * time.Second),
		func(s *sqs.Service) { got = receive(t, s, mainARN, sqs.Receive{Max: 10}) },
		func(s *sqs.Service) { receive(t, s, mainARN, sqs.Receive{}) },
		wait(3 * time.Minute),
		(*sqs.Service).Measure,
		func(s *sqs.Service) { send(t, s, mainARN, "c") },
		wait(7 * time.Hour),
		func(s *sqs.Service) { require.NoError(t, s.Purge(mainARN)) },
		wait(7 * time.Hour),
		(*sqs.Service).Measure,
	}
	var whole, killed []string
	bubble(t, func(t *testing.T) { whole = live(t, false, 0, deeds...) })
	bubble(t, func(t *testing.T) { killed = live(t, true, 0, deeds...) })
	require.Equal(t, []string{"age 60, sent 2, visible 2", "age 120, visible 2", "age 130, deleted 1, empty 1, hidden 1, received 2, visible 0"}, whole[:3])
	assert.Equal(t, whole, killed)
}

// A pipe polls again once it is there again, and is one.
func TestAConsumerOfALaterLifeIsCountedOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		wait := func(*sqs.Service) { time.Sleep(10 * time.Minute) }
		all := live(t, true, 2, wait, wait, func(s *sqs.Service) { wait(s); s.Measure() })
		require.Len(t, all, 30)
		for minute, want := range map[int]string{5: "empty 3, visible 0", 15: "empty 3, visible 0", 25: "visible 0"} {
			assert.Equal(t, want, all[minute], minute)
		}
	})
}

func TestADeletedQueueLeavesNoRecord(t *testing.T) {
	bubble(t, func(t *testing.T) {
		kept, err := store.Open(t.TempDir())
		require.NoError(t, err)
		defer func() { require.NoError(t, kept.Broken()); require.NoError(t, kept.Close()) }()
		s := newService(t, nil)
		s.Metrics = told{}.take
		require.NoError(t, s.Load(kept))
		send(t, s, mainARN, "a")
		s.DeleteQueue(mainARN)
		for _, kind := range []string{"sqs queues", "sqs messages", "sqs steps"} {
			require.NoError(t, store.Each(kept, kind, func(key string, _ any) error {
				assert.NotContains(t, key, mainARN)
				return nil
			}))
		}
	})
}

func TestTheMessagesOfABatchGoInOneTransaction(t *testing.T) {
	bubble(t, func(t *testing.T) {
		kept, err := store.Open(t.TempDir())
		require.NoError(t, err)
		defer func() { require.NoError(t, kept.Broken()); require.NoError(t, kept.Close()) }()
		var writes, handled int
		kept.Now = func() time.Time { writes++; return time.Now() }
		s := newService(t, nil)
		require.NoError(t, s.Load(kept))
		c, err := s.Consume(mainARN, sqs.Batching{Size: 10, Window: time.Minute, MaxBytes: 1 << 20, Concurrency: 1}, func(_ context.Context, b sqs.Batch) []sqs.Message {
			writes, handled = 0, len(b.Messages)
			return b.Messages
		})
		require.NoError(t, err)
		defer c.Close()
		for range 10 {
			send(t, s, mainARN, "a")
		}
		synctest.Wait()
		assert.Equal(t, []int{10, 1}, []int{handled, writes})
		messages := 0
		require.NoError(t, store.Each(kept, "sqs messages", func(string, any) error { messages++; return nil }))
		assert.Zero(t, messages)
	})
}
