package notify_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

const execution = "arn:aws:states:eu-central-1:123456789012:execution:autobackup-validation-test:6b1f8c1e"

// upload is the event of version key@1 of bucket docs.
func upload(key string) string {
	return fmt.Sprintf(`{"source":"aws.s3","detail-type":"Object Created","region":"eu-central-1","time":"2026-03-02T11:00:00Z","detail":{"bucket":{"name":"docs"},"object":{"key":%q,"version-id":"1","size":3}}}`, key)
}

// gaveUp is a record of a notification of S3.
func gaveUp(key, operation string) string {
	return fmt.Sprintf(`{"eventSource":"aws:s3","awsRegion":"eu-central-1","eventTime":"2026-03-02T11:01:00Z","eventName":"Replication:OperationFailedReplication",`+
		`"s3":{"bucket":{"name":"docs"},"object":{"key":%q,"size":3,"versionId":"1"}},`+
		`"replicationEventData":{"replicationRuleId":"all","destinationBucket":"arn:aws:s3:::docs-r","s3Operation":%q,"requestTime":"2026-03-02T11:00:00Z","failureReason":"DstBucketNotFound"}}`, key, operation)
}

func notification(records ...string) string {
	return `{"Records":[` + strings.Join(records, ",") + `]}`
}

func missing(key string) batch.Failed {
	return batch.Failed{ID: "m-" + key, Body: upload(key), Reason: reason.ReplicaMissing, Detail: "replica docs-r lacks it", Verdict: verdict.Verdict{
		Outcome: verdict.Failed, Reason: reason.ReplicaMissing,
		Replicas: []verdict.Entry{{Bucket: "docs-r", Region: "eu-west-1", Outcome: verdict.Failed, Reason: reason.ReplicaMissing, Status: "PENDING"}}}}
}

func report(t require.TestingT, failures ...batch.Failed) string {
	return encode(t, batch.Report{Execution: execution, Failures: failures})
}

// parked is a message of the validation DLQ.
func parked(t require.TestingT, key, alerts string) events.SQSMessage {
	f := missing(key)
	return events.SQSMessage{MessageId: "id-" + key, Body: f.Body, MessageAttributes: map[string]events.SQSMessageAttribute{
		"reason": str(string(f.Reason)), "detail": str(f.Detail), "facts": str(encode(t, f.Verdict)), "execution": str(execution), "alerts": num(alerts)}}
}

func message(body string) events.SQSMessage { return events.SQSMessage{MessageId: "id", Body: body} }

// values are what was sent to a queue, as body and attributes.
func values(sent []types.SendMessageBatchRequestEntry) (all []map[string]string) {
	for _, e := range sent {
		one := map[string]string{"body": *e.MessageBody}
		for name, a := range e.MessageAttributes {
			one[name] = *a.DataType + " " + aws.ToString(a.StringValue)
		}
		all = append(all, one)
	}
	return all
}

func TestAReportIsToldWithAllItsFacts(t *testing.T) {
	w := newWorld(t)
	failed, err := w.invoke(message(report(t, missing("a.txt"), missing("b.txt"))))
	require.NoError(t, err)
	assert.Empty(t, failed)
	require.Len(t, w.mails, 1)
	assert.Equal(t, []string{"single REPLICA_MISSING docs-r 2"}, w.told())
	news := w.mails[0].news
	assert.Equal(t, alert.Compose(stage, news), alert.Email{Subject: w.mails[0].subject, Message: w.mails[0].message})
	e := news.Causes[0].Examples[0]
	assert.Equal(t, []string{"m-a.txt", execution, "replica docs-r lacks it"}, []string{e.MessageID, e.Execution, e.Detail})
	assert.Equal(t, missing("a.txt").Verdict, e.Verdict)
	assert.Equal(t, 0, e.Alerts)
	assert.Empty(t, w.sent[dlq], "an execution parks what it reports")
	assert.Contains(t, w.log.String(), `level=INFO msg="report of failures" messageId=id execution=`+execution+" failures=2")
}

func TestAParkedMessageIsToldAgainAndPutBackAsItWas(t *testing.T) {
	w := newWorld(t)
	m := parked(t, "a.txt", "3")
	m.MessageAttributes["more"] = events.SQSMessageAttribute{DataType: "Binary", BinaryValue: []byte("x")}
	failed, err := w.invoke(m)
	require.NoError(t, err)
	assert.Empty(t, failed)
	require.Len(t, w.mails, 1)
	e := w.mails[0].news.Causes[0].Examples[0]
	assert.Equal(t, "s3://docs/a.txt@1", e.Object.URI())
	e.Object = nil
	assert.Equal(t, told.Example{MessageID: "id-a.txt", Execution: execution, Detail: "replica docs-r lacks it", Verdict: missing("a.txt").Verdict, Alerts: 3}, e)
	require.Len(t, w.sent[dlq], 1)
	assert.Equal(t, []byte("x"), w.sent[dlq][0].MessageAttributes["more"].BinaryValue)
	assert.Nil(t, w.sent[dlq][0].MessageAttributes["more"].StringValue)
	assert.Equal(t, []map[string]string{{"body": upload("a.txt"), "reason": "String REPLICA_MISSING", "detail": "String replica docs-r lacks it",
		"facts": "String " + encode(t, missing("a.txt").Verdict), "execution": "String " + execution, "alerts": "Number 4", "more": "Binary "}}, values(w.sent[dlq]))
	assert.Contains(t, w.log.String(), `level=INFO msg="parked message, to be told of again" messageId=id-a.txt reason=REPLICA_MISSING execution=`+execution+" alerts=3")
}

func TestAParkedMessageIsNewsAlthoughItWasTold(t *testing.T) {
	w := newWorld(t)
	_, err := w.invoke(message(report(t, missing("a"))))
	require.NoError(t, err)
	w.now = w.now.Add(time.Hour)
	_, err = w.invoke(parked(t, "a", "1"))
	require.NoError(t, err)
	assert.Equal(t, []string{"single REPLICA_MISSING docs-r 1", "single REPLICA_MISSING docs-r 1"}, w.told())
}

func TestWhatAnExecutionCouldNotSettleIsTold(t *testing.T) {
	again := batch.Message{ID: "m-c", Body: upload("c"), Again: true}
	stopped := batch.Report{Execution: execution, Unsettled: [][]batch.Message{
		{{ID: "m-a", Body: upload("a")}}, {}, {{ID: "m-b", Body: upload("b")}, again}}}
	for name, cause := range map[string]*batch.Error{"Lambda.Unknown": {Error: "Lambda.Unknown", Cause: "..."}, "unknown error": nil} {
		w := newWorld(t)
		stopped.Error = cause
		w.put(encode(t, stopped), nil, 0)
		w.settle()
		require.Equal(t, []string{"single WORKFLOW_ERROR 3"}, w.told())
		var got []string
		for _, e := range w.mails[0].news.Causes[0].Examples {
			got = append(got, e.MessageID+" "+e.Object.Key+" "+e.Execution+": "+e.Detail)
		}
		of := execution + ": the workflow stopped before a verdict: " + name
		assert.Equal(t, []string{"m-a a " + of, "m-b b " + of, "m-c c " + of}, got)
		assert.Empty(t, w.sent[dlq], "an execution parks what it reports")
		w.put(encode(t, stopped), nil, 0)
		w.settle()
		assert.Len(t, w.mails, 1)
		stopped.Unsettled[2][1].ID = "moved"
		w.put(encode(t, stopped), nil, 0)
		w.settle()
		assert.Len(t, w.mails, 2, "somebody had it looked at again")
		stopped.Unsettled[2][1].ID = "m-c"
	}
	w := newWorld(t)
	w.put(encode(t, batch.Report{Unsettled: stopped.Unsettled, Failures: []batch.Failed{missing("d")}}), nil, 0)
	w.put(`{"unsettled":[]}`, nil, 0)
	w.settle()
	assert.Equal(t, []string{"single REPLICA_MISSING docs-r 1", "single WORKFLOW_ERROR 3"}, w.told())
	assert.Empty(t, w.sent[dlq])
}

func TestWhatAParkedMessageLacksIsMadeUp(t *testing.T) {
	const notParked = "could not be processed: no execution parked the message, so it came to the dead-letter queue without a verdict"
	tests := map[string]struct {
		attributes map[string]events.SQSMessageAttribute
		reason     reason.Code
		detail     string
		alerts     int
		back       map[string]string
	}{
		"moved by SQS, after its receives": {nil, reason.WorkflowError, notParked, 0, map[string]string{"reason": "String WORKFLOW_ERROR", "alerts": "Number 1"}},
		"told of again after that": {map[string]events.SQSMessageAttribute{"reason": str("WORKFLOW_ERROR"), "alerts": num("1")},
			reason.WorkflowError, notParked, 1, map[string]string{"reason": "String WORKFLOW_ERROR", "alerts": "Number 2"}},
		"an execution that broke": {map[string]events.SQSMessageAttribute{"reason": str("WORKFLOW_ERROR"), "execution": str(execution)},
			reason.WorkflowError, "", 0, map[string]string{"reason": "String WORKFLOW_ERROR", "execution": "String " + execution, "alerts": "Number 1"}},
		"a detail of its own": {map[string]events.SQSMessageAttribute{"detail": str("mine")},
			reason.WorkflowError, "mine", 0, map[string]string{"reason": "String WORKFLOW_ERROR", "detail": "String mine", "alerts": "Number 1"}},
		"facts that were cut, a number that is none": {map[string]events.SQSMessageAttribute{"reason": str("ARCHIVED"), "facts": str(`{"verdict":"failed","reason":"X","replicas":[`), "alerts": str("many")},
			reason.Archived, "", 0, map[string]string{"reason": "String ARCHIVED", "facts": `String {"verdict":"failed","reason":"X","replicas":[`, "alerts": "Number 1"}},
		"edited since": {map[string]events.SQSMessageAttribute{"reason": str("CONTENT_MISMATCH"), "detail": str("theirs"), "facts": str(`{"verdict":"failed","reason":"CONTENT_MISMATCH"}`), "sum": str("0a0a0a0a")},
			reason.WorkflowError, "the message was edited after it was parked, so what it was parked with says nothing of it: move it to the validation queue to have it looked at", 0, map[string]string{"reason": "String CONTENT_MISMATCH", "detail": "String theirs", "facts": `String {"verdict":"failed","reason":"CONTENT_MISMATCH"}`,
				"sum": "String " + "0a0a0a0a", "alerts": "Number 1"}},
		"as it was parked": {map[string]events.SQSMessageAttribute{"reason": str("ARCHIVED"), "detail": str("theirs"), "sum": str(batch.Sum(upload("a")))},
			reason.Archived, "theirs", 0, map[string]string{"reason": "String ARCHIVED", "detail": "String theirs", "sum": "String " + batch.Sum(upload("a")), "alerts": "Number 1"}},
		"facts of another form": {map[string]events.SQSMessageAttribute{"reason": str("ARCHIVED"), "facts": str(`{"verdict":"failed","reason":"X","replicas":7}`)},
			reason.Archived, "", 0, map[string]string{"reason": "String ARCHIVED", "facts": `String {"verdict":"failed","reason":"X","replicas":7}`, "alerts": "Number 1"}},
		"a number that is too large": {map[string]events.SQSMessageAttribute{"reason": str("ARCHIVED"), "alerts": num("99999999999999999999")},
			reason.Archived, "", 0, map[string]string{"reason": "String ARCHIVED", "alerts": "Number 1"}},
		"a number that nobody counts to": {map[string]events.SQSMessageAttribute{"reason": str("ARCHIVED"), "alerts": num("-5")},
			reason.Archived, "", 0, map[string]string{"reason": "String ARCHIVED", "alerts": "Number 1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			failed, err := w.invoke(events.SQSMessage{MessageId: "id", Body: upload("a"), MessageAttributes: tt.attributes})
			require.NoError(t, err)
			assert.Empty(t, failed)
			require.Len(t, w.mails, 1)
			c := w.mails[0].news.Causes[0]
			assert.Equal(t, tt.reason, c.Reason)
			assert.Equal(t, tt.detail, c.Examples[0].Detail)
			assert.Equal(t, verdict.Verdict{Outcome: verdict.Failed, Reason: tt.reason, Detail: tt.detail}, c.Examples[0].Verdict)
			assert.Equal(t, tt.alerts, c.Examples[0].Alerts)
			tt.back["body"] = upload("a")
			assert.Equal(t, []map[string]string{tt.back}, values(w.sent[dlq]))
		})
	}
}

func TestAParkedMessageMayLookLikeAnything(t *testing.T) {
	for _, body := range []string{notification(gaveUp("a", "OBJECT_PUT")), report(t, missing("a")), `{"wakeUp":"2026-03-02T12:00:00Z"}`, "scrambled"} {
		w := newWorld(t)
		m := parked(t, "a", "1")
		m.Body = body
		_, err := w.invoke(m)
		require.NoError(t, err)
		require.Len(t, w.sent[dlq], 1)
		assert.Equal(t, body, *w.sent[dlq][0].MessageBody)
		assert.Empty(t, w.sent[validation])
		assert.Equal(t, []string{"single REPLICA_MISSING docs-r 1"}, w.told())
	}
}

func TestAMessageThatWasToldOftenEnoughIsPutBackWithoutAnEmail(t *testing.T) {
	for alerts, mails := range map[string]int{fmt.Sprint(alert.MaxAlerts - 1): 1, fmt.Sprint(alert.MaxAlerts): 0, "4711": 0} {
		w := newWorld(t)
		_, err := w.invoke(parked(t, "a", alerts))
		require.NoError(t, err)
		assert.Len(t, w.mails, mails)
		require.Len(t, w.sent[dlq], 1)
		back := values(w.sent[dlq])[0]
		assert.Equal(t, upload("a"), back["body"])
		if mails == 0 {
			assert.Equal(t, "Number "+alerts, back["alerts"])
			assert.Contains(t, w.log.String(), `level=WARN msg="no e-mail: operators were told of this message often enough" messageId=id-a reason=REPLICA_MISSING execution=`+execution+" alerts="+alerts)
		}
	}
}

func TestANotificationIsLookedAtLikeAnUpload(t *testing.T) {
	w := newWorld(t)
	two := notification(gaveUp("b", "OBJECT_PUT"), gaveUp("c", "OBJECT_TAGGING"))
	failed, err := w.invoke(message(notification(gaveUp("a", "OBJECT_PUT"))), message(two), message(`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put"}]}`))
	require.NoError(t, err)
	assert.Empty(t, failed)
	var bodies []string
	for _, e := range w.sent[validation] {
		bodies = append(bodies, *e.MessageBody)
		assert.EqualValues(t, 1, e.DelaySeconds, "without a delay, SQS would take the queue's, and the SDK sends none of 0")
		assert.Empty(t, e.MessageAttributes)
	}
	assert.ElementsMatch(t, []string{notification(gaveUp("a", "OBJECT_PUT")), notification(gaveUp("b", "OBJECT_PUT")), notification(gaveUp("c", "OBJECT_TAGGING")),
		`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put"}]}`}, bodies)
	assert.Equal(t, []string{"Send validation-queue-test"}, w.calls, "nothing is told before it was looked at")
	assert.Contains(t, w.log.String(), `level=INFO msg="notification of s3" messageId=id records=2`)
}

func TestANotificationThatIsTooLongIsToldAsItIs(t *testing.T) {
	long := strings.Repeat("k", maxMessage)
	const unlooked = "S3's notification is too long for the validation queue, so neither side was looked at"
	for operation, basis := range map[string]verdict.Basis{"OBJECT_PUT": verdict.NotificationBasis, "OBJECT_TAGGING": verdict.ChangeBasis} {
		w := newWorld(t)
		body := notification(gaveUp(long[:1000], operation))
		body = strings.Replace(body, `"all"`, `"`+long+`"`, 1)
		failed, err := w.invoke(message(body), message(notification(gaveUp("short", "OBJECT_PUT"))))
		require.NoError(t, err)
		assert.Empty(t, failed)
		require.Len(t, w.sent[validation], 1)
		assert.Equal(t, []string{"single REPLICATION_FAILED docs-r DstBucketNotFound 1"}, w.told())
		e := w.mails[0].news.Causes[0].Examples[0]
		want := verdict.Verdict{Outcome: verdict.Failed, Reason: reason.ReplicationFailed, Replicas: []verdict.Entry{{
			Bucket: "docs-r", Outcome: verdict.Failed, Reason: reason.ReplicationFailed, Basis: basis, Cause: "DstBucketNotFound", Detail: unlooked}}}
		assert.Equal(t, want, e.Verdict)
		assert.Equal(t, unlooked, e.Detail)
		assert.Equal(t, "id", e.MessageID)
		assert.Equal(t, "s3://docs/"+long[:1000]+"@1", e.Object.URI())
		assert.Equal(t, []map[string]string{{"body": body, "reason": "String REPLICATION_FAILED", "detail": "String " + unlooked,
			"facts": "String " + encode(t, want), "alerts": "Number 1"}}, values(w.sent[dlq]))
	}
}

func TestSeveralNotificationsThatAreTooLongAreAllParked(t *testing.T) {
	w := newWorld(t)
	long := func(key string) string {
		cause := strings.Repeat("C", maxMessage) + "\uffff"
		return strings.Replace(gaveUp(key, "OBJECT_PUT"), "DstBucketNotFound", cause, 1)
	}
	_, err := w.invoke(message(notification(long("a"), long("b"))))
	require.NoError(t, err)
	require.Len(t, w.sent[dlq], 2)
	for _, sent := range values(w.sent[dlq]) {
		assert.Contains(t, sent["facts"], `CCC..."`, "cut, and of characters that SQS takes")
		assert.Less(t, len(sent["facts"]), 700)
	}
}

func TestATooLongNotificationThatIsNoneIsMalformed(t *testing.T) {
	w := newWorld(t)
	body := `{"Records":[{"eventSource":"` + strings.Repeat("x", maxMessage) + `"}]}`
	_, err := w.invoke(message(body))
	require.NoError(t, err)
	assert.Equal(t, []string{"single MALFORMED_EVENT 1"}, w.told())
	require.Len(t, w.sent[dlq], 1)
	back := values(w.sent[dlq])[0]
	assert.Equal(t, body, back["body"])
	assert.Contains(t, back["detail"], "malformed event: eventSource is ")
}

func TestS3sTestIsLoggedAndNothingElse(t *testing.T) {
	w := newWorld(t)
	failed, err := w.invoke(message(`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"docs"}`))
	require.NoError(t, err)
	assert.Empty(t, failed)
	assert.Empty(t, w.calls)
	assert.Contains(t, w.log.String(), `level=INFO msg="s3 tested that it reaches the queue" messageId=id bucket=docs`)
}

func TestWhateverElseComesIsToldAndParked(t *testing.T) {
	for body, detail := range map[string]string{
		"scrambled": "malformed event: ", "{}": "malformed event: source is missing", `{"failures":null}`: "malformed event: ", `{"failures":[{"messageId":7}]}`: "malformed event: ",
		`{"wakeUp":"soon"}`: "malformed event: ", `{"source":"aws.ec2"}`: `malformed event: source is "aws.ec2"`,
	} {
		t.Run(body, func(t *testing.T) {
			w := newWorld(t)
			failed, err := w.invoke(message(body))
			require.NoError(t, err)
			assert.Empty(t, failed)
			assert.Equal(t, []string{"single MALFORMED_EVENT 1"}, w.told())
			e := w.mails[0].news.Causes[0].Examples[0]
			assert.Equal(t, body, e.Begins)
			assert.Contains(t, e.Detail, detail)
			assert.Equal(t, "id", e.MessageID)
			assert.Equal(t, []map[string]string{{"body": body, "reason": "String MALFORMED_EVENT", "detail": "String " + e.Detail, "alerts": "Number 1"}}, values(w.sent[dlq]))
			assert.Contains(t, w.log.String(), `level=WARN msg="message that is none of this queue's" messageId=id error="malformed event: `)
		})
	}
}

func TestWhatIsToldTwiceIsOneEmail(t *testing.T) {
	w := newWorld(t)
	m := message(report(t, missing("a")))
	for range 3 {
		_, err := w.invoke(m, m)
		require.NoError(t, err)
		w.now = w.now.Add(time.Hour)
	}
	assert.Equal(t, []string{"single REPLICA_MISSING docs-r 1"}, w.told())
	again := missing("a")
	again.Again, again.ID = true, "moved"
	_, err := w.invoke(message(report(t, again)))
	require.NoError(t, err)
	assert.Len(t, w.mails, 2, "somebody had it looked at again")
}

func TestAnExecutionWithoutFailuresIsNoNews(t *testing.T) {
	w := newWorld(t)
	failed, err := w.invoke(message(`{"execution":"x","failures":[]}`))
	require.NoError(t, err)
	assert.Empty(t, failed)
	assert.Empty(t, w.calls)
	_, err = w.invoke()
	require.NoError(t, err)
}
