package alert

import (
	"fmt"
	"time"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
)

// ComposeReplication writes one alert for all failures that one message of S3
// tells, in S3's words and in plain ones. Its bounds are Compose's. Without
// failures the alert is empty.
func ComposeReplication(stage, messageID string, q Queues, failures []s3event.ReplicationFailure) batch.Alert {
	if len(failures) == 0 {
		return batch.Alert{}
	}
	items := make([]item, len(failures))
	for i, f := range failures {
		items[i] = replicationItem(messageID, f)
	}
	c := Context{Stage: stage, Queues: q}
	a := batch.Alert{Subject: subject(c, items)}
	top := fmt.Sprintf("S3 could not replicate %s in stage %s.\n", objects(len(items)), show(stage, 32))
	a.Message = message(top, afterReplication(c), items, MaxBytes-encoded(a))
	return a
}

func replicationItem(messageID string, f s3event.ReplicationFailure) item {
	words := causeOf(f.Cause)
	e := entry{
		code: reason.ReplicationFailed,
		what: "S3 gave up replicating this upload. " + words.what,
		why:  "This version exists in one region only. S3 does not try again by itself.",
		next: words.next + " Then replicate again with S3 Batch Replication, or upload the object again.",
	}
	if !f.Upload() {
		e.what = "S3 gave up replicating a change to this version that was made after its upload. " + words.what
		e.why = "The replica does not show the change. Whether the replica holds the content was judged at the upload."
		e.next = words.next + " Then make the change again, or replicate again with S3 Batch Replication."
	}
	object := f.ObjectVersion
	return item{
		entry: e, failed: batch.Failed{ID: messageID, Detail: finding(f)},
		object: &object, replicas: []side{{f.Destination, "region not told"}},
	}
}

// finding is what S3 said.
func finding(f s3event.ReplicationFailure) string {
	asked := "at a time that S3 does not tell"
	if !f.Requested.IsZero() {
		asked = "of " + f.Requested.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("failure reason %s; operation %s %s, rule %s, given up at %s",
		show(f.Cause, 80), show(f.Operation, 80), asked, show(f.Rule, 80), f.Time.UTC().Format(time.RFC3339))
}

// afterReplication says what becomes of the upload's own message.
func afterReplication(c Context) string {
	return "\nThe original messages\n\n" +
		"  The backup check looks at uploads by itself. Where the replica is still missing then, it parks the upload's\n" +
		"  message in the queue " + show(nameOf(c.Queues.DLQARN), 80) + ", without another e-mail. Once the cause is gone and the\n" +
		"  replica is there, have what is parked looked at again (this moves the whole queue):\n" +
		fmt.Sprintf("    aws sqs start-message-move-task%s --source-arn %s --destination-arn %s\n",
			inRegion(regionOf(c.Queues.DLQARN)), quote(c.Queues.DLQARN), quote(c.Queues.ValidationARN))
}
