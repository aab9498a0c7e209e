package local_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/alert"
	"autobackup/internal/verdict"
	locals3 "autobackup/local/s3"
	"autobackup/local/sns"
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
		w.corrupted(locals3.FlipBit)
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

func TestAnEMailThatCannotBeSentIsSentOnceItCan(t *testing.T) {
	for _, broken := range []time.Duration{10 * time.Minute, 24 * time.Hour} {
		t.Run(broken.String(), func(t *testing.T) {
			inWorld(t, func(w *world) {
				var until time.Time
				w.SNS.Fault(func(sns.Publication) error {
					if w.Clock.Now().Before(until) {
						return errors.New("topic broken")
					}
					return nil
				})
				until = w.Clock.Now().Add(broken)
				w.send("noise")
				w.settle()
				require.Len(t, w.subjects(), 1)
				assert.Contains(t, w.subjects()[0], "MALFORMED_EVENT")
				assert.Len(t, w.parked(), 1, "parking needs no e-mail")
			})
		})
	}
}

func TestAMessageToTellAgainIsNeverLostWhileNothingCanBeTold(t *testing.T) {
	inWorld(t, func(w *world) {
		w.send("noise")
		w.settle()
		until := w.Clock.Now().Add(24 * time.Hour)
		w.SNS.Fault(func(sns.Publication) error {
			if w.Clock.Now().Before(until) {
				return errors.New("topic broken")
			}
			return nil
		})
		w.move("validation-dlq", "failure-queue")
		kept := 0
		for _, m := range append(w.parked(), w.messages("failure-dlq")...) {
			if m.Body == "noise" {
				kept++
			}
		}
		assert.Equal(t, 1, kept, "in one of the dead-letter queues, each of which has an alarm")
		assert.Len(t, w.subjects(), 2, "and told as soon as it can be")
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
		line := w.summary(w.States.Executions()[1]).Objects[0]
		assert.Equal(t, verdict.Verified, line.Verdict)
	})
}
