package local_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/s3"
	"autobackup/local/sqs"
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

func TestAFailedReplicationIsOneEMailWithS3sReasonWithinMinutes(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = failing
		start := w.Clock.Now()
		w.put("orders/annual report +%2F.dump", "content")
		w.settle()
		require.Len(t, w.SNS.Published(), 1)
		mail := w.SNS.Published()[0]
		assert.Equal(t, "[dev] Backup check failed: REPLICATION_FAILED s3://autobackup-dev-primary-docum... report +%2F.dump", mail.Subject)
		assert.Contains(t, mail.Message, "DstPutObjectNotPermitted")
		assert.Less(t, mail.Time.Sub(start), 3*time.Minute)

		assert.Equal(t, []string{"REPLICATION_FAILED", "REPLICATION_FAILED"}, w.reasons(), "the upload's message, and S3's notification")
		for _, line := range w.settled() {
			assert.Equal(t, reason.ReplicationFailed, line.Reason)
		}
		assert.Empty(t, w.messages("failure-dlq"))
		assert.Empty(t, w.messages("failure-queue"))
	})
}

func TestWhatOneEMailToldQuietsOnlyItsOwnVersion(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(r s3.Replication) s3.Plan {
			return map[string]s3.Plan{"known": {Fail: true}, "wrong": {Corrupt: s3.FlipBit}}[r.Key]
		}
		for _, key := range []string{"known", "wrong", "right"} {
			w.put(key, "content")
		}
		w.settle()
		var all strings.Builder
		for _, p := range w.SNS.Published() {
			all.WriteString(p.Message)
		}
		assert.Contains(t, all.String(), "/wrong")
		assert.Contains(t, all.String(), "/known")
		assert.NotContains(t, all.String(), "/right")
		assert.Equal(t, []string{"CONTENT_MISMATCH", "REPLICATION_FAILED", "REPLICATION_FAILED"}, w.reasons())
	})
}

func TestALostNotificationIsToldByTheValidation(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = failing
		w.put("orders.dump", "content")
		w.settle()
		require.Len(t, w.subjects(), 1)
		assert.Contains(t, w.subjects()[0], "REPLICATION_FAILED")
		assert.Equal(t, []string{"REPLICATION_FAILED"}, w.reasons())
		assert.Equal(t, verdict.GaveUpLooks, w.summary(w.one()).Objects[0].Looks, "some looks are given to the notification")
	}, unnotified)
}

func TestANotificationThatComesLateRepeatedOrInVainIsNoSecondEMail(t *testing.T) {
	tests := map[string]struct {
		plan    s3.Plan
		send    func(w *world, version string)
		reasons []string
		mails   int
	}{
		"repeated": {s3.Plan{Fail: true}, func(w *world, version string) {
			for range 3 {
				w.notify(w.notification("k", version, "OBJECT_PUT", w.Clock.Now(), w.Clock.Now()))
				w.settle()
			}
		}, []string{"REPLICATION_FAILED", "REPLICATION_FAILED", "REPLICATION_FAILED", "REPLICATION_FAILED"}, 1},
		"later than the e-mail": {s3.Plan{Fail: true}, func(w *world, version string) {
			time.Sleep(5 * time.Hour)
			w.notify(w.notification("k", version, "OBJECT_PUT", w.Clock.Now(), w.Clock.Now()))
		}, []string{"REPLICATION_FAILED", "REPLICATION_FAILED"}, 1},
		"after the deadline": {s3.Plan{Fail: true, Lag: 6 * time.Hour}, func(w *world, version string) {
			time.Sleep(7 * time.Hour)
			w.notify(w.notification("k", version, "OBJECT_PUT", w.Clock.Now(), w.Clock.Now()))
		}, []string{"REPLICATION_FAILED", "REPLICA_MISSING"}, 1},
		"overtaken by the replica": {s3.Plan{Lag: 2 * time.Minute}, func(w *world, version string) {
			w.notify(w.notification("k", version, "OBJECT_PUT", w.Clock.Now(), w.Clock.Now()))
		}, nil, 0},
		"about a source that is gone": {s3.Plan{Lag: time.Hour}, func(w *world, version string) {
			w.remove("k", version)
			w.notify(w.notification("k", version, "OBJECT_PUT", w.Clock.Now(), w.Clock.Now()))
		}, nil, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.S3.Replicate = func(s3.Replication) s3.Plan { return tt.plan }
				version := w.put("k", "content")
				w.settle()
				tt.send(w, version)
				w.settle()
				assert.ElementsMatch(t, tt.reasons, w.reasons())
				assert.Len(t, w.subjects(), tt.mails)
				assert.Empty(t, w.messages("failure-dlq"))
			}, unnotified)
		})
	}
}

func TestANotificationWhoseSourceIsStillThereIsToldAtOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Lag: 3 * time.Hour} }
		version := w.put("k", "content")
		start := w.Clock.Now()
		w.notify(w.notification("k", version, "OBJECT_PUT", start, start))
		w.settle()
		require.NotEmpty(t, w.SNS.Published())
		mail := w.SNS.Published()[0]
		assert.Contains(t, mail.Message, "DstPutObjectNotPermitted")
		assert.Less(t, mail.Time.Sub(start), 3*time.Minute)
	}, unnotified)
}

func TestARequeuedMessageThatFailsAgainIsToldAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		w.corrupted(s3.FlipBit)
		w.put("orders.dump", "content")
		w.settle()
		require.Len(t, w.subjects(), 1)
		w.move("validation-dlq", "validation-queue")
		assert.Len(t, w.subjects(), 2)
		assert.Equal(t, []string{"CONTENT_MISMATCH"}, w.reasons())
	})
}

func TestAReplicationThatFailsAroundTheDeadlineIsToldOnce(t *testing.T) {
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
				assert.Len(t, w.parked(), 2)
			})
		})
	}
}

func TestAFailureOfAChangeIsToldWithTheUploadsVerdictUntouched(t *testing.T) {
	inWorld(t, func(w *world) {
		start := w.Clock.Now()
		version := w.put("report.pdf", "content")
		w.settle()
		w.notify(w.notification("report.pdf", version, "OBJECT_TAGGING", start, start.Add(48*time.Hour)))
		w.settle()
		require.Len(t, w.subjects(), 1)
		assert.Contains(t, w.SNS.Published()[0].Message, "after its upload")
		assert.Equal(t, []string{"REPLICATION_FAILED"}, w.reasons())
	})
}

func TestANotificationThatCannotBeReadIsToldAndKept(t *testing.T) {
	inWorld(t, func(w *world) {
		w.notify(`{"Records":[]}`)
		w.settle()
		require.Len(t, w.subjects(), 1)
		assert.Contains(t, w.subjects()[0], "MALFORMED_EVENT")
		require.Len(t, w.parked(), 1)
		assert.Equal(t, `{"Records":[]}`, w.parked()[0].Body)
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
	_, err := deployed(t, replace("template.yaml", "s3:Replication:OperationFailedReplication", "s3:Replication:Nothing"))
	assert.ErrorContains(t, err, "The event is not supported for notifications")
	_, err = deployed(t, replace("template.yaml", "                Queue: !GetAtt FailureQueue.Arn\n", "                Queue: !GetAtt FailureQueue.Arn\n                Filter: {}\n"))
	assert.ErrorContains(t, err, "NotificationConfiguration.QueueConfigurations[0].Filter")
	_, err = deployed(t, replace("template.yaml", "                Queue: !GetAtt FailureQueue.Arn\n", "                Queue: !Sub arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:gone\n"))
	assert.ErrorContains(t, err, "Unable to validate the following destination configurations")
}
