package local_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/alert"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/asl"
	locals3 "autobackup/local/s3"
	"autobackup/local/sns"
)

// move is what an operator does with aws sqs start-message-move-task, and all that comes of it.
func (w *world) move(from, to string) {
	w.t.Helper()
	queues := awssqs.NewFromConfig(w.AWSConfig(w.region))
	_, err := queues.StartMessageMoveTask(w.t.Context(), &awssqs.StartMessageMoveTaskInput{SourceArn: aws.String(w.queue(from)), DestinationArn: aws.String(w.queue(to))})
	require.NoError(w.t, err)
	w.settle()
	tasks, err := queues.ListMessageMoveTasks(w.t.Context(), &awssqs.ListMessageMoveTasksInput{SourceArn: aws.String(w.queue(from)), MaxResults: aws.Int32(1)})
	require.NoError(w.t, err)
	require.Len(w.t, tasks.Results, 1)
	assert.Equal(w.t, "COMPLETED", aws.ToString(tasks.Results[0].Status))
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

// troubles are causes for which messages are parked, and how each comes and goes.
var troubles = map[string]struct {
	reason     string
	come, gone func(w *world)
}{
	"the replica may not be read": {"ACCESS_DENIED", unreadable(403), readable},
	"S3 does not answer":          {"UNREACHABLE", unreadable(503), readable},
	"the replica comes late": {"REPLICA_MISSING", func(w *world) {
		w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Lag: 20 * time.Hour} }
	}, func(*world) {}},
	"compare-etags is broken": {"WORKFLOW_ERROR", func(w *world) {
		w.States.TaskFault = func(_ context.Context, _ string, parameters []byte) error {
			if strings.Contains(string(parameters), "compare-etags") {
				return &asl.Error{Name: reason.Internal, Cause: "on purpose"}
			}
			return nil
		}
	}, func(w *world) { w.States.TaskFault = nil }},
}

func unreadable(status int) func(w *world) {
	return func(w *world) {
		w.S3.Fault = func(q locals3.Request) *locals3.Fault {
			if q.Operation == "HeadObject" && q.Bucket == w.replicaBucket() {
				return &locals3.Fault{Status: status}
			}
			return nil
		}
	}
}

func readable(w *world) { w.S3.Fault = nil }

func TestParkedMessagesThatAreMovedToTheValidationQueueAreVerifiedOnceTheCauseIsGone(t *testing.T) {
	for name, trouble := range troubles {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				trouble.come(w)
				for n := range 12 { // more than a page of a move task
					w.put(fmt.Sprint(n), "content")
				}
				w.send("noise")
				w.settle()
				require.Len(t, w.parked(), 13)
				assert.Contains(t, w.reasons(), trouble.reason)
				mails := len(w.subjects())

				w.move("validation-dlq", "validation-queue")
				require.Len(t, w.parked(), 13, "the cause is still there")
				assert.Greater(t, len(w.subjects()), mails, "and is told again")
				trouble.gone(w)
				time.Sleep(24 * time.Hour)
				w.move("validation-dlq", "validation-queue")
				assert.Equal(t, []string{"MALFORMED_EVENT"}, w.reasons(), "what is no event stays none")
				verified := map[string]bool{}
				for _, e := range w.validations() {
					if e.Result.Status != types.ExecutionStatusSucceeded {
						continue
					}
					for _, line := range w.summary(e).Objects {
						if line.Verdict == verdict.Verified {
							verified[line.Object] = true
						}
					}
				}
				assert.Len(t, verified, 12)
				for _, queue := range []string{"validation-queue", "failure-queue", "failure-dlq", "event-dlq"} {
					assert.Empty(t, w.messages(queue), queue)
				}
			}, soon...)
		})
	}
}

// An execution that somebody stops at any call goes on there once it is redriven: what it had done
// is not done again, and each message ends as otherwise.
func TestAnExecutionThatWasStoppedGoesOnWhereItStoppedOnceItIsRedriven(t *testing.T) {
	run := func(t *testing.T, stopAt int64) (became map[string][]string, mails int, stopped bool) {
		inWorld(t, func(w *world) {
			var calls atomic.Int64
			reached := make(chan struct{}, 1)
			w.States.TaskFault = func(ctx context.Context, _ string, _ []byte) error {
				if calls.Add(1) == stopAt {
					reached <- struct{}{}
					<-ctx.Done()
					return context.Cause(ctx)
				}
				return nil
			}
			uploads := w.eachVerdict()
			synctest.Wait()
			ended := make(chan struct{})
			go func() { w.settle(); close(ended) }()
			select {
			case <-reached:
				stopped = true
				arn := aws.String(w.first().ARN)
				_, err := w.sfn().StopExecution(w.t.Context(), &sfn.StopExecutionInput{ExecutionArn: arn})
				require.NoError(t, err)
				<-ended
				time.Sleep(time.Hour)
				_, err = w.sfn().RedriveExecution(w.t.Context(), &sfn.RedriveExecutionInput{ExecutionArn: arn})
				require.NoError(t, err)
				w.settle()
			case <-ended:
			}
			byVersion := w.became()
			became = map[string][]string{}
			for _, u := range uploads {
				became[u.name] = byVersion[u.version]
			}
			mails = len(w.subjects())
		}, soon...)
		return became, mails, stopped
	}
	want, mails, _ := run(t, 0)
	stops := 0
	for at := int64(1); ; at += map[bool]int64{true: 1, false: 4}[*everyKill] {
		got, told, stopped := run(t, at)
		assert.Equal(t, want, got, "stopped at call %d", at)
		assert.Equal(t, mails, told, "stopped at call %d", at)
		if !stopped {
			break
		}
		stops++
	}
	assert.Greater(t, stops, 3)
}

// An execution that has told and parked, or tried to, has failed for good: a redrive ends at once
// as before, and loses nothing.
func TestAnExecutionThatFailedVisiblyFailsAgainWhenItIsRedriven(t *testing.T) {
	inWorld(t, func(w *world) {
		troubles["compare-etags is broken"].come(w)
		w.put("a", "content")
		w.settle()
		before, mails := w.first(), len(w.subjects())
		require.Equal(t, "ExecutionFailed", before.Result.Path[len(before.Result.Path)-1])
		w.States.TaskFault = nil
		_, err := w.sfn().RedriveExecution(w.t.Context(), &sfn.RedriveExecutionInput{ExecutionArn: &before.ARN})
		require.NoError(t, err)
		w.settle()
		assert.Equal(t, types.ExecutionStatusFailed, w.first().Result.Status)
		assert.Equal(t, before.Result.Error, w.first().Result.Error)
		assert.Len(t, w.parked(), 1)
		assert.Len(t, w.subjects(), mails)
	})
}
