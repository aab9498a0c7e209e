package notify

import (
	"context"

	"autobackup/internal/alert"
	"autobackup/internal/s3event"
)

// replicationFailed alerts at once about all that one message tells, then leaves
// a mark for each upload. In this order, an invocation that ends in between costs
// a second alert, never the only one.
func (n Notifier) replicationFailed(ctx context.Context, messageID string, failures []s3event.ReplicationFailure) error {
	var news []s3event.ReplicationFailure
	for _, f := range failures {
		if f.Upload() && f.After(n.Policy.DeadlineFor(f.Size)) {
			n.log(ctx, "no e-mail: s3 gave up after the deadline, at which the validation alerts", messageID, f)
			continue
		}
		news = append(news, f)
	}
	if len(news) == 0 {
		return nil
	}
	if err := n.publish(ctx, messageID, alert.ComposeReplication(n.Stage, messageID, n.Queues, news)); err != nil {
		return err
	}
	for _, f := range news {
		n.log(ctx, "alerted of a failed replication", messageID, f)
		if !f.Upload() {
			continue
		}
		if err := n.Marks.Put(ctx, f.ObjectVersion, f.Destination); err != nil {
			n.Log.WarnContext(ctx, "no mark: operators will be alerted again by the validation", "messageId", messageID, "error", err.Error())
		}
	}
	return nil
}

func (n Notifier) log(ctx context.Context, text, messageID string, f s3event.ReplicationFailure) {
	n.Log.WarnContext(ctx, text, "messageId", messageID, "bucket", f.Bucket, "key", f.Key, "version", f.VersionID,
		"destination", f.Destination, "operation", f.Operation, "failureReason", f.Cause)
}
