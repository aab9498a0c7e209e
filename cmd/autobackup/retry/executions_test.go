package retry_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/retry"
	locals3 "autobackup/local/s3"
)

func TestMessagesThatAFailedExecutionDidNotParkArePutBackAndVerified(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put("a.txt", "b.txt")
		w.settle()
		require.Empty(t, w.messages("validation-dlq"))
		w.healed()
		receives := 0
		w.slow(&receives, nil)

		report := w.done()
		assert.Zero(t, receives, "the event DLQ was empty")
		require.Len(t, report.Executions, 1)
		x := report.Executions[0]
		assert.Equal(t, retry.Execution{ARN: w.States.Executions()[0].ARN, Status: "FAILED", Ended: x.Ended,
			Messages: 2, Unsettled: 2, Pending: 2, Done: 2, Objects: x.Objects}, *x)
		assert.WithinDuration(t, w.States.Executions()[0].Result.Stop, x.Ended, time.Second)
		assert.True(t, report.Complete())

		w.settle()
		assert.Equal(t, once("a.txt", "b.txt"), w.verified())
	})
}

func TestWhatWasParkedVerifiedOrSkippedIsNotPutBack(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
			switch r.Key {
			case "wrong":
				return locals3.Plan{Corrupt: locals3.FlipBit}
			case "good":
				return locals3.Plan{}
			}
			return locals3.Plan{Lag: time.Hour}
		}
		// The second look fails, and of the two messages without a verdict then only one is parked.
		w.broken(`"summary":`, "slow-and-not-parked")
		w.States.TaskFault = onlyFor("sqs:sendMessage", w.States.TaskFault, `"summary":`)
		w.put("good", "wrong", "slow-and-parked", "slow-and-not-parked")
		w.settle()
		require.Len(t, w.messages("validation-dlq"), 2)
		w.healed()

		report := w.done(fromExecutions)
		require.Len(t, report.Executions, 1)
		assert.Equal(t, 4, report.Executions[0].Messages)
		assert.Equal(t, 1, report.Executions[0].Unsettled)
		w.settle()
		assert.Equal(t, once("slow-and-not-parked"), w.verified())
	})
}

func fromExecutions(o *retry.Options) { o.From = retry.FromExecutions }

// onlyFor keeps a fault to one resource and to calls that have a text.
func onlyFor(resource string, fault func(context.Context, string, []byte) error, text string) func(context.Context, string, []byte) error {
	return func(ctx context.Context, r string, parameters []byte) error {
		if strings.Contains(r, resource) || strings.Contains(string(parameters), text) && strings.Contains(string(parameters), "fetch-etags") {
			return fault(ctx, r, parameters)
		}
		return nil
	}
}

func TestExecutionsThatTimedOutAreFoundToo(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: time.Hour} }
		w.put("slow")
		w.settle()
		report := w.done()
		require.Len(t, report.Executions, 1)
		assert.Equal(t, "TIMED_OUT", report.Executions[0].Status)
		assert.Equal(t, 1, report.Done())
	}, `"StartAt": "FetchETags",`, `"StartAt": "FetchETags", "TimeoutSeconds": 60,`)
}

func TestASecondRunSaysWhatWasPutBackBeforeAndLeavesItUnlessToldTo(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put("a.txt")
		w.settle()
		w.healed()
		assert.Equal(t, 1, w.done().Done())

		second := w.done()
		assert.Zero(t, second.Done())
		assert.Zero(t, second.Pending())
		assert.Equal(t, 1, second.Executions[0].Before)
		assert.True(t, second.Complete())

		assert.Equal(t, 1, w.done(func(o *retry.Options) { o.Again = true }).Done())
		w.settle()
		assert.Equal(t, map[string]int{"a.txt": 2}, w.verified())
	})
}

func TestManyExecutionsAndLongHistoriesAreReadPageByPage(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		for range 102 {
			w.start(event("few"))
		}
		var many []string
		for _, key := range keys(25) {
			many = append(many, event(key))
		}
		w.start(many...) // 25 messages, 6 tries each: over 100 events
		w.settle()
		calls := map[string]int{}
		w.before = func(action string) int { calls[action]++; return 0 }
		report := w.done(func(o *retry.Options) { o.DryRun = true })
		w.before = nil
		assert.Len(t, report.Executions, 103)
		assert.Equal(t, 102+25, report.Pending())
		assert.Equal(t, 4, calls["ListExecutions"], "two pages of FAILED, one each of TIMED_OUT and ABORTED")
		assert.Greater(t, calls["GetExecutionHistory"], 103)
		assert.Contains(t, w.plan.String(), "and 53 more rows; --json has all")
	})
}

func TestAMessageParkedLateInALongHistoryIsNotPutBack(t *testing.T) {
	inWorld(t, func(w *world) {
		tries := 0
		w.broken(notParked...)
		fault := w.States.TaskFault
		w.States.TaskFault = func(ctx context.Context, resource string, parameters []byte) error {
			if strings.Contains(string(parameters), "file-07") && strings.Contains(string(parameters), "MessageAttributes") {
				if tries++; tries == 6 {
					return nil
				}
			}
			return fault(ctx, resource, parameters)
		}
		w.put(keys(25)...)
		w.settle()
		require.Len(t, w.messages("validation-dlq"), 1)
		report := w.done(fromExecutions)
		assert.Equal(t, 24, report.Done())
		for _, m := range w.messages("validation-queue") {
			assert.NotContains(t, m.Body, "file-07")
		}
	})
}

func TestHostileKeysShowAsPrintableASCII(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken("lambda:invoke", "sqs:sendMessage")
		w.start(event("a\x1b[2J\r\nb\u202e☃"), "no event \x1b[31m", event(strings.Repeat("\"", 1000)))
		w.startWith(`[{"messageId":"\u001b[2Jid","body":"noise"}]`)
		w.settle()
		w.send("event-dlq", event("\u200bzero\twidth"))
		report := w.done(func(o *retry.Options) { o.DryRun = true })
		var encoded strings.Builder
		require.NoError(t, report.JSON(&encoded))
		for _, x := range report.Executions {
			for _, name := range x.Objects {
				assert.LessOrEqual(t, len(name), 160)
			}
		}
		assert.Regexp(t, `^[ -~\n]*$`, w.plan.String())
		assert.Regexp(t, `^[ -~\n]*$`, encoded.String())
		assert.Contains(t, w.plan.String(), `"s3://docs/a\x1b[2J\r\nb\u202e\u2603"`)
		assert.Contains(t, w.plan.String(), `message ?[2Jid`)
		for line := range strings.Lines(w.plan.String()) {
			assert.Less(t, len(line), 250)
		}
	})
}

func TestTheMessagesOfAnExecutionThatReadsBytesArePutBackToo(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken("lambda:invoke", "sqs:sendMessage")
		body := event("büro \"1\"\u2028&<>") + " \t "
		input, err := json.Marshal(map[string]any{
			"messages": []map[string]any{{"messageId": "read-me", "body": body, "look": map[string]any{"body": "another"}}},
			"summary":  map[string]any{"objects": []any{}}, "body": "none", "messageId": "none",
		})
		require.NoError(t, err)
		w.startWith(string(input))
		w.start(event("of the pipe"))
		w.settle()
		w.healed()

		report := w.done()
		require.Len(t, report.Executions, 2)
		assert.True(t, report.Complete())
		var bodies []string
		for _, m := range w.messages("validation-queue") {
			bodies = append(bodies, m.Body)
		}
		assert.ElementsMatch(t, []string{body, event("of the pipe")}, bodies)
		assert.Zero(t, w.done().Done(), "both are on record")
	})
}

func TestWhatCannotBePutBackIsToldForEachMessage(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken("lambda:invoke", "sqs:sendMessage")
		w.start(event("fits"), event(strings.Repeat("k", 1000))+strings.Repeat(" ", 3000), "control \x01", "", "control \x02")
		w.startWith(`{"messages": "by hand"}`)
		w.settle()
		planned := w.done(func(o *retry.Options) { o.DryRun = true })
		assert.Equal(t, 3, planned.Pending(), "what SQS refuses is not known before")
		assert.Len(t, planned.Left, 3)
		report := w.done()
		assert.Equal(t, 1, report.Done())
		assert.False(t, report.Complete())
		why := map[string]string{}
		for _, l := range report.Left {
			assert.Contains(t, l.From, ":execution:autobackup-validation-dev:")
			why[l.Message] = l.Why
		}
		assert.Len(t, report.Left, 5)
		assert.Regexp(t, `^it has 41\d\d bytes, and autobackup-validation-queue-dev takes at most 2048$`, why["message-1"])
		assert.Contains(t, why["message-2"], "autobackup-validation-queue-dev refused it: InvalidMessageContents: Invalid binary character")
		assert.Contains(t, why["message-4"], "autobackup-validation-queue-dev refused it: InvalidMessageContents: Invalid binary character")
		assert.Equal(t, "it has no body", why["message-3"])
		assert.Equal(t, "the execution's input has no list of queue messages: look at it in the console", why["unknown"])
		assert.Contains(t, text(t, report), "Left where they are: 5 messages")
		assert.Equal(t, 1, w.done().Executions[0].Before, "only what was sent is noted")
	})
}

func TestExecutionsThatEndedLongAgoAndThoseThatSettledEverythingAreLeftOut(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken("function:autobackup-compare-etags")
		w.put("parked")
		w.settle()
		w.broken(notParked...)
		w.put("old")
		w.settle()
		time.Sleep(time.Hour)
		report := w.done(func(o *retry.Options) { o.Filter.Since = 30 * time.Minute })
		assert.Empty(t, report.Executions)
		assert.Equal(t, "Nothing to retry by this choice in stage dev ("+w.region+").\nLeft out: 1 message of autobackup-validation-dlq-dev that the filter does not choose\n", w.plan.String())
		assert.Equal(t, "result  nothing to retry, 1 message left out   exit 0\n", text(t, report))
		assert.True(t, report.Complete())
		report = w.done(fromExecutions)
		assert.Len(t, report.Executions, 1, "the other one settled everything")
		assert.Equal(t, 1, report.Done())
	})
}

func TestAnExecutionThatSomebodyRedroveMeanwhileIsLeftAlone(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put("a.txt")
		w.settle()
		redrive := writer(func([]byte) {
			w.fake = map[string]string{"DescribeExecution": `{"status":"RUNNING","input":"[{\"messageId\":\"m\",\"body\":\"b\"}]"}`}
		})
		report := w.done(func(o *retry.Options) { o.Yes, o.In, o.Prompt = false, strings.NewReader("y\n"), redrive })
		assert.Len(t, report.Executions, 1)
		assert.Zero(t, report.Done())
		assert.Zero(t, report.Pending())
		assert.Zero(t, report.Executions[0].Unsettled)
		assert.Zero(t, report.Executions[0].Before)
		assert.Empty(t, w.messages("validation-queue"))
	})
}
