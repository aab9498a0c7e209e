package requeue_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/requeue"
)

func TestAnInterruptionEndsAfterThePageUnderWayAndTheNextRunGoesOn(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put(keys(25)...)
		w.settle()
		w.healed()
		ctx, interrupt := context.WithCancel(w.t.Context())
		w.before = func(action string) int {
			if action == "SendMessageBatch" {
				interrupt()
				time.Sleep(time.Second) // the client sees it before the answer
			}
			return 0
		}
		report, err := w.requeueIn(ctx)
		require.NoError(t, err)
		assert.True(t, report.Interrupted)
		assert.False(t, report.Complete())
		assert.Equal(t, 10, report.Sent())
		assert.Len(t, report.Executions[0].Objects, 3)
		assert.Contains(t, text(t, report), "Put back 10 messages")
		assert.Contains(t, text(t, report), "Interrupted")

		w.before = nil
		report = w.done()
		assert.Equal(t, 10, report.Executions[0].Before)
		assert.Equal(t, 15, report.Sent())
		w.settle()
		assert.Equal(t, once(keys(25)...), w.verified())
	})
}

func text(t *testing.T, report *requeue.Report) string {
	t.Helper()
	var page strings.Builder
	require.NoError(t, report.Text(&page))
	return page.String()
}

func TestAnInterruptionWhileReadingOrAskingChangesNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put("a.txt")
		w.settle()
		for _, action := range []string{"ListExecutions", "GetExecutionHistory", "the question"} {
			ctx, interrupt := context.WithCancel(w.t.Context())
			in, end := io.Pipe()
			w.before = func(a string) int {
				if a == action {
					interrupt()
				}
				return 0
			}
			report, err := w.requeueIn(ctx, func(o *requeue.Options) {
				o.Yes, o.In = false, in
				if action == "the question" {
					o.Prompt = writer(func([]byte) { interrupt() })
				}
			})
			require.NoError(t, err, action)
			require.NoError(t, end.Close())
			assert.True(t, report.Interrupted, action)
			assert.Zero(t, report.Sent(), action)
			assert.False(t, report.Declined, "nobody answered")
			assert.Empty(t, w.messages("validation-queue"), action)
		}
	})
}

type writer func([]byte)

func (w writer) Write(b []byte) (int, error) { w(b); return len(b), nil }

func TestOnlyYesIsAYesAndANoChangesNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put("a.txt")
		w.settle()
		w.healed()
		w.send("event-dlq", event("b.txt"))
		for _, answer := range []string{"n\n", "\n", "", "yep\n", "no yes\n"} {
			var prompt strings.Builder
			report := w.done(func(o *requeue.Options) { o.Yes, o.In, o.Prompt = false, strings.NewReader(answer), &prompt })
			assert.True(t, report.Declined, "%q", answer)
			assert.False(t, report.Complete())
			assert.Equal(t, "Put 2 messages back into autobackup-validation-queue-dev? [y/N] ", prompt.String())
			assert.Equal(t, "Nothing was put back.\n", text(t, report))
			assert.Empty(t, w.messages("validation-queue"))
			assert.Len(t, w.messages("event-dlq"), 1)
			assert.NoFileExists(t, w.ledger)
		}
		report := w.done(func(o *requeue.Options) { o.Yes, o.In = false, strings.NewReader(" Yes\n") })
		assert.Equal(t, 2, report.Sent())
		assert.False(t, report.Declined)
	})
}

func TestAnAnswerIsTakenFromATerminalThatStaysOpen(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill("a")
		in, typed := io.Pipe()
		prompt := writer(func([]byte) { go func() { _, _ = typed.Write([]byte("y\n")) }() })
		report := w.within(time.Hour, func(o *requeue.Options) { o.Yes, o.In, o.Prompt = false, in, prompt })
		require.NoError(t, typed.Close())
		assert.Equal(t, 1, report.Sent())
	})
}

func TestADryRunShowsAndChangesNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put("a.txt")
		w.settle()
		w.send("event-dlq", event("b.txt"))
		report := w.done(func(o *requeue.Options) { o.DryRun = true })
		assert.Equal(t, 2, report.Pending())
		assert.Equal(t, w.ledger, report.Ledger)
		assert.Contains(t, w.plan.String(), "\"before\" is what "+w.ledger+" knows.")
		assert.Zero(t, report.Sent())
		assert.True(t, report.Complete())
		assert.Empty(t, text(t, report))
		assert.Contains(t, w.plan.String(), "  s3://docs/b.txt ")
		assert.Contains(t, w.plan.String(), "/a.txt ")
		assert.Equal(t, []string{"s3://docs/b.txt@v1"}, report.EventDLQ.Objects)
		assert.Empty(t, w.messages("validation-queue"))
		assert.Len(t, w.messages("event-dlq"), 1)
		assert.NoFileExists(t, w.ledger)
	})
}

func TestWhatGoesWrongIsSaidWithWhatToDo(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put("a.txt")
		w.settle()
		folder := t.TempDir()
		cases := map[string]func(*requeue.Options){
			"--stage \"Dev!\" is no stage":                     func(o *requeue.Options) { o.Stage = "Dev!" },
			"there is no queue autobackup-validation-queue-qa": func(o *requeue.Options) { o.Stage = "qa" },
			"--since 0s looks at nothing":                      func(o *requeue.Options) { o.Since = 0 },
			"--from \"all\" is unknown":                        func(o *requeue.Options) { o.From = "all" },
			"name a file with --ledger":                        func(o *requeue.Options) { o.Ledger = "" },
			"name another file with --ledger":                  func(o *requeue.Options) { o.Ledger = folder },
			"nothing was put back":                             func(o *requeue.Options) { o.Ledger = "/proc/no/ledger" },
		}
		for want, edit := range cases {
			_, err := w.requeue(edit)
			assert.ErrorContains(t, err, want)
			assert.Empty(t, w.messages("validation-queue"), want)
		}
	})
}

func TestALedgerCutOffInItsLastLineIsRead(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put("a.txt", "b.txt")
		w.settle()
		assert.Equal(t, 2, w.done().Sent())
		noted, err := os.ReadFile(w.ledger)
		require.NoError(t, err)
		var first map[string]string
		require.NoError(t, json.Unmarshal([]byte(strings.Fields(string(noted))[0]), &first))
		assert.Equal(t, w.States.Executions()[0].ARN, first["execution"])
		require.NoError(t, os.WriteFile(w.ledger, noted[:len(noted)-20], 0o600))
		assert.Equal(t, 1, w.done().Sent())
		assert.Zero(t, w.done().Sent(), "what is noted after a cut line is read as well")
	})
}
