package retry_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/retry"
	"autobackup/internal/reason"
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
		report, err := w.retryIn(ctx)
		require.NoError(t, err)
		assert.True(t, report.Interrupted)
		assert.False(t, report.Complete())
		assert.Equal(t, 10, report.Done())
		assert.Len(t, report.Executions[0].Objects, 3)
		assert.Contains(t, text(t, report), "Retried: 10 messages")
		assert.Contains(t, text(t, report), "Interrupted")

		w.before = nil
		report = w.done()
		assert.Equal(t, 10, report.Executions[0].Before)
		assert.Equal(t, 15, report.Done())
		w.settle()
		assert.Equal(t, once(keys(25)...), w.verified())
	})
}

func text(t *testing.T, report *retry.Report) string {
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
			report, err := w.retryIn(ctx, func(o *retry.Options) {
				o.Yes, o.In = false, in
				if action == "the question" {
					o.Prompt = writer(func([]byte) { interrupt() })
				}
			})
			require.NoError(t, err, action)
			require.NoError(t, end.Close())
			assert.True(t, report.Interrupted, action)
			assert.Zero(t, report.Done(), action)
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
			report := w.done(func(o *retry.Options) { o.Yes, o.In, o.Prompt = false, strings.NewReader(answer), &prompt })
			assert.True(t, report.Declined, "%q", answer)
			assert.False(t, report.Complete())
			assert.Equal(t, "Send 2 messages to autobackup-validation-queue-dev? [y/N] ", prompt.String())
			assert.Equal(t, "result  the answer was no: nothing was changed   exit 1\n", text(t, report))
			assert.Empty(t, w.messages("validation-queue"))
			assert.Len(t, w.messages("event-dlq"), 1)
			assert.Empty(t, w.onRecord())
		}
		report := w.done(func(o *retry.Options) { o.Yes, o.In = false, strings.NewReader(" Yes\n") })
		assert.Equal(t, 2, report.Done())
		assert.False(t, report.Declined)
	})
}

func TestAnAnswerIsTakenFromATerminalThatStaysOpen(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill("a")
		in, typed := io.Pipe()
		prompt := writer(func([]byte) { go func() { _, _ = typed.Write([]byte("y\n")) }() })
		report := w.within(time.Hour, func(o *retry.Options) { o.Yes, o.In, o.Prompt = false, in, prompt })
		require.NoError(t, typed.Close())
		assert.Equal(t, 1, report.Done())
	})
}

func TestADryRunShowsAndChangesNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put("a.txt")
		w.settle()
		w.send("event-dlq", event("b.txt"))
		report := w.done(func(o *retry.Options) { o.DryRun = true })
		assert.Equal(t, 2, report.Pending())
		assert.Zero(t, report.Done())
		assert.True(t, report.Complete())
		assert.Equal(t, "result  2 messages to retry   exit 0\n", text(t, report))
		assert.Contains(t, w.plan.String(), "  s3://docs/b.txt ")
		assert.Contains(t, w.plan.String(), "/a.txt ")
		assert.Equal(t, []string{"s3://docs/b.txt@v1"}, report.EventDLQ.Groups[0].Objects)
		assert.Empty(t, w.messages("validation-queue"))
		assert.Len(t, w.messages("event-dlq"), 1)
		assert.Empty(t, w.onRecord())
	})
}

func TestWhatGoesWrongIsSaidWithWhatToDo(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put("a.txt")
		w.settle()
		cases := map[string]func(*retry.Options){
			"--stage \"Dev!\" is no stage":                     func(o *retry.Options) { o.Stage = "Dev!" },
			"there is no queue autobackup-validation-queue-qa": func(o *retry.Options) { o.Stage = "qa" },
			"--since 0s looks at nothing":                      func(o *retry.Options) { o.Filter.Since = 0 },
			"--older-than -1h0m0s is in the future":            func(o *retry.Options) { o.Filter.OlderThan = -time.Hour },
			"--older-than 2h0m0s and --since 1h0m0s leave nothing between them": func(o *retry.Options) {
				o.Filter.OlderThan, o.Filter.Since = 2*time.Hour, time.Hour
			},
			"--from \"both\" is unknown":                        func(o *retry.Options) { o.From = "both" },
			"--reason \"LOST\" is unknown: use some of CONTENT": func(o *retry.Options) { o.Filter.Reasons = []reason.Code{"LOST"} },
			"--reason is of parked messages": func(o *retry.Options) {
				o.From, o.Filter.Reasons = retry.FromExecutions, []reason.Code{reason.Archived}
			},
			"--tell is of parked messages":                     func(o *retry.Options) { o.From, o.Tell = retry.FromEventDLQ, true },
			"nobody was told of what --from failure-dlq names": func(o *retry.Options) { o.From, o.Tell = retry.FromFailureDLQ, true },
			"--max 0 takes nothing":                            func(o *retry.Options) { o.Max = 0 },
			"--why is missing: it goes on record":              func(o *retry.Options) { o.Why = "" },
			"--why is missing":                                 func(o *retry.Options) { o.Why = " \t " },
			`--why is "WHY", which only holds the place: write why you do this, for whoever takes over`: func(o *retry.Options) { o.Why = "WHY" },
			`--why is "<why>"`:     func(o *retry.Options) { o.Why = "<why>" },
			"--why has 1001 bytes": func(o *retry.Options) { o.Why = strings.Repeat("w", 1001) },
		}
		for want, edit := range cases {
			_, err := w.retry(edit)
			assert.ErrorContains(t, err, want)
			assert.Empty(t, w.messages("validation-queue"), want)
		}
	})
}
