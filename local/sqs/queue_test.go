package sqs_test

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/local/clock"
	"autobackup/local/sqs"
)

func TestAMessageIsGoneAfterItsRetentionAlsoInTheDeadLetterQueue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, func(q *sqs.Queue) { q.MessageRetentionPeriod = 60 })
		send(t, s, mainARN, "old")
		time.Sleep(59 * time.Second)
		require.Len(t, receive(t, s, mainARN, sqs.Receive{}), 1)
		time.Sleep(6 * time.Second)
		assert.Empty(t, receive(t, s, mainARN, sqs.Receive{}))

		send(t, s, dlqARN, "parked")
		time.Sleep(14*24*time.Hour - time.Second)
		all, err := s.Messages(dlqARN)
		require.NoError(t, err)
		require.Len(t, all, 1)
		time.Sleep(time.Second)
		all, err = s.Messages(dlqARN)
		require.NoError(t, err)
		assert.Empty(t, all)
		n, err := s.Count(dlqARN)
		require.NoError(t, err)
		assert.Equal(t, sqs.Counts{}, n)
	})
}

func TestCountsTellVisibleDelayedAndInFlightApart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		send(t, s, mainARN, "in flight")
		require.Len(t, receive(t, s, mainARN, sqs.Receive{}), 1)
		send(t, s, mainARN, "visible")
		ten := 10
		_, err := s.Send(mainARN, sqs.Outgoing{Body: "delayed", DelaySeconds: &ten})
		require.NoError(t, err)
		n, err := s.Count(mainARN)
		require.NoError(t, err)
		assert.Equal(t, sqs.Counts{Visible: 1, Delayed: 1, InFlight: 1}, n)
		all, err := s.Messages(mainARN)
		require.NoError(t, err)
		assert.Equal(t, []string{"in flight", "visible", "delayed"}, bodies(all))
	})
}

func TestTheQueuesDelayHoldsForMessagesWithoutTheirOwn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, func(q *sqs.Queue) { q.DelaySeconds = 30 })
		zero, wait := 0, 20
		_, err := s.Send(mainARN, sqs.Outgoing{Body: "at once", DelaySeconds: &zero})
		require.NoError(t, err)
		send(t, s, mainARN, "later")
		assert.Equal(t, []string{"at once"}, bodies(receive(t, s, mainARN, sqs.Receive{Max: 10})))
		time.Sleep(15 * time.Second)
		got, err := s.Receive(t.Context(), mainARN, sqs.Receive{Max: 10, WaitTimeSeconds: &wait})
		require.NoError(t, err)
		assert.Len(t, got, 1)
	})
}

func TestAReceiveWithoutHidingTakesEachMessageOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		send(t, s, mainARN, "one")
		send(t, s, mainARN, "two")
		zero := 0
		assert.Equal(t, []string{"one", "two"}, bodies(receive(t, s, mainARN, sqs.Receive{Max: 10, VisibilityTimeout: &zero})))
	})
}

func TestVisibilityOfAMessageThatIsNotInFlightCannotChange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		send(t, s, mainARN, "x")
		m := receive(t, s, mainARN, sqs.Receive{})[0]
		time.Sleep(5 * time.Second)
		assert.EqualError(t, s.ChangeVisibility(mainARN, m.Receipt, 10), "AWS.SimpleQueueService.MessageNotInflight: The message is not in flight.")
		receive(t, s, mainARN, sqs.Receive{})
		assert.ErrorContains(t, s.ChangeVisibility(mainARN, m.Receipt, 10), "Message does not exist or is not available")
		require.NoError(t, s.Delete(mainARN, m.Receipt))
		n, err := s.Count(mainARN)
		require.NoError(t, err)
		assert.Equal(t, 1, n.InFlight, "a stale handle deletes nothing")
	})
}

func TestAChangedVisibilityChangesTheOrderToo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		send(t, s, mainARN, "one")
		send(t, s, mainARN, "two")
		got := receive(t, s, mainARN, sqs.Receive{Max: 10})
		require.NoError(t, s.ChangeVisibility(mainARN, got[1].Receipt, 2))
		require.NoError(t, s.ChangeVisibility(mainARN, got[0].Receipt, 60))
		time.Sleep(2 * time.Second)
		assert.Equal(t, []string{"two"}, bodies(receive(t, s, mainARN, sqs.Receive{Max: 10})))
	})
}

func TestAMoveTaskKeepsToItsRateAndOneRunsAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		for range 5 {
			send(t, s, dlqARN, "parked")
		}
		task, err := s.StartMessageMoveTask(dlqARN, mainARN, 2)
		require.NoError(t, err)
		assert.Equal(t, 2, task.Moved)
		_, err = s.StartMessageMoveTask(dlqARN, mainARN, 0)
		assert.ErrorContains(t, err, "There is already a task running.")
		time.Sleep(2*time.Second + time.Millisecond)
		tasks, err := s.MoveTasks(dlqARN)
		require.NoError(t, err)
		require.Len(t, tasks, 1)
		assert.Equal(t, sqs.Completed, tasks[0].Status)
		assert.Equal(t, 5, tasks[0].Moved)
		n, err := s.Count(mainARN)
		require.NoError(t, err)
		assert.Equal(t, 5, n.Visible)
	})
}

func TestOnlyTheLastTenMoveTasksOfAQueueAreKnown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		var handles []string
		for range 12 {
			task, err := s.StartMessageMoveTask(dlqARN, mainARN, 0)
			require.NoError(t, err)
			handles = append([]string{task.Handle}, handles...)
		}
		tasks, err := s.MoveTasks(dlqARN)
		require.NoError(t, err)
		var known []string
		for _, task := range tasks {
			known = append(known, task.Handle)
		}
		assert.Equal(t, handles[:10], known)
	})
}

func TestPurgeEmptiesAQueueOnceAMinute(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		send(t, s, mainARN, "x")
		require.NoError(t, s.Purge(mainARN))
		assert.Empty(t, receive(t, s, mainARN, sqs.Receive{}))
		assert.ErrorContains(t, s.Purge(mainARN), "Only one PurgeQueue operation on main is allowed every 60 seconds.")
		time.Sleep(time.Minute)
		require.NoError(t, s.Purge(mainARN))
	})
}

// A queue never loses a message and never shows one twice at a time, whatever
// is done to it in whatever order.
func TestPropertyEveryMessageIsAtOnePlaceUntilItIsDeleted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := sqs.New(clock.Real(), ids())
		q := sqs.Defaults(dlqARN, "")
		if err := s.CreateQueue(q); err != nil {
			t.Fatal(err)
		}
		q = sqs.Defaults(mainARN, "")
		q.RedrivePolicy = &sqs.RedrivePolicy{DeadLetterTargetARN: dlqARN, MaxReceiveCount: 2}
		if err := s.CreateQueue(q); err != nil {
			t.Fatal(err)
		}
		live, held := map[string]bool{}, []sqs.Message{}
		zero := 0
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				m, err := s.Send(mainARN, sqs.Outgoing{Body: "x"})
				if err != nil {
					t.Fatal(err)
				}
				live[m.ID] = true
			case 1:
				got, err := s.Receive(t.Context(), mainARN, sqs.Receive{Max: 3, VisibilityTimeout: &zero})
				if err != nil {
					t.Fatal(err)
				}
				held = append(held, got...)
			case 2:
				got, err := s.Receive(t.Context(), mainARN, sqs.Receive{Max: 3})
				if err != nil {
					t.Fatal(err)
				}
				held = append(held, got...)
			case 3:
				if len(held) == 0 {
					continue
				}
				m := held[len(held)-1]
				held = held[:len(held)-1]
				before := count(t, s)
				if err := s.Delete(mainARN, m.Receipt); err != nil {
					t.Fatal(err)
				}
				if len(count(t, s)) < len(before) {
					delete(live, m.ID)
				}
			}
			if got := count(t, s); len(got) != len(live) {
				t.Fatalf("%d messages are there, %d were sent and not deleted", len(got), len(live))
			}
		}
	})
}

func count(t *rapid.T, s *sqs.Service) map[string]bool {
	seen := map[string]bool{}
	for _, queueARN := range []string{mainARN, dlqARN} {
		all, err := s.Messages(queueARN)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if seen[m.ID] {
				t.Fatalf("message %s is there twice", m.ID)
			}
			seen[m.ID] = true
		}
	}
	return seen
}

func TestAQueueLetsGoOfWhatIsDeleted(t *testing.T) {
	s := newService(t, nil)
	used := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := used()
	for range 1000 {
		send(t, s, mainARN, strings.Repeat("x", 20_000))
	}
	for range 100 {
		for _, m := range receive(t, s, mainARN, sqs.Receive{Max: 10}) {
			require.NoError(t, s.Delete(mainARN, m.Receipt))
		}
	}
	assert.Less(t, used(), before+5_000_000, "of 20 MB")
	n, err := s.Count(mainARN) // the queue is still in use
	require.NoError(t, err)
	assert.Zero(t, n)
}
