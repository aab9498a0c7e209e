package retry_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/retry"
	"autobackup/local/sqs"
)

// fillTooLarge puts events into the event DLQ that the validation queue refuses.
func (w *world) fillTooLarge(n int) {
	for i := range n {
		w.send("event-dlq", event(fmt.Sprint("large-", i))+strings.Repeat(" ", 2048))
	}
}

// slow makes calls take their time, and counts the receives.
func (w *world) slow(receives *int, each map[string]time.Duration) {
	w.before = func(action string) int {
		if action == "ReceiveMessage" {
			*receives++
		}
		time.Sleep(each[action])
		return 0
	}
}

// within runs the command in a context that ends long after the command must have
// ended by itself.
func (w *world) within(limit time.Duration, edits ...func(*retry.Options)) *retry.Report {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), limit)
	defer cancel()
	report, err := w.retryIn(ctx, edits...)
	require.NoError(w.t, err)
	return report
}

func TestARunEndsByItselfHoweverManyEventsStayAndHoweverSlowTheCalls(t *testing.T) {
	cases := map[string]struct {
		stay, move int
		each       map[string]time.Duration
		receives   int // at most, with the plan's
	}{
		"quick calls":                            {100, 25, nil, 24},
		"what stays comes again during the pass": {100, 0, map[string]time.Duration{"ReceiveMessage": 15 * time.Second}, 35},
		"some stay, and all calls are slow": {35, 40, map[string]time.Duration{
			"ReceiveMessage": 50 * time.Second, "SendMessageBatch": 25 * time.Second, "DeleteMessageBatch": 25 * time.Second,
		}, 54},
		"one stays": {1, 12, map[string]time.Duration{"ReceiveMessage": 58 * time.Second, "SendMessageBatch": 50 * time.Second}, 12},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.fillTooLarge(c.stay)
				w.fill(keys(c.move)...)
				receives := 0
				w.slow(&receives, c.each)
				report := w.within(6 * time.Hour)

				assert.LessOrEqual(t, receives, c.receives)
				assert.Equal(t, c.move, report.Done())
				assert.Len(t, w.messages("event-dlq"), c.stay, "none was lost")
				var want []string
				for _, key := range keys(c.move) {
					want = append(want, event(key))
				}
				assert.ElementsMatch(t, want, w.putBack(), "each was sent once")
				assert.Zero(t, report.EventDLQ.Unreached)
				told := map[string]bool{}
				for _, l := range report.Left {
					told[l.Object] = true
					assert.Contains(t, l.Why, "takes at most 2048")
				}
				assert.Len(t, told, c.stay)
				assert.Len(t, report.Left, c.stay, "each is told once")
				assert.False(t, report.Complete())
				assert.Contains(t, text(t, report), fmt.Sprintf("Retried: %d message", c.move))
			})
		})
	}
}

// arriving makes ten events arrive whenever somebody receives, and stops long
// after a run must have ended by itself.
func (w *world) arriving() (arrived *int) {
	arrived = new(int)
	w.before = func(action string) int {
		if action == "ReceiveMessage" && *arrived < 3000 {
			for range 10 {
				*arrived++
				w.fill(fmt.Sprint("new-", *arrived))
			}
		}
		return 0
	}
	return arrived
}

func TestARunEndsByItselfWhileNewEventsGoOnArriving(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fillTooLarge(7)
		_, err := w.SQS.Receive(w.t.Context(), w.queueARN("event-dlq"), sqs.Receive{Max: 5})
		require.NoError(t, err)
		w.fill("a", "b", "c")
		arrived := w.arriving()
		report := w.within(6 * time.Hour)

		received := 3*10 + 1000
		assert.Equal(t, received-2, report.Done(), "five that are too large are the other reader's")
		assert.Len(t, report.Left, 2)
		assert.Len(t, w.messages("validation-queue"), report.Done())
		assert.Len(t, w.messages("event-dlq"), 10+*arrived-report.Done())
		assert.Equal(t, 10+*arrived-received, report.EventDLQ.Unreached)
		assert.False(t, report.Complete())
		assert.Contains(t, text(t, report), fmt.Sprintf("About %d more messages of autobackup-event-dlq-dev: not reached.", report.EventDLQ.Unreached))
	})
}

func TestARunThatHadToEndDoesNotCountWhatItTold(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fillTooLarge(7)
		arrived := w.arriving()
		before := w.before
		w.before = func(action string) int {
			if *arrived == 500 { // SQS counts late
				w.fake = map[string]string{"GetQueueAttributes": `{"Attributes":{"MaximumMessageSize":"2048","ApproximateNumberOfMessages":"3","ApproximateNumberOfMessagesNotVisible":"1"}}`}
			}
			return before(action)
		}
		report := w.within(6 * time.Hour)
		assert.Zero(t, report.EventDLQ.Unreached)
		assert.Len(t, report.Left, 7)
	})
}

func TestARunThatHadToEndAndCannotCountSaysSo(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill("a")
		arrived := w.arriving()
		before := w.before
		w.before = func(action string) int {
			if action == "GetQueueAttributes" && *arrived > 0 {
				return 403
			}
			return before(action)
		}
		report, err := w.retry()
		assert.ErrorContains(t, err, "read the attributes of autobackup-event-dlq-dev: ")
		assert.Equal(t, 3+1000+7, report.Done(), "in whole pages")
	})
}

func TestAReceiveAsksAllServersAndHidesForTwoMinutes(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill("a")
		var receives []string
		w.edit = func(action, body string) string {
			if action == "ReceiveMessage" {
				receives = append(receives, body)
			}
			return body
		}
		w.done()
		require.Len(t, receives, 4)
		for n, body := range receives {
			assert.Contains(t, body, map[bool]string{true: `"VisibilityTimeout":30`, false: `"VisibilityTimeout":120`}[n < 2], "a look is short")
			assert.Contains(t, body, `"WaitTimeSeconds":1}`)
			assert.Contains(t, body, `"MaxNumberOfMessages":10`)
		}
	})
}

func TestACallWithoutAnAnswerEndsTheRun(t *testing.T) {
	for _, action := range []string{"GetQueueUrl", "ListExecutions", "ReceiveMessage", "SendMessageBatch", "DeleteMessageBatch"} {
		t.Run(action, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.fill("a")
				w.silent = action
				ctx, cancel := context.WithTimeout(w.t.Context(), time.Hour)
				defer cancel()
				report, err := w.retryIn(ctx)
				assert.ErrorContains(t, err, "no answer within 1m0s: run the same command again when AWS answers")
				assert.False(t, report.Interrupted)
				assert.Len(t, w.messages("event-dlq"), 1)
			})
		})
	}
}
