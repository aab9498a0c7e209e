package retry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/operations"
	"autobackup/cmd/autobackup/retry"
	"autobackup/internal/reason"
	"autobackup/local/sqs"
)

// taken has another reader receive so many messages of the validation DLQ, and hold them for an hour.
func (w *world) taken(n int) (got []sqs.Message) {
	w.t.Helper()
	for len(got) < n {
		page, err := w.SQS.Receive(w.t.Context(), w.queueARN("validation-dlq"), sqs.Receive{Max: min(10, n-len(got)), VisibilityTimeout: aws.Int(3600)})
		require.NoError(w.t, err)
		require.NotEmpty(w.t, page)
		got = append(got, page...)
	}
	return got
}

func ofContent(o *retry.Options) { o.Filter.Reasons = []reason.Code{reason.ContentMismatch} }

// history is what parked --done shows of the only operation.
func (w *world) history() string {
	w.t.Helper()
	h, err := retry.Operations(w.t.Context(), w.AWSConfig(w.region), "dev", time.Hour, time.Now())
	require.NoError(w.t, err)
	var page strings.Builder
	require.NoError(w.t, h.Text(&page))
	return page.String()
}

func TestWhatAnotherReaderHoldsIsNeverTakenForDone(t *testing.T) {
	inWorld(t, func(w *world) {
		w.park(keys(12)...)
		w.taken(12)
		dry := func(o *retry.Options) { o.DryRun = true }
		for name, report := range map[string]*retry.Report{
			"discard": w.discarded(ofContent), "discard that is dry": w.discarded(ofContent, dry), "discard of all": w.discarded(),
			"retry that is dry": w.done(dry), "retry": w.done(),
		} {
			assert.Equal(t, 1, report.Exit(), name)
			assert.Equal(t, 12, report.Parked.Hidden, name)
			assert.Contains(t, text(t, report), ", about 12 not reached   exit 1\n", name)
			assert.NotContains(t, text(t, report), "all done", name)
		}
		assert.Contains(t, w.plan.String(), "12 more messages of autobackup-validation-dlq-dev: held by another reader now; run this again when they show.\n")
		assert.NotContains(t, w.plan.String(), "Nothing to ")
		assert.Empty(t, w.onRecord())
	})
}

func TestWhatAnotherReaderTakesDuringARunIsToldAndOnRecord(t *testing.T) {
	inWorld(t, func(w *world) {
		w.park(keys(12)...)
		takes := func(n int) func() { // between the question and the first message
			return func() { w.taken(n) }
		}
		for _, c := range []struct {
			then          func()
			done, reached int
			shown         string
		}{
			{takes(12), 0, 0, " 0 of 12, about 12 not reached "},
			{takes(5), 7, 7, " 7 of 12, about 5 not reached "},
		} {
			w.ofS3 = func(action, _ string) {
				if action == "PutObject" && c.then != nil {
					then := c.then
					c.then = nil
					then()
				}
			}
			report := w.discarded(ofContent)
			w.ofS3 = nil
			assert.Equal(t, c.done, report.Done())
			assert.Equal(t, 12-c.reached, report.Parked.Hidden)
			assert.Equal(t, 1, report.Exit())
			assert.Contains(t, text(t, report), " of autobackup-validation-dlq-dev: not reached, because another reader had them. Run the same command again: what is still there then shows.\n")
			assert.Contains(t, text(t, report), " not reached   exit 1\n")
			assert.Contains(t, w.history(), c.shown)
			time.Sleep(2 * time.Hour) // they show again
		}
	})
}

func TestWhatWasHeldAtFirstAndShowsDuringTheRunIsReached(t *testing.T) {
	inWorld(t, func(w *world) {
		w.park(keys(12)...)
		_, err := w.SQS.Receive(w.t.Context(), w.queueARN("validation-dlq"), sqs.Receive{Max: 10, VisibilityTimeout: aws.Int(10)})
		require.NoError(t, err)
		w.ofS3 = func(action, _ string) {
			if action == "PutObject" {
				time.Sleep(10 * time.Second)
			}
		}
		report := w.done()
		w.ofS3 = nil
		assert.Equal(t, 2, report.Parked.Lying)
		assert.Equal(t, 12, report.Done())
		assert.Zero(t, report.Parked.Hidden)
		assert.Zero(t, report.Exit())
		assert.Contains(t, w.history(), " 12, of which 2 were found when it began ")
	})
}

func TestWhatTheLookItselfGotIsHeldByNobody(t *testing.T) {
	inWorld(t, func(w *world) {
		w.park("a.txt", "b.txt")
		w.fake = map[string]string{"GetQueueAttributes": `{"Attributes":{"QueueArn":"` + w.queueARN("validation-dlq") + `","MaximumMessageSize":"2048","ApproximateNumberOfMessages":"1","ApproximateNumberOfMessagesNotVisible":"1"}}`}
		report := w.discarded(func(o *retry.Options) { o.DryRun = true })
		w.fake = nil
		assert.Equal(t, 2, report.Parked.Looked)
		assert.Zero(t, report.Parked.Hidden, "SQS counts late")
		assert.Zero(t, report.Exit())
	})
}

func TestTheRecordSaysWhatBecameOfTheRest(t *testing.T) {
	for _, c := range []struct {
		found int
		end   *operations.End
		want  string
	}{
		{3, nil, "not ended: under way, or killed after 2 pages"},
		{3, &operations.End{Done: 3}, "3 of 3"},
		{6, &operations.End{Done: 24}, "24, of which 6 were found when it began"},
		{19, &operations.End{Done: 4, Unreached: 13}, "4 of 19, about 13 not reached"},
		{19, &operations.End{Done: 4, Left: 2, Unreached: 13}, "4 of 19, 2 left where they are, about 13 not reached"},
		{26, &operations.End{}, "0 of 26, the others not done"},
		{26, &operations.End{Done: 10, Interrupted: true}, "10 of 26, interrupted"},
		{26, &operations.End{Done: 10, Left: 1, Error: "e"}, "10 of 26, 1 left where they are, ended by an error"},
	} {
		assert.Equal(t, c.want, retry.Outcome(operations.Done{Begin: operations.Begin{Found: c.found}, Pages: 2, End: c.end}))
	}
}
