package local_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/iam"
)

// refusing denies an action to everybody until it is told to allow it again.
func refusing(action string) (take, giveBack func(d *iam.Document)) {
	const sid = "TakenAway"
	take = func(d *iam.Document) {
		if d.Kind == iam.Identity {
			d.Statements = append(d.Statements, iam.Statement{Sid: sid, Effect: iam.Deny, Actions: []string{action}, Resources: []string{"*"}})
		}
	}
	giveBack = func(d *iam.Document) {
		if last := len(d.Statements) - 1; d.Statements[last].Sid == sid {
			d.Statements = d.Statements[:last]
		}
	}
	return take, giveBack
}

func TestWhoMayNoLongerReadAQueueLeavesItAsItIsAndGoesOnWhenItMayAgain(t *testing.T) {
	for _, action := range []string{"sqs:ReceiveMessage", "sqs:GetQueueAttributes", "kms:Decrypt"} {
		inWorld(t, func(w *world) {
			take, giveBack := refusing(action)
			w.settle()
			w.Gate.Change(take)
			w.put("good", "content")
			w.send(`{"no": "event"}`)
			time.Sleep(3 * time.Hour)
			synctest.Wait()
			assert.Empty(t, w.States.Executions(), "nobody may read %s", action)
			waiting := w.messages("validation-queue")
			require.Len(t, waiting, 2)
			for _, m := range waiting {
				assert.Zero(t, m.ReceiveCount, "what was not read was not received")
			}
			require.Len(t, w.Undelivered(), 1)
			assert.Contains(t, w.Undelivered()[0].What, "pipe autobackup-validation-pipe-dev: poll autobackup-validation-queue-dev: ")
			assert.Contains(t, w.Undelivered()[0].What, " is not authorized to perform: "+action)
			assert.Greater(t, w.Undelivered()[0].Times, 100, "it is asked again and again")

			w.Gate.Change(giveBack)
			w.settle()
			assert.Equal(t, []string{"MALFORMED_EVENT"}, w.reasons())
			require.Len(t, w.States.Executions(), 1)
			require.Len(t, w.SNS.Published(), 1)
		})
	}
}

func TestWhoMayNoLongerDeleteWhatItHandledGetsItAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		take, _ := refusing("sqs:DeleteMessage")
		w.settle()
		w.Gate.Change(take)
		w.put("good", "content")
		w.settle()
		assert.Len(t, w.States.Executions(), w.parameter("MaxReceives"))
		assert.Len(t, w.parked(), 1, "SQS moves it in the end")
		assert.True(t, strings.Contains(w.Undelivered()[0].What, "delete messages of autobackup-validation-queue-dev"), w.Undelivered())
	})
}
