package retry_test

import (
	"context"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/retry"
	"autobackup/local/sqs"
)

// fill puts events into the event DLQ.
func (w *world) fill(keys ...string) {
	for _, key := range keys {
		w.send("event-dlq", event(key))
	}
}

// visible says how many messages of the event DLQ others can receive.
func (w *world) visible() int {
	w.t.Helper()
	n, err := w.SQS.Count(w.queueARN("event-dlq"))
	require.NoError(w.t, err)
	return n.Visible
}

func TestUndeliveredEventsGoToTheValidationQueueAndLeaveTheEventDLQ(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill(keys(23)...)
		w.send("event-dlq", event("large")+strings.Repeat(" ", 2048))
		var shown atomic.Int64 // several are shown at once
		w.before = func(action string) int {
			if action == "ChangeMessageVisibility" {
				shown.Add(1)
			}
			return 0
		}
		report := w.done()
		assert.EqualValues(t, 24+1, shown.Load(), "those that the plan looked at, and the one that stays")
		assert.Equal(t, 23, report.EventDLQ.Done)
		assert.Equal(t, 24, report.EventDLQ.Pending)
		assert.Len(t, report.EventDLQ.Groups[0].Objects, 3)
		require.Len(t, report.Left, 1)
		assert.Equal(t, "s3://docs/large@v1", report.Left[0].Object)
		assert.Contains(t, report.Left[0].Why, "bytes, and autobackup-validation-queue-dev takes at most 2048")
		assert.Len(t, w.messages("event-dlq"), 1)
		assert.Equal(t, 1, w.visible(), "what stays is not hidden from others")

		var bodies, want []string
		for _, m := range w.messages("validation-queue") {
			bodies = append(bodies, m.Body)
		}
		for _, key := range keys(23) {
			want = append(want, event(key))
		}
		assert.ElementsMatch(t, want, bodies)
	})
}

func TestAnInterruptionLosesAndRepeatsNoEvent(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill(keys(23)...)
		for _, action := range []string{"SendMessageBatch", "DeleteMessageBatch"} {
			before := len(w.messages("event-dlq"))
			ctx, interrupt := context.WithCancel(w.t.Context())
			w.before = func(a string) int {
				if a == action {
					interrupt()
					time.Sleep(time.Second) // the client sees it before the answer
				}
				return 0
			}
			report, err := w.retryIn(ctx)
			require.NoError(t, err)
			assert.True(t, report.Interrupted)
			assert.Equal(t, 10, report.Done())
			assert.Equal(t, before-10, w.visible())
		}
		w.before = nil
		assert.Equal(t, 3, w.done().Done())
		assert.Len(t, w.messages("validation-queue"), 23)
		assert.Empty(t, w.messages("event-dlq"))
	})
}

func TestAnEventIsDeletedOnlyAfterItWasSent(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill("a", "b")
		w.before = func(action string) int {
			if action == "SendMessageBatch" {
				return 403
			}
			return 0
		}
		report, err := w.retry()
		assert.ErrorContains(t, err, "send 2 messages to autobackup-validation-queue-dev")
		assert.Zero(t, report.Done())
		assert.Equal(t, 2, w.visible())

		w.before = func(action string) int {
			if action == "DeleteMessageBatch" {
				return 403
			}
			return 0
		}
		report, err = w.retry()
		assert.ErrorContains(t, err, "the next run sends them again, which harms nothing")
		assert.Equal(t, 2, report.Done(), "the report tells what was sent")
		assert.Equal(t, 2, w.visible())
		assert.Len(t, w.messages("validation-queue"), 2)
	})
}

func TestFromChoosesWhereMessagesComeFrom(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put("a.txt")
		w.settle()
		w.fill("b.txt")
		from := func(from string) func(*retry.Options) {
			return func(o *retry.Options) { o.From = from }
		}
		report := w.done(from(retry.FromExecutions))
		assert.Equal(t, 1, report.Done())
		assert.Equal(t, 1, report.Executions[0].Done)
		assert.Equal(t, "Retried: 1 message (0 parked, 0 of autobackup-event-dlq-dev, 1 of executions)\nOn record, with who and why, as "+report.Operation+": autobackup parked --done shows it.\nresult  all done, 1 message   exit 0\n", text(t, report))
		assert.Zero(t, report.EventDLQ.Lying, "it was not looked at")
		report = w.done(from(retry.FromEventDLQ))
		assert.Equal(t, 1, report.EventDLQ.Done)
		assert.Empty(t, report.Executions)
	})
}

func TestEventsThatAnotherReaderHoldsAreTold(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill("a")
		_, err := w.SQS.Receive(w.t.Context(), w.queueARN("event-dlq"), sqs.Receive{})
		require.NoError(t, err)
		var asked strings.Builder
		report := w.done(func(o *retry.Options) { o.Yes, o.Prompt = false, &asked })
		assert.Empty(t, asked.String(), "there is nothing to ask about")
		assert.Empty(t, w.onRecord())
		assert.Equal(t, 1, report.EventDLQ.Hidden)
		assert.Zero(t, report.Pending())
		assert.Contains(t, w.plan.String(), "1 more message of autobackup-event-dlq-dev: held by another reader now")
	})
}

func TestAnEventThatCouldNotBeDeletedIsToldAndNotSentAgainInTheSameRun(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill(keys(23)...)
		w.edit = func(action, body string) string { // two messages of each page have a wrong receipt
			if action == "DeleteMessageBatch" {
				return regexp.MustCompile(`("Id":"[12]","ReceiptHandle":)"[^"]*"`).ReplaceAllString(body, `$1"wrong"`)
			}
			return body
		}
		receives := 0
		w.slow(&receives, map[string]time.Duration{"SendMessageBatch": 50 * time.Second})
		report := w.done()
		w.edit = nil
		assert.Greater(t, receives, 1+3+1, "they came again")
		assert.Equal(t, 23, report.Done())
		assert.Len(t, w.putBack(), 23)
		assert.Len(t, w.messages("event-dlq"), 6)
		assert.Equal(t, 6, w.visible(), "they are not hidden from others")
		require.Len(t, report.Left, 6)
		for _, l := range report.Left {
			assert.Equal(t, "autobackup-event-dlq-dev", l.From)
			assert.Contains(t, l.Why, "it was sent, but could not be deleted here, and the next run sends it again: ReceiptHandleIsInvalid: ")
		}
		assert.False(t, report.Complete())
	})
}
