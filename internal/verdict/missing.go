package verdict

import (
	"cmp"
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/text"
)

// missing judges a replica that does not have the version.
func (t trial) missing(r Replica) ruling {
	detail := "the replica does not have the version; replication status " + cmp.Or(t.status(), "empty")
	switch waited := t.progress.waited(); {
	case t.progress.Aged:
		detail += ", " + waited.Truncate(time.Minute).String() + " after it was made"
	case waited > 0:
		detail += " after waits of " + waited.String()
	}
	if r.Detail != "" {
		detail += " (" + text.Line(r.Detail, MaxSideDetail) + ")"
	}
	late := t.late(r, detail)
	late.Status = t.status()
	return late
}

// late goes by x-amz-replication-status of the primary
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html)
// and by what S3 told. A notification may come late: where S3 shows that it
// replicated the version since, the notification no longer counts.
func (t trial) late(r Replica, detail string) ruling {
	primary := t.look.Primary
	leftOut := t.leftOut(r)
	switch {
	case leftOut != "":
		return untilLooks(t.progress.Looks, GraceLooks, failed(reason.LeftOut, leftOut+"; "+detail))
	case primary.Replication == completedStatus && r.ByTag:
		return untilLooks(t.progress.Gone, GoneLooks, failed(reason.TagsMatchNow, detail))
	case primary.Replication == completedStatus:
		gone := untilLooks(t.progress.Gone, GoneLooks, failed(reason.ReplicaMissing, detail))
		gone.Expires = r.Expires
		return gone
	case t.told(r) && t.event.GaveUp.about(primary):
		told := failed(reason.ReplicationFailed, detail)
		told.Basis, told.Cause = NotificationBasis, t.event.GaveUp.Cause
		return told
	case primary.Replication == replicaStatus: // S3 does not replicate replicas; an answer of the moment may still lag
		return untilLooks(t.progress.Looks, GraceLooks, failed(reason.ReplicaNotReplicated, detail))
	case t.look.gaveUp() && t.progress.GaveUp >= GaveUpLooks:
		return failed(reason.ReplicationFailed, detail)
	case primary.Replication == failedStatus:
		return t.untilDeadline(failed(reason.ReplicationFailed, detail))
	case primary.Replication == "" && r.ByTag:
		return untilLooks(t.progress.Looks, GraceLooks, failed(reason.TagsMatchNow, detail))
	case primary.Replication == "" && primary.Found == Object:
		return untilLooks(t.progress.Looks, GraceLooks, failed(reason.NotReplicated, detail))
	default:
		return t.untilDeadline(failed(reason.ReplicaMissing, detail))
	}
}

// about says whether S3 gave up making the version itself. What it calls a change
// made later is the version where that is a delete marker, which nothing changes.
func (g GaveUp) about(primary Side) bool { return !g.Change || primary.Found == Marker }

// archives are the storage classes from which S3 does not replicate
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html).
var archives = map[string]bool{"GLACIER": true, "DEEP_ARCHIVE": true}

// leftOut says what about the object keeps the rule from taking it; empty where
// nothing is known to. A replication status shows that a rule takes it: of one
// replica its own rule, of several any. An object moved to an archive after its
// upload has a status, too.
func (t trial) leftOut(r Replica) string {
	primary := t.look.Primary
	kms := primary.Encryption == "aws:kms" || primary.Encryption == "aws:kms:dsse"
	switch taken := primary.Replication != ""; {
	case r.IgnoresKMS && kms && (!taken || len(t.look.Replicas) > 1):
		return "the rule leaves out objects encrypted with " + primary.Encryption
	case archives[primary.Class] && !taken:
		return "S3 does not replicate objects of storage class " + primary.Class
	}
	return ""
}

// status is x-amz-replication-status of the primary as a fact of an entry.
func (t trial) status() string { return text.Line(t.look.Primary.Replication, maxWord) }
