package sqs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/sqs"
)

// counted are the metrics that a queue wrote, by the minute since the test began.
type counted map[int]map[string]float64

// counting has a service write its metrics, from the minute that comes.
func counting(t *testing.T, s *sqs.Service, queueARN string) (written func() counted) {
	t.Helper()
	begin := time.Now().Truncate(time.Minute)
	all := counted{}
	s.Metrics = func(told []sqs.Datapoint) {
		for _, d := range told {
			if d.Queue.String() != queueARN {
				continue
			}
			n := int(d.Minute.Sub(begin) / time.Minute)
			if all[n] == nil {
				all[n] = map[string]float64{}
			}
			all[n][d.Metric] += d.Value
		}
	}
	return func() counted {
		s.Measure()
		return all
	}
}

// short is a minute's metrics with their names' first letters.
func short(of map[string]float64) string {
	names := map[string]string{
		"NumberOfMessagesSent": "sent", "NumberOfMessagesReceived": "received", "NumberOfEmptyReceives": "empty", "NumberOfMessagesDeleted": "deleted",
		"ApproximateNumberOfMessagesVisible": "visible", "ApproximateNumberOfMessagesNotVisible": "hidden", "ApproximateAgeOfOldestMessage": "age",
	}
	var all []string
	for metric, value := range of {
		all = append(all, fmt.Sprint(names[metric], " ", value))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func TestEachMinuteTellsWhatWasDoneAndWhatIsThereAtItsEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, func(q *sqs.Queue) { q.VisibilityTimeout = 150 })
		written := counting(t, s, mainARN)
		time.Sleep(10 * time.Second)
		send(t, s, mainARN, "a")
		send(t, s, mainARN, "b") // minute 0
		time.Sleep(time.Minute)
		got := receive(t, s, mainARN, sqs.Receive{}) // minute 1
		time.Sleep(time.Minute)
		require.NoError(t, s.Delete(mainARN, got[0].Receipt)) // minute 2
		receive(t, s, mainARN, sqs.Receive{Max: 10})
		receive(t, s, mainARN, sqs.Receive{Max: 10})
		time.Sleep(5 * time.Minute)
		all := written()
		for n, want := range []string{
			"age 50, sent 2, visible 2",
			"age 110, hidden 1, received 1, visible 1",
			"age 170, deleted 1, empty 1, hidden 1, received 1, visible 0",
			"age 230, hidden 1, visible 0",
			"age 290, visible 1", // after 150 seconds it can be received again
		} {
			assert.Equal(t, want, short(all[n]), "minute %d", n)
		}
	})
}

// What is over is told once, whenever somebody asks.
func TestAMinuteIsToldOnceItIsOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		written := counting(t, s, mainARN)
		send(t, s, mainARN, "a")
		time.Sleep(59 * time.Second)
		assert.Empty(t, written())
		time.Sleep(time.Second)
		assert.Equal(t, "age 60, sent 1, visible 1", short(written()[0]))
		assert.Equal(t, "age 60, sent 1, visible 1", short(written()[0]), "and not again")
	})
}

func TestAnIdleQueueWritesNothingAfterSixHoursUnlessItHasMessagesOrIsAsked(t *testing.T) {
	const hours = 20
	for _, c := range []struct {
		name  string
		does  func(t *testing.T, s *sqs.Service)
		wrote map[int]string // in the last minute of some hours
	}{
		{"nothing happens", func(*testing.T, *sqs.Service) {}, map[int]string{1: "visible 0", 6: "visible 0", 7: "", hours: ""}},
		{"somebody calls", func(t *testing.T, s *sqs.Service) {
			t.Helper()
			time.Sleep(10 * time.Hour)
			receive(t, s, mainARN, sqs.Receive{})
		}, map[int]string{6: "visible 0", 8: "", 11: "visible 0", 16: "visible 0", 17: ""}},
		{"a message lies there until its retention is over", func(t *testing.T, s *sqs.Service) {
			t.Helper()
			send(t, s, mainARN, "a")
		}, map[int]string{1: "age 3600, visible 1", 9: "age 32400, visible 1", 11: "", hours: ""}},
		{"a consumer asks", func(t *testing.T, s *sqs.Service) {
			t.Helper()
			consume(t, s, sqs.Batching{Size: 1, MaxBytes: 1 << 20, Concurrency: 1})
		}, map[int]string{1: "empty 3, visible 0", hours: "empty 3, visible 0"}},
	} {
		bubble(t, func(t *testing.T) {
			s := newService(t, func(q *sqs.Queue) { q.MessageRetentionPeriod = 36_000 })
			written := counting(t, s, mainARN)
			c.does(t, s)
			time.Sleep(hours * time.Hour)
			all := written()
			for hour, want := range c.wrote {
				assert.Equal(t, want, short(all[hour*60-1]), "%s, hour %d", c.name, hour)
			}
		})
	}
}

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
func TestTheAgeIsOfTheOldestMessageThatWasNotReceivedThreeTimesAndOfADeadLetterSinceItWasMoved(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, func(q *sqs.Queue) { q.VisibilityTimeout, q.RedrivePolicy.MaxReceiveCount = 30, 5 })
		written := counting(t, s, mainARN)
		send(t, s, mainARN, "poison")
		for range 6 {
			receive(t, s, mainARN, sqs.Receive{})
			time.Sleep(time.Minute)
		}
		time.Sleep(time.Minute)
		all := written()
		assert.Equal(t, "age 120, received 1, visible 1", short(all[1]))
		assert.Equal(t, "received 1, visible 1", short(all[2]), "the third time")
		assert.Equal(t, "empty 1, visible 0", short(all[5]), "and it is moved at the sixth")
	})
	bubble(t, func(t *testing.T) {
		s := newService(t, func(q *sqs.Queue) { q.VisibilityTimeout, q.RedrivePolicy.MaxReceiveCount = 30, 1 })
		written := counting(t, s, dlqARN)
		send(t, s, mainARN, "a")
		receive(t, s, mainARN, sqs.Receive{})
		time.Sleep(10 * time.Minute)
		receive(t, s, mainARN, sqs.Receive{})
		time.Sleep(2 * time.Minute)
		assert.Equal(t, "age 60, visible 1", short(written()[10]), "nobody sent it there")
	})
}
