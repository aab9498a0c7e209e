package sqs_test

import (
	"context"
	"fmt"
	"os"
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

// A stop amid the batch window of a pipe would hide an upload for as long as the queue hides what was
// received, and a few of them have SQS give it up.
func TestAMessageOfABatchThatDidNotEndComesAtOnceAndIsNotCounted(t *testing.T) {
	received := func(s *sqs.Service) (all []string) {
		for _, m := range receive(t, s, mainARN, sqs.Receive{Max: 10}) {
			all = append(all, fmt.Sprint(m.Body, " ", m.ReceiveCount))
		}
		return all
	}
	for name, killed := range map[string]bool{"a stop": false, "a kill": true} {
		bubble(t, func(t *testing.T) {
			dir, left := t.TempDir(), t.TempDir()
			begin := func(dir string) (*sqs.Service, *store.Store) {
				kept, err := store.Open(dir)
				require.NoError(t, err)
				s := newService(t, func(q *sqs.Queue) { q.VisibilityTimeout = 660 })
				require.NoError(t, s.Load(kept))
				return s, kept
			}
			s, kept := begin(dir)
			send(t, s, mainARN, "of somebody")
			require.Equal(t, []string{"of somebody 1"}, received(s))
			under := make(chan struct{})
			c, err := s.Consume(mainARN, sqs.Batching{Size: 1, MaxBytes: 1 << 20, Concurrency: 1}, func(ctx context.Context, b sqs.Batch) []sqs.Message {
				if b.Messages[0].Body == "under way" {
					close(under)
					<-ctx.Done()
				}
				return nil
			})
			require.NoError(t, err)
			send(t, s, mainARN, "failed")
			synctest.Wait()
			send(t, s, mainARN, "under way")
			<-under
			if killed {
				require.NoError(t, os.CopyFS(left, os.DirFS(dir)))
				dir = left
			}
			c.Close()
			require.NoError(t, kept.Close())

			s, kept = begin(dir)
			assert.Equal(t, []string{"under way 1"}, received(s), name)
			time.Sleep(661 * time.Second)
			assert.ElementsMatch(t, []string{"of somebody 2", "failed 2", "under way 2"}, received(s), name)
			require.NoError(t, kept.Broken())
			require.NoError(t, kept.Close())
		})
	}
}
