package sqs_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/sqs"
)

// sink collects batches and says which messages are done.
type sink struct {
	mu      sync.Mutex
	batches [][]string
	records []string
	at      []time.Duration
	start   time.Time
	done    func([]sqs.Message) []sqs.Message
}

func (k *sink) handle(_ context.Context, b sqs.Batch) []sqs.Message {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.batches = append(k.batches, bodies(b.Messages))
	k.records = append(k.records, string(b.Records))
	k.at = append(k.at, time.Since(k.start))
	if k.done != nil {
		return k.done(b.Messages)
	}
	return b.Messages
}

// rest waits until nothing runs any more, so that the sink can be read.
func (k *sink) rest() {
	synctest.Wait()
}

func consume(t *testing.T, s *sqs.Service, how sqs.Batching) *sink {
	t.Helper()
	k := &sink{start: time.Now()}
	c, err := s.Consume(mainARN, how, k.handle)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return k
}

func TestABatchClosesWhenItIsFull(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		k := consume(t, s, sqs.Batching{Size: 3, Window: 100 * time.Second, MaxBytes: 1 << 20, Concurrency: 1})
		for _, body := range strings.Split("abcdefg", "") {
			send(t, s, mainARN, body)
		}
		k.rest()
		assert.Equal(t, [][]string{{"a", "b", "c"}, {"d", "e", "f"}}, k.batches)
	})
}

func TestABatchClosesWhenItsWindowIsOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, func(q *sqs.Queue) { q.VisibilityTimeout = 60 })
		k := consume(t, s, sqs.Batching{Size: 100, Window: 10 * time.Second, MaxBytes: 1 << 20, Concurrency: 1})
		time.Sleep(time.Second)
		send(t, s, mainARN, "a")
		time.Sleep(9 * time.Second)
		send(t, s, mainARN, "b")
		time.Sleep(time.Minute)
		k.rest()
		assert.Equal(t, [][]string{{"a", "b"}}, k.batches)
		assert.Equal(t, []time.Duration{11 * time.Second}, k.at, "the window opens with the first message")
		n, err := s.Count(mainARN)
		require.NoError(t, err)
		assert.Equal(t, sqs.Counts{}, n, "what is done is deleted")
	})
}

func TestABatchClosesBeforeItsJSONGetsTooLarge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		k := consume(t, s, sqs.Batching{Size: 100, Window: time.Second, MaxBytes: 6000, Concurrency: 1})
		for _, body := range []string{"a", "b", "c"} {
			send(t, s, mainARN, strings.Repeat(body, 2000))
		}
		send(t, s, mainARN, strings.Repeat("d", 7000)) // alone it may exceed the limit: there is no smaller batch
		time.Sleep(2 * time.Second)
		k.rest()
		sizes := []int{}
		for _, b := range k.batches {
			sizes = append(sizes, len(b))
		}
		require.Equal(t, []int{2, 1, 1}, sizes)
		assert.LessOrEqual(t, len(k.records[0]), 6000)
	})
}

func TestMessagesThatAreNotDoneComeBackAndMoveToTheDeadLetterQueue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		k := consume(t, s, sqs.Batching{Size: 10, MaxBytes: 1 << 20, Concurrency: 5})
		k.done = func(all []sqs.Message) []sqs.Message { return nil }
		send(t, s, mainARN, "poison")
		time.Sleep(time.Hour)
		k.rest()
		assert.Equal(t, [][]string{{"poison"}, {"poison"}}, k.batches)
		assert.Equal(t, []time.Duration{0, 5 * time.Second}, k.at)
		parked, err := s.Messages(dlqARN)
		require.NoError(t, err)
		assert.Equal(t, []string{"poison"}, bodies(parked))
	})
}

func TestABatchWaitsWhileAsManyAsAllowedAreHandled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		var mu sync.Mutex
		now, most, handled := 0, 0, 0
		c, err := s.Consume(mainARN, sqs.Batching{Size: 1, MaxBytes: 1 << 20, Concurrency: 2}, func(_ context.Context, b sqs.Batch) []sqs.Message {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			defer mu.Unlock()
			now--
			handled++
			return b.Messages
		})
		require.NoError(t, err)
		defer c.Close()
		for range 6 {
			send(t, s, mainARN, "x")
		}
		time.Sleep(3*time.Second + time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		assert.Equal(t, 2, most)
		assert.Equal(t, 6, handled)
	})
}

func TestAClosedConsumerTakesNothingAndGivesBackWhatItHad(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		k := &sink{}
		c, err := s.Consume(mainARN, sqs.Batching{Size: 100, Window: 2 * time.Second, MaxBytes: 1 << 20, Concurrency: 1}, k.handle)
		require.NoError(t, err)
		send(t, s, mainARN, "a")
		synctest.Wait()
		c.Close()
		send(t, s, mainARN, "b")
		time.Sleep(5 * time.Second)
		assert.Empty(t, k.batches)
		assert.ElementsMatch(t, []string{"a", "b"}, bodies(receive(t, s, mainARN, sqs.Receive{Max: 10})))
	})
}

func TestBatchingIsChecked(t *testing.T) {
	s := newService(t, nil)
	for want, how := range map[string]sqs.Batching{
		"InvalidParameterValue: Value 0 for parameter BatchSize is invalid. Reason: Must be between 1 and 10000.":                      {},
		"InvalidParameterValue: Value 10001 for parameter BatchSize is invalid. Reason: Must be between 1 and 10000.":                  {Size: 10_001},
		"InvalidParameterValue: Value 301 for parameter MaximumBatchingWindowInSeconds is invalid. Reason: Must be between 0 and 300.": {Size: 1, Window: 301 * time.Second},
		"InvalidParameterValue: Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10":       {Size: 11},
	} {
		_, err := s.Consume(mainARN, how, nil)
		assert.EqualError(t, err, want)
	}
	_, err := s.Consume(mainARN+"2", sqs.Batching{Size: 1}, nil)
	assert.ErrorContains(t, err, "The specified queue does not exist.")
}

func TestARecordHasTheShapeOfLambdaAndPipes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		k := consume(t, s, sqs.Batching{Size: 10, MaxBytes: 1 << 20, Concurrency: 1})
		_, err := s.Send(mainARN, sqs.Outgoing{Body: `<a href="x">&</a>`, Attributes: map[string]sqs.Attribute{
			"text": {DataType: "String", Value: "v"}, "raw": {DataType: "Binary", Value: "\x00"},
		}})
		require.NoError(t, err)
		k.rest()
		require.Len(t, k.records, 1)
		assert.Contains(t, k.records[0], `<a href=\"x\">&</a>`, "HTML is not escaped")
		var got []map[string]any
		require.NoError(t, json.Unmarshal([]byte(k.records[0]), &got))
		require.Len(t, got, 1)
		assert.NotEmpty(t, got[0]["receiptHandle"])
		delete(got[0], "receiptHandle")
		want := `{"messageId":"id-000001","body":"<a href=\"x\">&</a>",
			"attributes":{"ApproximateFirstReceiveTimestamp":"946684800000","ApproximateReceiveCount":"1","SenderId":"111122223333","SentTimestamp":"946684800000"},
			"messageAttributes":{"raw":{"binaryValue":"AA==","stringListValues":[],"binaryListValues":[],"dataType":"Binary"},
				"text":{"stringValue":"v","stringListValues":[],"binaryListValues":[],"dataType":"String"}},
			"md5OfMessageAttributes":"b79dd9ee541e5959817e25e7ade4b87a","md5OfBody":"e48c485d8f413718c037fb6ebd388585",
			"eventSource":"aws:sqs","eventSourceARN":"` + mainARN + `","awsRegion":"eu-west-1"}`
		text, err := json.Marshal(got[0])
		require.NoError(t, err)
		assert.JSONEq(t, want, string(text))
	})
}

// A clock that skips jumps to the next timer, so what a queue holds must not
// set one unless somebody waits for it.
func TestOnlyAWatchedQueueMovesASkippingClock(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		clk := clock.Skipping(ctx)
		s := sqs.New(clk, ids())
		q := sqs.Defaults(mainARN, "")
		q.VisibilityTimeout = 400 // over the window, or the message would come again meanwhile
		require.NoError(t, s.CreateQueue(q))
		k := &sink{}
		watch := func() *sqs.Consumer {
			c, err := s.Consume(mainARN, sqs.Batching{Size: 10, Window: 5 * time.Minute, MaxBytes: 1 << 20, Concurrency: 1}, k.handle)
			require.NoError(t, err)
			return c
		}
		start, delay := clk.Now(), 900
		passed := func() time.Duration {
			time.Sleep(time.Second)
			return clk.Now().Sub(start).Round(time.Minute)
		}
		_, err := s.Send(mainARN, sqs.Outgoing{Body: "x", DelaySeconds: &delay})
		require.NoError(t, err)
		assert.Zero(t, passed(), "nobody watches")

		c := watch()
		assert.Equal(t, 20*time.Minute, passed(), "15 minutes of delay and 5 of window")
		assert.Equal(t, [][]string{{"x"}}, k.batches)
		assert.Equal(t, 20*time.Minute, passed(), "an idle consumer has no timer")

		_, err = s.Send(mainARN, sqs.Outgoing{Body: "y", DelaySeconds: &delay})
		require.NoError(t, err)
		c.Close()
		assert.Equal(t, 20*time.Minute, passed(), "nor has a closed one")
	})
}

func TestAQueueWaitsWhileSomethingEmptiesItAndItHasMessages(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newService(t, nil)
		send(t, s, mainARN, "nobody takes this")
		assert.False(t, s.Waiting())
		fails := func(context.Context, sqs.Batch) []sqs.Message { return nil }
		c, err := s.Consume(mainARN, sqs.Batching{Size: 1, MaxBytes: 1 << 20, Concurrency: 1}, fails)
		require.NoError(t, err)
		synctest.Wait()
		assert.True(t, s.Waiting(), "the message is hidden, and comes back")
		require.NoError(t, s.Purge(mainARN))
		assert.False(t, s.Waiting())
		send(t, s, mainARN, "again")
		assert.True(t, s.Waiting())
		c.Close()
		assert.False(t, s.Waiting())
	})
}
