package retry_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/operations"
	"autobackup/cmd/autobackup/retry"
	locals3 "autobackup/local/s3"
	"autobackup/local/sqs"
)

func untold(o *retry.Options) { o.From = retry.FromFailureDLQ }

// Reports of executions, S3's notices of failed replications, and parked messages that were to be told
// again lie there, once the sender could not do its work for long enough.
func TestWhatNobodyCouldBeToldOfIsToldOnceItCanBe(t *testing.T) {
	inWorld(t, func(w *world) {
		w.park("parked.txt")
		w.S3.Fault = func(r locals3.Request) *locals3.Fault { // what the sender remembers
			if strings.Contains(r.Bucket, "-work-") {
				return &locals3.Fault{Code: "AccessDenied", Status: http.StatusForbidden}
			}
			return nil
		}
		_, err := w.SQS.StartMessageMoveTask(w.queueARN("validation-dlq"), w.queueARN("failure-queue"), 0)
		require.NoError(t, err)
		w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
			return locals3.Plan{Fail: r.Key == "failed.txt", Corrupt: map[bool]locals3.Corruption{true: locals3.FlipBit}[r.Key == "corrupt.txt"]}
		}
		w.put("failed.txt", "corrupt.txt")
		w.settle()
		w.S3.Replicate = nil
		before := w.what("failure-dlq")
		require.NotEmpty(t, before)
		mails := len(w.SNS.Published())

		w.S3.Fault = nil
		report := w.done(untold)
		assert.Equal(t, len(before), report.FailureDLQ.Done)
		assert.True(t, report.Complete())
		assert.Contains(t, text(t, report), "Handed over to be told again: ")
		assert.Contains(t, text(t, report), " of autobackup-failure-dlq-dev)\n")
		w.settle()
		assert.Empty(t, w.messages("failure-dlq"))
		assert.Greater(t, len(w.SNS.Published()), mails)
		told := ""
		for _, p := range w.SNS.Published()[mails:] {
			told += p.Message
		}
		for _, key := range []string{"failed.txt", "corrupt.txt"} {
			assert.Contains(t, told, key)
		}
		parked := ""
		for body := range w.what("validation-dlq") {
			parked += body
		}
		for _, key := range []string{"parked.txt", "failed.txt", "corrupt.txt"} {
			assert.Contains(t, parked, key, "an alert never eats the only copy")
		}

		var begin operations.Begin
		for name, content := range w.onRecord() {
			if strings.HasPrefix(name, "operations/"+report.Operation) && strings.HasSuffix(name, "begin.json") {
				require.NoError(t, json.Unmarshal([]byte(content), &begin))
			}
		}
		assert.Equal(t, "autobackup-failure-queue-dev", begin.To)
		assert.Equal(t, map[string]string{"from": "failure-dlq", "since": "336h0m0s"}, begin.Filter)
	})
}

func TestWhatIsSentToBeToldIsWhatAMoveTaskBrings(t *testing.T) {
	inWorld(t, func(w *world) {
		w.settle() // S3's test events
		w.Lambda.Disable("arn:aws:lambda:" + w.region + ":" + account + ":function:autobackup-failure-notifier-dev")
		attributes := map[string]sqs.Attribute{
			"reason": {DataType: "String", Value: "CONTENT_MISMATCH"}, "facts": {DataType: "String", Value: `{"verdict":"failed"}`}, "alerts": {DataType: "Number", Value: "3"},
			"execution": {DataType: "String", Value: "arn:x"}, "sum": {DataType: "String", Value: "ab"}, "detail": {DataType: "String", Value: strings.Repeat("d", 3000)}, "other": {DataType: "Binary", Value: "AAE="},
		}
		_, err := w.SQS.Send(w.queueARN("failure-dlq"), sqs.Outgoing{Body: event("parked.txt"), Attributes: attributes})
		require.NoError(t, err)
		w.send("failure-dlq", `{"a": "report of an execution", "of": "`+strings.Repeat("many objects ", 15000)+`"}`)
		w.send("failure-dlq", `{"Records": [{"eventName": "Replication:OperationFailedReplication"}]}`)
		before := w.what("failure-dlq")
		time.Sleep(time.Minute)
		report := w.done(untold)
		assert.Equal(t, 3, report.Done())
		assert.Empty(t, report.Left)
		assert.Equal(t, before, w.what("failure-queue"), "whole, with all attributes")
		assert.Empty(t, w.messages("failure-dlq"))
	})
}

func TestWhatNobodyCouldBeToldOfIsNoPartOfAllAndIsNotDiscarded(t *testing.T) {
	inWorld(t, func(w *world) {
		w.send("failure-dlq", "untold")
		assert.Zero(t, w.done().Done())
		assert.Zero(t, w.done(func(o *retry.Options) { o.Tell = true }).Done())
		assert.Len(t, w.messages("failure-dlq"), 1)
		_, err := retry.Discard(t.Context(), w.AWSConfig(w.region), retry.Options{Stage: "dev", From: retry.FromFailureDLQ, Filter: retry.Filter{Since: retry.Kept}, Max: 1, Why: "w"})
		require.ErrorContains(t, err, `--from "failure-dlq" is unknown: use one of [parked event-dlq]`)
		for _, filter := range []retry.Filter{{Bucket: "b"}, {Prefix: "p"}} {
			_, err := w.retry(untold, func(o *retry.Options) { o.Filter.Bucket, o.Filter.Prefix = filter.Bucket, filter.Prefix })
			require.ErrorContains(t, err, "--bucket and --prefix are of messages about one object")
		}
	})
}
