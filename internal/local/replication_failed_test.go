package local_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/local/s3"
	"autobackup/internal/local/sns"
	"autobackup/internal/local/sqs"
	"autobackup/internal/reason"
)

// failing makes every replication fail.
func failing(s3.Replication) s3.Plan { return s3.Plan{Fail: true} }

// unnotified is a stack whose buckets send S3's notifications nowhere.
var unnotified = replace("template.yaml", `            QueueConfigurations:
              - Event: s3:Replication:OperationFailedReplication
                Queue: !GetAtt FailureQueue.Arn
`, "")

// notification is S3's message about a version of the documents' primary.
func (w *world) notification(key, version, operation string, asked, gaveUp time.Time) string {
	return fmt.Sprintf(`{"Records":[{"eventVersion":"2.2","eventSource":"aws:s3","awsRegion":%q,"eventTime":%q,`+
		`"eventName":"Replication:OperationFailedReplication","s3":{"bucket":{"name":%q},"object":{"key":%q,"size":7,"versionId":%q}},`+
		`"replicationEventData":{"replicationRuleId":"everything","destinationBucket":"arn:aws:s3:::%s","s3Operation":%q,"requestTime":%q,`+
		`"failureReason":"DstPutObjectNotPermitted"}}]}`,
		w.region, gaveUp.UTC().Format(time.RFC3339), w.bucket(), key, version, w.replicaBucket(), operation, asked.UTC().Format(time.RFC3339))
}

// notify sends a notification to the failure queue, as S3 does.
func (w *world) notify(body string) {
	w.t.Helper()
	_, err := w.SQS.Send(w.queue("failure-queue"), sqs.Outgoing{Body: body})
	require.NoError(w.t, err)
}

// marks counts the objects that were put into the working bucket, and how many
// were taken from it.
func (w *world) marks() (put, taken int) {
	bucket := "autobackup-dev-work-" + account
	requests := w.S3.Requests()
	return requests[s3.Counted{Operation: "PutObject", Bucket: bucket}], requests[s3.Counted{Operation: "DeleteObject", Bucket: bucket}]
}

func TestAFailedReplicationIsOneEMailAtOnceAndOneParkedMessage(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = failing
		w.put("orders/annual report +%2F.dump", "content")
		time.Sleep(time.Second)
		require.Len(t, w.SNS.Published(), 1, "before the first look")
		mail := w.SNS.Published()[0]
		assert.Equal(t, "[dev] Backup check failed: REPLICATION_FAILED s3://autobackup-dev-primary-docum... report +%2F.dump", mail.Subject)
		assert.Contains(t, mail.Message, "DstPutObjectNotPermitted")
		assert.Contains(t, mail.Message, "It may not write to the replica bucket")
		assert.Empty(t, w.Executions())

		w.settle()
		assert.Len(t, w.subjects(), 1)
		assert.Equal(t, []string{string(reason.ReplicationFailed)}, w.reasons())
		assert.Equal(t, "FetchETags CompareETags Verdicts ParkFailures ParkFailure Reported Done", w.path(), "an empty alert is not published")
		put, taken := w.marks()
		assert.Equal(t, []int{1, 1}, []int{put, taken})
		assert.Empty(t, w.messages("failure-dlq"))
	})
}

func TestAMarkQuietsOnlyItsOwnVersion(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(r s3.Replication) s3.Plan {
			return map[string]s3.Plan{"known": {Fail: true}, "wrong": {Corrupt: s3.FlipBit}}[r.Key]
		}
		for _, key := range []string{"known", "wrong", "right"} {
			w.put(key, "content")
		}
		w.settle()
		require.Len(t, w.subjects(), 2)
		assert.Contains(t, w.subjects()[1], "CONTENT_MISMATCH")
		assert.Contains(t, w.subjects()[1], "/wrong")
		assert.NotContains(t, w.subjects()[1], "more")
		assert.NotContains(t, w.SNS.Published()[1].Message, "/known")
		assert.Equal(t, []string{"CONTENT_MISMATCH", "REPLICATION_FAILED"}, w.reasons())
	})
}

func TestTheWorkflowLooksBeforeS3sNotificationComes(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = failing
		start := w.Clock.Now()
		version := w.put("orders.dump", "content")
		firstLook := time.Duration(w.parameter("DeliveryDelaySeconds")+w.parameter("BatchWindowSeconds")) * time.Second
		time.Sleep(firstLook + time.Second)
		require.Empty(t, w.subjects(), "one look is given to the notification")
		w.notify(w.notification("orders.dump", version, "OBJECT_PUT", start, start.Add(time.Minute)))
		w.settle()
		assert.Len(t, w.subjects(), 1)
		assert.Contains(t, w.SNS.Published()[0].Message, "DstPutObjectNotPermitted")
		assert.Equal(t, []string{"REPLICATION_FAILED"}, w.reasons())
		assert.Equal(t, 2, w.summary(w.one()).Objects[0].Looks)
	}, unnotified)
}

func TestALostNotificationIsAlertedByTheWorkflow(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = failing
		w.put("orders.dump", "content")
		w.settle()
		require.Len(t, w.subjects(), 1)
		assert.Contains(t, w.SNS.Published()[0].Message, "S3 marked the replication of this version as FAILED")
		assert.Equal(t, []string{"REPLICATION_FAILED"}, w.reasons())
		assert.Equal(t, 2, w.summary(w.one()).Objects[0].Looks)
		put, taken := w.marks()
		assert.Equal(t, []int{0, 0}, []int{put, taken})
	}, unnotified)
}

func TestAMarkThatCannotBePutOrTakenCostsAnEMailAndNoSilence(t *testing.T) {
	for _, operation := range []string{"PutObject", "HeadObject", "DeleteObject"} {
		for _, status := range []int{403, 503} {
			t.Run(fmt.Sprint(operation, status), func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.S3.Replicate = failing
					w.S3.Fault = func(q s3.Request) *s3.Fault {
						if q.Operation == operation && strings.Contains(q.Bucket, "-work-") {
							return &s3.Fault{Status: status}
						}
						return nil
					}
					w.put("orders.dump", "content")
					w.settle()
					assert.Len(t, w.subjects(), 2)
					assert.Equal(t, []string{"REPLICATION_FAILED"}, w.reasons())
					assert.Empty(t, w.messages("failure-dlq"))
				})
			})
		}
	}
}

func TestARequeuedMessageThatFailsAgainIsAlertedAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = failing
		w.put("orders.dump", "content")
		w.settle()
		require.Len(t, w.subjects(), 1)
		w.move("validation-dlq", "validation-queue")
		assert.Len(t, w.subjects(), 2)
		assert.Equal(t, []string{"REPLICATION_FAILED"}, w.reasons())
	})
}

func TestANotificationAfterTheDeadlineIsNoSecondEMail(t *testing.T) {
	inWorld(t, func(w *world) {
		deadline := time.Duration(w.parameter("DeadlineMinutes")) * time.Minute
		w.S3.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Fail: true, Lag: deadline + time.Hour} }
		w.put("orders.dump", "content")
		w.settle()
		require.Equal(t, []string{"REPLICA_MISSING"}, w.reasons())
		require.Len(t, w.subjects(), 1)
		time.Sleep(2 * time.Hour)
		w.settle()
		assert.Len(t, w.subjects(), 1)
		put, _ := w.marks()
		assert.Zero(t, put)
		assert.Empty(t, w.messages("failure-queue"))
	})
}

func TestAReplicationThatFailsAroundTheDeadlineIsAlertedOnce(t *testing.T) {
	for _, early := range []time.Duration{20 * time.Minute, time.Minute, 0, -time.Minute, -2 * time.Minute, -3 * time.Minute} {
		t.Run(early.String(), func(t *testing.T) {
			inWorld(t, func(w *world) {
				deadline := time.Duration(w.parameter("DeadlineMinutes")) * time.Minute
				w.S3.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Fail: true, Lag: deadline - early} }
				w.put("orders.dump", "content")
				w.settle()
				time.Sleep(time.Hour)
				w.settle()
				assert.Len(t, w.subjects(), 1)
				assert.Len(t, w.parked(), 1)
			})
		})
	}
}

func TestAFailureOfMetadataIsAnEMailAndNoMark(t *testing.T) {
	inWorld(t, func(w *world) {
		start := w.Clock.Now()
		version := w.put("report.pdf", "content")
		w.settle()
		w.notify(w.notification("report.pdf", version, "OBJECT_TAGGING", start, start.Add(48*time.Hour)))
		w.settle()
		require.Len(t, w.subjects(), 1)
		assert.Contains(t, w.SNS.Published()[0].Message, "a change to this version that was made after its upload")
		put, _ := w.marks()
		assert.Zero(t, put)
		assert.Empty(t, w.parked())
	})
}

func TestANotificationThatCannotBeReadIsAlertedAndKept(t *testing.T) {
	inWorld(t, func(w *world) {
		w.notify(`{"Records":[]}`)
		w.settle()
		require.Len(t, w.subjects(), 1)
		assert.Contains(t, w.subjects()[0], "MALFORMED_EVENT")
		require.Len(t, w.parked(), 1)
		assert.Equal(t, `{"Records":[]}`, w.parked()[0].Body)
	})
}

func TestANotificationThatCannotBePublishedIsAlertedByTheWorkflow(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = failing
		var broken atomic.Bool
		broken.Store(true)
		w.SNS.Fault(func(sns.Publication) error {
			if broken.Load() {
				return errors.New("topic broken")
			}
			return nil
		})
		w.put("orders.dump", "content")
		time.Sleep(time.Minute)
		broken.Store(false)
		w.settle()
		put, _ := w.marks()
		assert.Equal(t, 1, put, "the queue handed it over again")
		assert.Empty(t, w.messages("failure-dlq"))
		assert.Len(t, w.subjects(), 2, "the workflow did not wait for the second try")
	})
}

func TestEveryPrimaryBucketTestsItsWayToTheFailureQueue(t *testing.T) {
	var log strings.Builder
	functionLog = &log
	defer func() { functionLog = nowhere }()
	inWorld(t, func(w *world) {
		w.settle()
		assert.Empty(t, w.subjects())
		assert.Empty(t, w.parked())
	})
	assert.Equal(t, 3, strings.Count(log.String(), "s3 tested that it reaches the queue"), "one for each category")
}

func TestNotificationsThatAreNotSupportedAreRejectedByName(t *testing.T) {
	_, err := deployed(t, replace("template.yaml", "s3:Replication:OperationFailedReplication", "s3:ObjectCreated:*"))
	assert.ErrorContains(t, err, "sending the event s3:ObjectCreated:* to a queue is not supported by the local S3")
	_, err = deployed(t, replace("template.yaml", "                Queue: !GetAtt FailureQueue.Arn\n", "                Queue: !GetAtt FailureQueue.Arn\n                Filter: {}\n"))
	assert.ErrorContains(t, err, "NotificationConfiguration.QueueConfigurations[0].Filter")
	_, err = deployed(t, replace("template.yaml", "                Queue: !GetAtt FailureQueue.Arn\n", "                Queue: arn:aws:sqs:eu-central-1:123456789012:gone\n"))
	assert.ErrorContains(t, err, "Unable to validate the following destination configurations")
}
