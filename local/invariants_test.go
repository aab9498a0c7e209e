package local_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
	"autobackup/local/asl"
	locals3 "autobackup/local/s3"
)

// endings tells for every message that entered an execution where it ended.
func (w *world) endings() map[string][]string {
	w.t.Helper()
	all := map[string][]string{}
	parked := map[string]int{}
	for _, m := range w.parked() {
		parked[m.Body]++
	}
	settled := w.settled()
	for _, e := range w.validations() {
		for _, m := range w.messagesOf(e) {
			if s3event.IsNotification(m.Body) {
				continue // about an upload that has a message of its own
			}
			all[m.ID] = append([]string(nil), all[m.ID]...) // known, whatever comes of it; what came twice may have ended before
			if line, ok := settled[m.ID]; ok && (line.Verdict == verdict.Verified || line.Verdict == verdict.Skipped) {
				all[m.ID] = append(all[m.ID], string(line.Verdict))
			}
			if w.redriven[m.Body] {
				all[m.ID] = append(all[m.ID], "redriven")
			}
			if parked[m.Body] > 0 {
				all[m.ID] = append(all[m.ID], "parked")
			}
			if e.Result.Status != types.ExecutionStatusSucceeded {
				all[m.ID] = append(all[m.ID], "failed execution")
			}
		}
	}
	return all
}

func TestInvariant1EveryMessageEndsSomewhereWhateverHappens(t *testing.T) {
	for seed := range share(10) {
		t.Run(fmt.Sprintf("world %d", seed), func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				r := rand.New(rand.NewPCG(uint64(seed), 0)) // #nosec G115: of a few
				sent := w.chaos(r)
				w.settle()

				endings := w.endings()
				assert.Len(t, endings, sent, "every message came into an execution")
				for id, at := range endings {
					assert.NotEmpty(t, at, "message %s vanished", id)
				}
				for _, m := range w.parked() {
					assert.NotEmpty(t, m.Attributes["reason"].Value)
				}
				assert.Empty(t, w.messages("validation-queue"))
			})
		})
	}
}

// chaos sends uploads and noise while S3, SNS, SQS and the functions fail at
// random, and answers how many messages that makes.
func (w *world) chaos(source *rand.Rand) (sent int) {
	r := &locked{source: source} // the services ask from many goroutines
	w.S3.Replicate = func(locals3.Replication) locals3.Plan {
		return []locals3.Plan{
			{}, {Lag: time.Duration(r.IntN(400)) * time.Minute}, {Fail: true},
			{Corrupt: locals3.FlipBit}, {Corrupt: locals3.Truncate},
		}[r.IntN(5)]
	}
	w.S3.Fault = func(q locals3.Request) *locals3.Fault {
		if q.Operation == "PutObject" || r.IntN(10) > 0 {
			return nil
		}
		return &locals3.Fault{Status: []int{403, 404, 500, 503}[r.IntN(4)]}
	}
	worst := r.IntN(4) // how often tasks fail: from never to mostly
	w.States.TaskFault = func(context.Context, string, []byte) error {
		if r.IntN(6) >= worst+worst/3 {
			return nil
		}
		return &asl.Error{Name: []string{reason.Transient, reason.Internal, reason.BadInput, asl.Timeout}[r.IntN(4)]}
	}
	for i := range 40 {
		switch r.IntN(4) {
		case 0:
			w.send(strings.Repeat(string(rune('!'+r.IntN(90))), 1+r.IntN(2000)))
		default:
			w.put(fmt.Sprintf("key %d", i), "content")
		}
		time.Sleep(time.Duration(r.IntN(30)) * time.Second)
	}
	return 40
}

type locked struct {
	sync.Mutex
	source *rand.Rand
}

// IntN is a number from 0 to below n.
func (l *locked) IntN(n int) int {
	l.Lock()
	defer l.Unlock()
	return l.source.IntN(n)
}

func TestInvariant1WhatCannotBeStartedIsMovedToTheDLQBySQS(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("report.pdf", "content")
		w.settle()
		assert.Empty(t, w.States.Executions())
		require.Len(t, w.parked(), 1)
		assert.Equal(t, w.queue("validation-queue"), w.parked()[0].SourceARN)
	}, replace("template.yaml", "Target: !Ref ValidationStateMachine", "Target: arn:aws:states:eu-central-1:123456789012:stateMachine:gone"))
}

func TestInvariant1WhatTheQueueRefusesIsInTheRulesDLQ(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put(strings.Repeat("\x01", 400), "content")
		w.settle()
		assert.Empty(t, w.States.Executions())
		require.Len(t, w.messages("event-dlq"), 1)
		assert.Contains(t, w.messages("event-dlq")[0].Attributes["RULE_ARN"].Value, "autobackup-s3-upload-trigger-dev")
	})
}

func TestInvariant2OneBadMessageChangesNothingForItsBatchMates(t *testing.T) {
	good, _ := json.Marshal(map[string]any{"source": "aws.s3"})
	for _, bad := range []string{"", "noise", string(good), strings.Repeat(`"`, 2_000), `{"source":"aws.s3","detail":{"bucket":`, "\t\n\r"} {
		t.Run(fmt.Sprintf("%.20q", bad), func(t *testing.T) {
			inWorld(t, func(w *world) {
				for i := range 5 {
					w.put(fmt.Sprintf("key %d", i), "content")
				}
				if bad != "" { // SQS refuses an empty one
					w.send(bad)
				}
				for i := range 5 {
					w.put(fmt.Sprintf("key %d", i+5), "content")
				}
				w.settle()
				n := 0
				for _, line := range w.settled() {
					if line.Verdict == verdict.Verified {
						n++
					}
				}
				assert.Equal(t, 10, n)
				assert.Equal(t, bad != "", slices.Equal(w.reasons(), []string{string(reason.MalformedEvent)}))
			})
		})
	}
}

func TestInvariant2OneUnreadableObjectChangesNothingForItsBatchMates(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Fault = func(q locals3.Request) *locals3.Fault {
			if q.Operation == "HeadObject" && q.Key == "bad" {
				return &locals3.Fault{Hang: true}
			}
			return nil
		}
		for _, key := range []string{"good 1", "bad", "good 2"} {
			w.put(key, "content")
		}
		w.settle()
		assert.Equal(t, []string{string(reason.Unreachable)}, w.reasons())
		assert.Contains(t, w.summary(w.one()).Text, "2 verified")
	})
}

func TestInvariant3ProcessingAMessageTwiceOrLateChangesNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("report.pdf", "first")
		w.settle()
		records := w.messagesOf(w.one())
		first := w.settled()[records[0].ID]

		w.put("report.pdf", "second") // late: the event is now about an older version
		w.send(records[0].Body)
		w.send(records[0].Body)
		w.settle()

		again := 0
		for _, line := range w.settled() {
			if line.Object == first.Object {
				again++
				assert.Equal(t, []any{first.Verdict, first.Evidence}, []any{line.Verdict, line.Evidence})
			}
		}
		assert.Equal(t, 3, again)
		assert.Empty(t, w.parked())
	})
}

func TestInvariant3AMarkerThatArrivesBeforeItsObjectChangesNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("report.pdf", "content")
		_, err := w.client.DeleteObject(w.t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(w.bucket()), Key: aws.String("report.pdf")})
		require.NoError(t, err)
		messages := w.messages("validation-queue")
		require.Len(t, messages, 2)
		for _, m := range []int{1, 0} {
			w.send(messages[m].Body)
		}
		w.settle()
		evidence := map[verdict.Evidence]int{}
		for _, line := range w.settled() {
			assert.Equal(t, verdict.Verified, line.Verdict)
			evidence[line.Evidence]++
		}
		assert.Equal(t, 2, evidence[verdict.DeleteMarker])
		assert.Len(t, evidence, 2)
	})
}

func TestInvariant4AMissingPermissionIsToldAsSuch(t *testing.T) {
	cases := []struct {
		name      string
		operation string
		bucket    func(*world) string
		corrupt   locals3.Corruption
	}{
		{"HEAD of the primary", "HeadObject", (*world).bucket, locals3.Intact},
		{"HEAD of an intact replica", "HeadObject", (*world).replicaBucket, locals3.Intact},
		{"HEAD of a corrupt replica", "HeadObject", (*world).replicaBucket, locals3.FlipBit},
		{"the replication rules", "GetBucketReplication", (*world).bucket, locals3.Intact},
		{"the replica's region", "HeadBucket", (*world).replicaBucket, locals3.Intact},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.S3.Replicate = func(locals3.Replication) locals3.Plan { return locals3.Plan{Corrupt: c.corrupt} }
				w.S3.Fault = func(q locals3.Request) *locals3.Fault {
					if q.Operation == c.operation && q.Bucket == c.bucket(w) {
						return &locals3.Fault{Status: 403}
					}
					return nil
				}
				w.put("report.pdf", "content")
				w.settle()
				assert.Equal(t, []string{string(reason.AccessDenied)}, w.reasons())
				assert.Less(t, w.one().Result.Stop.Sub(w.one().Result.Start), time.Hour, "no lag without end")
				assert.Contains(t, w.SNS.Published()[0].Message, "s3:")
			})
		})
	}
}

func TestInvariant7ANumberChangedInTheTemplateChangesWhatHappensHere(t *testing.T) {
	t.Run("the delivery delay and the batch window decide when the first look is", func(t *testing.T) {
		for _, seconds := range []string{"Default: 60", "Default: 240"} {
			inWorld(t, func(w *world) {
				start := w.Clock.Now()
				w.put("report.pdf", "content")
				w.settle()
				wanted := time.Duration(w.parameter("DeliveryDelaySeconds")+w.parameter("BatchWindowSeconds")) * time.Second
				assert.Equal(t, wanted, w.one().Result.Start.Sub(start))
			}, replace("template.yaml", "Default: 60", seconds))
		}
	})
	t.Run("the batch size decides how many executions there are", func(t *testing.T) {
		for size, executions := range map[string]int{"45": 1, "4": 3} {
			inWorld(t, func(w *world) {
				for i := range 12 {
					w.put(fmt.Sprint(i), "content")
				}
				w.settle()
				assert.Len(t, w.States.Executions(), executions)
			}, replace("template.yaml", "Default: 45", "Default: "+size))
		}
	})
	t.Run("the event pattern decides what is validated", func(t *testing.T) {
		inWorld(t, func(w *world) {
			w.put("report.pdf", "content")
			w.settle()
			assert.Empty(t, w.States.Executions())
		}, replace("template.yaml", "- Object Created", "- Object Restored"))
	})
	t.Run("the number of receives decides when SQS gives up", func(t *testing.T) {
		for _, count := range []int{1, 5} {
			inWorld(t, func(w *world) {
				w.put("report.pdf", "content")
				w.settle()
				require.Len(t, w.parked(), 1)
				assert.Equal(t, count, w.parked()[0].ReceiveCount)
			}, replace("template.yaml", "!Ref MaxReceives", fmt.Sprint(count)),
				replace("template.yaml", "Target: !Ref ValidationStateMachine", "Target: arn:aws:states:eu-central-1:123456789012:stateMachine:gone"))
		}
	})
	t.Run("what the template says and nobody understands is rejected with its place", func(t *testing.T) {
		_, err := deployed(t, replace("template.yaml", "      DelaySeconds:", "      FifoQueue: true\n      DelaySeconds:"))
		assert.ErrorContains(t, err, "Resources.ValidationQueue.Properties.FifoQueue")
		_, err = deployed(t, replace("template.yaml", "AWS::SNS::Topic\n", "AWS::SNS::Topicc\n"))
		assert.ErrorContains(t, err, "AWS::SNS::Topicc")
		_, err = deployed(t, replace("statemachine/validate.asl.json", `"Next": "Verdicts"`, `"Next": "Verdict"`))
		assert.ErrorContains(t, err, "Verdict")
		_, err = deployed(t, replace("statemachine/validate.asl.json", "${FailureTopicArn}", "${Topic}"))
		assert.ErrorContains(t, err, "Topic")
	})
}
