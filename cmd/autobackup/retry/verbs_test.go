package retry_test

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/operations"
	"autobackup/cmd/autobackup/retry"
	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/local/sqs"
)

// what are the bodies and attributes of a queue's messages, but for how often they were told.
func (w *world) what(queue string) map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, m := range w.messages(queue) {
		all[m.Body] = map[string]string{}
		for name, a := range m.Attributes {
			all[m.Body][name] = a.Value
		}
	}
	return all
}

func TestParkedMessagesComeToTheQueuesAsAMoveTaskBringsThem(t *testing.T) {
	for _, tell := range []bool{false, true} {
		to := map[bool]string{false: "validation-queue", true: "failure-queue"}[tell]
		inWorld(t, func(w *world) {
			w.park("a.txt", "b.txt")
			w.send("validation-dlq", "no event, moved here by SQS")
			before := w.what("validation-dlq")
			require.Len(t, before, 3)
			_, err := w.SQS.StartMessageMoveTask(w.queueARN("validation-dlq"), w.queueARN(to), 0)
			require.NoError(t, err)
			time.Sleep(100 * time.Millisecond)
			moved := w.what(to)
			if !tell { // the sender takes them at once
				require.Equal(t, before, moved)
			}
			w.settle()
			require.Len(t, w.what("validation-dlq"), 3, "they fail again, or come back")

			before = w.what("validation-dlq")
			mails := len(w.SNS.Published())
			report := w.done(func(o *retry.Options) { o.Tell, o.From = tell, retry.FromParked })
			assert.Equal(t, 3, report.Parked.Done)
			assert.True(t, report.Complete())
			if !tell {
				assert.Equal(t, before, w.what(to))
			}
			w.settle()
			after := w.what("validation-dlq")
			require.Len(t, after, 3)
			for body, attributes := range after {
				assert.Equal(t, before[body]["reason"], attributes["reason"])
				if tell {
					assert.Equal(t, before[body]["facts"], attributes["facts"])
					assert.NotEqual(t, before[body]["alerts"], attributes["alerts"], "told once more")
				}
			}
			assert.Greater(t, len(w.SNS.Published()), mails)
		})
	}
}

func TestWhatComesBackDuringARunIsNotSentRoundAndRound(t *testing.T) {
	inWorld(t, func(w *world) {
		w.park(keys(25)...)
		sends := 0
		w.before = func(action string) int {
			if action == "SendMessageBatch" {
				sends++
			}
			if action == "DeleteMessageBatch" { // failure-notifier has time to park what it told of
				time.Sleep(50 * time.Second)
			}
			return 0
		}
		report := w.within(12*time.Hour, func(o *retry.Options) { o.Tell = true })
		w.before = nil
		assert.Equal(t, 25, report.Parked.Done)
		assert.Positive(t, report.Parked.Returned)
		assert.True(t, report.Complete())
		w.settle()
		for body, attributes := range w.what("validation-dlq") {
			assert.Equal(t, "2", attributes["alerts"], body)
		}
	})
}

func TestMessagesOfOneEventAreAllTakenAlsoOfDifferentPages(t *testing.T) {
	inWorld(t, func(w *world) {
		for range 12 {
			w.send("validation-dlq", event("again and again"))
		}
		time.Sleep(time.Minute)
		report := w.done()
		assert.Equal(t, 12, report.Parked.Done)
		assert.Zero(t, report.Parked.Returned)
	})
}

func TestAMessageWithoutRoomForItsAttributesKeepsItsReason(t *testing.T) {
	inWorld(t, func(w *world) {
		text := func(s string) sqs.Attribute { return sqs.Attribute{DataType: "String", Value: s} }
		long, longest := event("l"), event("m")
		long += strings.Repeat(" ", 2000-len(long))
		longest += strings.Repeat(" ", 2048-len(longest))
		for _, body := range []string{long, longest} {
			_, err := w.SQS.Send(w.queueARN("validation-dlq"), sqs.Outgoing{Body: body, Attributes: map[string]sqs.Attribute{"reason": text("WORKFLOW_ERROR"), "detail": text(strings.Repeat("d", 300))}})
			require.NoError(t, err)
		}
		assert.Equal(t, 2, w.done().Parked.Done)
		assert.Equal(t, map[string]map[string]string{long: {"reason": "WORKFLOW_ERROR"}, longest: {}}, w.what("validation-queue"))
	})
}

func TestAFilterChoosesByReasonBucketKeyAndAge(t *testing.T) {
	inWorld(t, func(w *world) {
		w.park("old/a.txt")
		w.send("validation-dlq", "no event")
		w.fill("a")
		time.Sleep(3 * time.Hour)
		w.park("new/b.txt")
		documents := "autobackup-dev-primary-documents-" + account
		for name, c := range map[string]struct {
			edit  func(*retry.Options)
			want  int
			group []reason.Code
		}{
			"everything":         {func(*retry.Options) {}, 4, []reason.Code{reason.ContentMismatch, retry.NoReason}},
			"a reason":           {func(o *retry.Options) { o.Filter.Reasons = []reason.Code{reason.ContentMismatch} }, 2, []reason.Code{reason.ContentMismatch}},
			"none":               {func(o *retry.Options) { o.Filter.Reasons = []reason.Code{retry.NoReason} }, 1, []reason.Code{retry.NoReason}},
			"a bucket":           {func(o *retry.Options) { o.Filter.Bucket = documents }, 2, []reason.Code{reason.ContentMismatch}},
			"another bucket":     {func(o *retry.Options) { o.Filter.Bucket = "docs" }, 1, nil},
			"a prefix":           {func(o *retry.Options) { o.Filter.Prefix = "new/" }, 1, []reason.Code{reason.ContentMismatch}},
			"the old ones":       {func(o *retry.Options) { o.Filter.OlderThan = 2 * time.Hour }, 3, []reason.Code{reason.ContentMismatch, retry.NoReason}},
			"the new ones":       {func(o *retry.Options) { o.Filter.Since = 2 * time.Hour }, 1, []reason.Code{reason.ContentMismatch}},
			"to be told":         {func(o *retry.Options) { o.Tell = true }, 3, []reason.Code{reason.ContentMismatch, retry.NoReason}},
			"one that is nobody": {func(o *retry.Options) { o.Filter.Reasons = []reason.Code{reason.Archived} }, 0, nil},
		} {
			report := w.done(c.edit, func(o *retry.Options) { o.DryRun, o.Why = true, "" })
			assert.Equal(t, c.want, report.Pending(), name)
			var codes []reason.Code
			for _, g := range report.Parked.Groups {
				codes = append(codes, g.Reason)
			}
			assert.Equal(t, c.group, codes, name)
			assert.Equal(t, 3, w.visibleIn("validation-dlq"), "%s: shown again", name)
		}
		report := w.done(func(o *retry.Options) { o.Filter.Prefix = "new/" })
		assert.Equal(t, 1, report.Done())
		assert.Equal(t, 2, w.visibleIn("validation-dlq"), "what is not chosen stays, and shows")
	})
}

func (w *world) visibleIn(queue string) int {
	n, err := w.SQS.Count(w.queueARN(queue))
	require.NoError(w.t, err)
	return n.Visible
}

func TestMoreThanTheMostIsRefusedUnlessAllIsSaid(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill(keys(12)...)
		few := func(o *retry.Options) { o.Max = 11 }
		report := w.done(few)
		assert.True(t, report.Refused)
		assert.Equal(t, 1, report.Exit())
		assert.Empty(t, w.messages("validation-queue"))
		assert.Empty(t, w.onRecord())
		assert.Contains(t, w.plan.String(), "About 12 messages are more than --max 11: choose fewer with --reason, --bucket, --prefix or --older-than, or take all of them with --all.\n")
		assert.Equal(t, 12, w.done(few, func(o *retry.Options) { o.All = true }).Done())
	})
}

func TestAFilterTakesNoMoreThanTheMostOfALongQueue(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill(keys(30)...)
		narrow := func(o *retry.Options) { o.Max, o.Filter.Prefix = 8, "file-" }
		report := w.done(narrow)
		assert.Equal(t, 8, report.EventDLQ.Looked)
		assert.Equal(t, 8, report.Done())
		assert.Equal(t, 22, report.EventDLQ.Unreached)
		assert.Equal(t, 1, report.Exit())
		assert.Equal(t, 22, w.visible())
		for all, want := range map[bool]string{
			false: "Send 8 messages and what else is chosen, up to 8 to autobackup-validation-queue-dev? [y/N] ",
			true:  "Send 8 messages and what else is chosen to autobackup-validation-queue-dev? [y/N] ",
		} {
			var asked strings.Builder
			w.done(narrow, func(o *retry.Options) { o.All, o.Yes, o.Prompt, o.In = all, false, &asked, strings.NewReader("n\n") })
			assert.Equal(t, want, asked.String())
		}
		report = w.done(narrow, func(o *retry.Options) { o.All = true })
		assert.Equal(t, 22, report.Done())
		assert.True(t, report.Complete())
	})
}

func TestWhoDidWhatAndWhyIsOnRecordAndTheNextMachineKnowsIt(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put(keys(12)...)
		w.settle()
		w.healed()
		w.fill("b")
		time.Sleep(time.Minute)
		report := w.done(func(o *retry.Options) { o.Filter.OlderThan = time.Second })
		record := w.onRecord()
		folder := "operations/" + report.Operation + "/"
		assert.Regexp(t, `^operations/20000101T\d{6}Z-retry-[0-9a-f]{8}/$`, folder)
		names := []string{}
		for name := range record {
			names = append(names, strings.TrimPrefix(name, folder))
		}
		assert.ElementsMatch(t, []string{"begin.json", "000001-executions.json", "000002-executions.json", "000003-event-dlq.json", "end.json"}, names)
		var begin operations.Begin
		require.NoError(t, json.Unmarshal([]byte(record[folder+"begin.json"]), &begin))
		assert.Equal(t, "retry", begin.Command)
		assert.Contains(t, begin.Who, "arn:aws:")
		assert.Equal(t, "the cause is mended", begin.Why)
		assert.Equal(t, "autobackup-validation-queue-dev", begin.To)
		assert.Equal(t, map[string]string{"from": "all", "older-than": "1s", "since": "336h0m0s"}, begin.Filter)
		assert.Equal(t, 13, begin.Found)
		var page []operations.Message
		require.NoError(t, json.Unmarshal([]byte(record[folder+"000003-event-dlq.json"]), &page))
		require.Len(t, page, 1)
		assert.Equal(t, "autobackup-event-dlq-dev s3://docs/b@v1", page[0].From+" "+page[0].Object)
		assert.Empty(t, page[0].Body, "it is in the queue")

		h, err := retry.Operations(w.t.Context(), w.AWSConfig(w.region), "dev", time.Hour, time.Now())
		require.NoError(t, err)
		require.Len(t, h.Operations, 1)
		assert.Equal(t, 13, h.Operations[0].End.Done)
		var shown strings.Builder
		require.NoError(t, h.Text(&shown))
		assert.Contains(t, shown.String(), " 13 of 13 ")
		assert.Contains(t, shown.String(), " the cause is mended ")
		assert.Regexp(t, `\nresult  1 operation since [0-9: -]+ UTC \(stage dev\)   exit 0\n$`, shown.String())

		second := w.done(func(o *retry.Options) { o.DryRun = true })
		assert.Equal(t, 12, second.Executions[0].Before)
		assert.Zero(t, second.Pending())
	})
}

func TestAPageThatDoesNotReadCountsForNothingAndOneThatCannotBeReadEndsTheRun(t *testing.T) {
	inWorld(t, func(w *world) {
		w.broken(notParked...)
		w.put("a.txt")
		w.settle()
		w.healed()
		w.done()
		w.refuse("GetObject", 1)
		_, err := w.retry()
		require.ErrorContains(t, err, "read what was retried before: GetObject of s3://autobackup-dev-work-123456789012/operations/")
		w.before = nil
		for name := range w.onRecord() {
			w.putRecord(name, "{cut off")
		}
		assert.Equal(t, 1, w.done(fromExecutions).Done())
	})
}

func TestDiscardedMessagesAreOnRecordBeforeTheyAreDeleted(t *testing.T) {
	inWorld(t, func(w *world) {
		w.park("a.txt", "b.txt")
		before := w.what("validation-dlq")
		w.refuse("PutObject", 2)
		report, err := retry.Discard(w.t.Context(), w.AWSConfig(w.region), retry.Options{
			Stage: "dev", From: retry.FromParked, Filter: retry.Filter{Since: time.Hour}, Why: "none needs a copy", Max: 10, Yes: true, Now: time.Now, Prompt: io.Discard, Plan: io.Discard,
		})
		require.ErrorContains(t, err, "record 2 messages of autobackup-validation-dlq-dev before deleting (they stay): PutObject of s3://autobackup-dev-work-123456789012/operations/")
		assert.Zero(t, report.Done())
		w.before = nil
		assert.Equal(t, before, w.what("validation-dlq"))
		assert.Equal(t, 2, w.visibleIn("validation-dlq"))

		report = w.discarded()
		assert.Equal(t, 2, report.Parked.Done)
		assert.True(t, report.Complete())
		assert.Empty(t, w.messages("validation-dlq"))
		var page []operations.Message
		require.NoError(t, json.Unmarshal([]byte(w.onRecord()["operations/"+report.Operation+"/000001-parked.json"]), &page))
		kept := map[string]map[string]string{}
		for _, m := range page {
			kept[m.Body] = map[string]string{}
			for name, a := range m.Attributes {
				kept[m.Body][name] = a.StringValue
			}
		}
		assert.Equal(t, before, kept)
	})
}

func TestDiscardAsksAndItsDryRunChangesNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		w.park("a.txt")
		var asked strings.Builder
		report := w.discarded(func(o *retry.Options) { o.Yes, o.Prompt, o.In = false, &asked, strings.NewReader("n\n") })
		assert.True(t, report.Declined)
		assert.Equal(t, "Put 1 message on record and delete them? [y/N] ", asked.String())
		report = w.discarded(func(o *retry.Options) { o.DryRun = true })
		assert.Equal(t, "result  1 message to discard   exit 0\n", text(t, report))
		assert.Len(t, w.messages("validation-dlq"), 1)
		assert.Empty(t, w.onRecord())
		_, err := retry.Discard(w.t.Context(), w.AWSConfig(w.region), retry.Options{Stage: "dev", From: retry.FromAll, Filter: retry.Filter{Since: time.Hour}})
		assert.ErrorContains(t, err, `--from "all" is unknown: use one of [parked event-dlq]`)
	})
}

func TestAnInterruptionOfDiscardEndsAfterThePageUnderWay(t *testing.T) {
	inWorld(t, func(w *world) {
		w.fill(keys(25)...)
		ctx, interrupt := context.WithCancel(w.t.Context())
		w.before = func(action string) int {
			if action == "DeleteMessageBatch" {
				interrupt()
				time.Sleep(time.Second) // the client sees it before the answer
			}
			return 0
		}
		report, err := retry.Discard(ctx, w.AWSConfig(w.region), retry.Options{
			Stage: "dev", From: retry.FromEventDLQ, Filter: retry.Filter{Since: time.Hour}, Why: "none needs a copy", Max: 100, Yes: true, Now: time.Now, Prompt: io.Discard, Plan: io.Discard,
		})
		require.NoError(t, err)
		assert.True(t, report.Interrupted)
		assert.Equal(t, 10, report.Done())
		assert.Equal(t, 15, w.visible())
		var end operations.End
		require.NoError(t, json.Unmarshal([]byte(w.onRecord()["operations/"+report.Operation+"/end.json"]), &end))
		assert.True(t, end.Interrupted)
		assert.Equal(t, 10, end.Done)
	})
}

func (w *world) looked(edits ...func(*retry.LookOptions)) (*retry.Look, string) {
	w.t.Helper()
	o := retry.LookOptions{Stage: "dev", Filter: retry.Filter{Since: 14 * 24 * time.Hour}, Max: 100, Now: time.Now()}
	for _, edit := range edits {
		edit(&o)
	}
	l, err := retry.LookAtParked(w.t.Context(), w.AWSConfig(w.region), o)
	require.NoError(w.t, err)
	var page strings.Builder
	require.NoError(w.t, l.Text(&page))
	return l, page.String()
}

func TestParkedShowsEachReasonWithWhatItMeansTheWorstFirstAndShowsTheMessagesAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		w.send("validation-dlq", "moved here by SQS")
		w.park("a\x1b[2J☃.txt", "b.txt")
		w.fill("undelivered")
		w.send("failure-dlq", "untold")
		l, page := w.looked()
		require.Len(t, l.Reasons, 2)
		assert.Equal(t, reason.ContentMismatch, l.Reasons[0].Reason)
		assert.Equal(t, 2, l.Reasons[0].Number)
		assert.Equal(t, 1, l.Reasons[0].Told)
		assert.Equal(t, retry.NoReason, l.Reasons[1].Reason)
		assert.Contains(t, page, "  means    Both sides hold this version")
		assert.Contains(t, page, "  again    autobackup retry --stage dev --region "+w.region+" --reason CONTENT_MISMATCH --why WHY\n")
		assert.Contains(t, page, "NONE (SQS moved it here: nobody could take it, or told of it)  1  no object 1; ")
		assert.Contains(t, page, "autobackup retry --stage dev --region "+w.region+" --from event-dlq --why WHY\n")
		assert.True(t, strings.HasSuffix(page, "result     about 3 parked, 1 not delivered, 1 not told (stage dev, "+w.region+")   exit 1\n"), page)
		assert.Regexp(t, `^[ -~\n]*$`, page)
		assert.Equal(t, 3, w.visibleIn("validation-dlq"), "shown again")
		assert.Equal(t, 1, w.visible(), "not looked at")

		l, page = w.looked(func(o *retry.LookOptions) { o.Max = 1 })
		assert.Equal(t, 2, l.Parked.NotLooked)
		assert.Contains(t, page, "?          about 2 not looked at: --max 3 looks at all of them\n")
		_, page = w.looked(func(o *retry.LookOptions) { o.Filter.Prefix = "b" })
		assert.Contains(t, page, "left out   2 messages that the filter does not choose\n")
	})
}

func TestParkedSaysThatNothingIsParkedAndNeverWhereSomethingIsHidden(t *testing.T) {
	inWorld(t, func(w *world) {
		l, page := w.looked()
		assert.Zero(t, l.Exit())
		assert.Equal(t, "result     about 0 parked, 0 not delivered, 0 not told (stage dev, "+w.region+")   exit 0\n", page)
		w.send("validation-dlq", "held")
		_, err := w.SQS.Receive(w.t.Context(), w.queueARN("validation-dlq"), sqs.Receive{})
		require.NoError(t, err)
		l, page = w.looked()
		assert.Equal(t, 1, l.Exit())
		assert.Contains(t, page, "?          1 more parked message held by another reader now\n")
	})
}

func TestWhatTheSenderReadsOfAParkedMessageIsWhatParkedShows(t *testing.T) {
	inWorld(t, func(w *world) {
		w.park("a.txt")
		for _, attributes := range w.what("validation-dlq") {
			f, execution, alerts := batch.Parked("id", "body", func(name string) string { return attributes[name] })
			assert.Equal(t, reason.WorkflowError, f.Reason, "the body is another than was parked")
			assert.NotEmpty(t, execution)
			assert.Equal(t, 1, alerts)
		}
	})
}

func TestWhatOthersWroteIntoTheRecordShowsAsPrintableASCII(t *testing.T) {
	inWorld(t, func(w *world) {
		id := time.Now().UTC().Format("20060102T150405Z") + "-retry-0\u202e"
		w.putRecord("operations/"+id+"/begin.json", `{"command":"retry\u001b[2J","who":"a:\u202eb","why":"☃\n","at":"`+time.Now().UTC().Format(time.RFC3339)+`"}`)
		w.putRecord("operations/"+id+"/000001-parked.json", `[]`)
		h, err := retry.Operations(w.t.Context(), w.AWSConfig(w.region), "dev", time.Hour, time.Now())
		require.NoError(t, err)
		var page strings.Builder
		require.NoError(t, h.Text(&page))
		assert.Regexp(t, `^[ -~\n]*$`, page.String())
		assert.Contains(t, page.String(), "not ended: under way, or killed after 1 page")
	})
}
