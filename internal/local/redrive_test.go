package local_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/alert"
	locals3 "autobackup/internal/local/s3"
	"autobackup/internal/local/sns"
	"autobackup/internal/verdict"
)

// move starts what an operator starts with aws sqs start-message-move-task.
func (w *world) move(from, to string) {
	w.t.Helper()
	_, err := w.SQS.StartMessageMoveTask(w.queue(from), w.queue(to), 0)
	require.NoError(w.t, err)
	w.settle()
}

func TestAParkedMessageMovedToTheFailureQueueIsAlertedAgainAndNotLost(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Fail: true} }
		w.put("orders.dump", "content")
		w.settle()
		require.Len(t, w.parked(), 1)
		first := w.parked()[0]

		w.move("validation-dlq", "failure-queue")

		require.Len(t, w.parked(), 1)
		again := w.parked()[0]
		assert.Equal(t, first.Body, again.Body)
		assert.Equal(t, "2", again.Attributes["alerts"].Value)
		for _, name := range []string{"reason", "detail", "facts", "execution"} {
			assert.Equal(t, first.Attributes[name], again.Attributes[name], name)
		}
		assert.Len(t, w.subjects(), 2)
		assert.Empty(t, w.messages("failure-queue"))
	})
}

func TestAlertingAgainAndAgainMakesNoLoopOfEMails(t *testing.T) {
	inWorld(t, func(w *world) {
		w.send("noise")
		w.settle()
		for range 2 * alert.MaxAlerts {
			w.move("validation-dlq", "failure-queue")
			require.Len(t, w.parked(), 1, "the only copy is never eaten")
		}
		assert.Len(t, w.subjects(), alert.MaxAlerts)
	})
}

func TestAnAlertThatCannotBeSentLeavesTheMessageInTheFailureDLQ(t *testing.T) {
	inWorld(t, func(w *world) {
		w.send("noise")
		w.settle()
		w.SNS.Fault(func(sns.Publication) error { return errors.New("topic broken") })
		w.move("validation-dlq", "failure-queue")
		assert.Empty(t, w.parked())
		assert.Len(t, w.messages("failure-dlq"), 1)
	})
}

func TestAParkedMessageMovedToTheValidationQueueIsLookedAtAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		allowed := false
		w.S3.Fault = func(q locals3.Request) *locals3.Fault {
			if q.Operation == "HeadObject" && q.Bucket == w.replicaBucket() && !allowed {
				return &locals3.Fault{Status: 403}
			}
			return nil
		}
		w.put("report.pdf", "content")
		w.settle()
		require.Len(t, w.parked(), 1)

		allowed = true
		time.Sleep(24 * time.Hour)
		w.move("validation-dlq", "validation-queue")
		assert.Empty(t, w.parked())
		line := w.summary(w.Executions()[1]).Objects[0]
		assert.Equal(t, verdict.Verified, line.Verdict)
	})
}
