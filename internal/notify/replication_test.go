package notify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// gaveUp is a record of S3's notification about a version of an upload asked for
// at 09:00, in JSON.
func gaveUp(key, operation, at string) string {
	return fmt.Sprintf(`{"eventSource":"aws:s3","eventName":"Replication:OperationFailedReplication","awsRegion":"eu-central-1",`+
		`"eventTime":"2026-03-02T%sZ","s3":{"bucket":{"name":"docs"},"object":{"key":%q,"size":3,"versionId":"v1"}},`+
		`"replicationEventData":{"replicationRuleId":"everything","destinationBucket":"arn:aws:s3:::docs-r","s3Operation":%q,`+
		`"requestTime":"2026-03-02T09:00:00Z","failureReason":"DstKmsKeyNotFound"}}`, at, key, operation)
}

func notification(records ...string) events.SQSMessage {
	return events.SQSMessage{MessageId: "id-s3", Body: `{"Records":[` + strings.Join(records, ",") + `]}`}
}

func TestAFailedReplicationIsAlertedThenMarkedAndNotPutBack(t *testing.T) {
	s := &stack{}
	log, failed := run(t, s, notification(gaveUp("a+%2B.txt", "OBJECT_PUT", "09:01:00")))
	assert.Empty(t, failed)
	assert.Equal(t, []string{"publish", "mark"}, s.calls)
	assert.Equal(t, []string{"s3://docs/a +.txt@v1 to docs-r"}, s.marks)
	assert.Contains(t, s.mails[0], "[test] Backup check failed: REPLICATION_FAILED s3://docs/a +.txt\n")
	assert.Contains(t, s.mails[0], "DstKmsKeyNotFound")
	assert.Contains(t, log, `msg="alerted of a failed replication" messageId=id-s3 bucket=docs key="a +.txt" version=v1 destination=docs-r operation=OBJECT_PUT failureReason=DstKmsKeyNotFound`)
}

func TestWhatS3NotifiesDecidesWhatIsDone(t *testing.T) {
	tests := map[string]struct {
		record events.SQSMessage
		calls  string
		log    string
	}{
		"metadata is alerted and leaves no mark": {notification(gaveUp("a", "OBJECT_TAGGING", "09:01:00")), "publish", "alerted of a failed replication"},
		"metadata has no deadline":               {notification(gaveUp("a", "OBJECT_TAGGING", "12:00:00")), "publish", "alerted of a failed replication"},
		"an upload at the deadline is alerted":   {notification(gaveUp("a", "OBJECT_PUT", "10:00:00")), "publish mark", "alerted of a failed replication"},
		"an upload after the deadline is logged": {notification(gaveUp("a", "OBJECT_PUT", "10:00:01")), "", "no e-mail: s3 gave up after the deadline, at which the validation alerts"},
		"several are one e-mail": {notification(gaveUp("a", "OBJECT_PUT", "09:01:00"), gaveUp("b", "OBJECT_PUT", "11:00:00"), gaveUp("c", "OBJECT_PUT", "09:01:00")),
			"publish mark mark", "alerted of a failed replication"},
		"a test is logged": {events.SQSMessage{MessageId: "id-s3", Body: `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"docs"}`}, "",
			`msg="s3 tested that it reaches the queue" messageId=id-s3 bucket=docs`},
		"what can't be read is alerted and kept": {notification("{}"), "publish send", "reason=MALFORMED_EVENT"},
		"a parked message may look like a notification": {func() events.SQSMessage {
			m := notification(gaveUp("a", "OBJECT_PUT", "09:01:00"))
			m.MessageAttributes = parked("a", "1").MessageAttributes
			return m
		}(), "publish send", "reason=SIZE_MISMATCH"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &stack{}
			log, failed := run(t, s, tt.record)
			assert.Empty(t, failed)
			assert.Equal(t, tt.calls, strings.Join(s.calls, " "))
			assert.Contains(t, log, tt.log)
			for _, sent := range s.sent {
				assert.Equal(t, tt.record.Body, *sent.MessageBody)
			}
		})
	}
}

func TestANotificationThatCannotBePublishedStaysAndLeavesNoMark(t *testing.T) {
	s := &stack{failMail: "docs/a"}
	log, failed := run(t, s, notification(gaveUp("a", "OBJECT_PUT", "09:01:00")), parked("b.txt", "1"))
	assert.Equal(t, []string{"id-s3"}, failed)
	assert.Empty(t, s.marks)
	assert.Contains(t, log, "publish the alert about message id-s3 to "+topic+": publish refused")
	assert.Len(t, s.sent, 1, "invariant 2: its batch mate is done")
}

func TestAMarkThatCannotBePutIsNoReasonToAlertAgainAndAgain(t *testing.T) {
	s := &stack{failMark: true}
	log, failed := run(t, s, notification(gaveUp("a", "OBJECT_PUT", "09:01:00")))
	assert.Empty(t, failed)
	require.Len(t, s.mails, 1)
	assert.Contains(t, log, `level=WARN msg="no mark: operators will be alerted again by the validation" messageId=id-s3 error="mark refused"`)
}
