package verdict

import (
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/text"
)

// missing judges a replica that does not have the version, by
// x-amz-replication-status of the primary
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html).
func (t trial) missing(r Replica) ruling {
	primary := t.look.Primary
	status := text.Line(primary.Replication, maxWord)
	detail := "the replica does not have the version; replication status " + orNone(status) + " after waits of " + t.progress.waited().String()
	if r.Detail != "" {
		detail += " (" + text.Line(r.Detail, MaxSideDetail) + ")"
	}
	late := t.late(r, detail)
	late.Status = status
	return late
}

func (t trial) late(r Replica, detail string) ruling {
	switch primary := t.look.Primary; primary.Replication {
	case replicaStatus: // S3 does not replicate replicas; an answer of the moment may still lag
		return untilLooks(t.progress.Looks, GraceLooks, failed(reason.ReplicaNotReplicated, detail))
	case completedStatus:
		gone := untilLooks(t.progress.Gone, GoneLooks, failed(reason.ReplicaMissing, detail))
		gone.Expires = r.Expires
		return gone
	case failedStatus:
		return t.gaveUp(r, detail)
	case "":
		if primary.Found == Object {
			return t.uncovered(r, detail)
		}
	}
	if told := t.event.GaveUp; told != nil && told.Destination == r.Bucket {
		return t.gaveUp(r, detail)
	}
	return t.untilDeadline(t.deadline(), failed(reason.ReplicaMissing, detail))
}

// deadline is for the version that the primary holds.
func (t trial) deadline() time.Duration {
	if t.look.Primary.Found == Marker {
		return t.policy.MarkerDeadline
	}
	return t.policy.DeadlineFor(t.look.Primary.Size)
}

// gaveUp judges a replica that S3 gave up to make. With several replicas missing
// which one it was can't be told by the status; a notification tells.
func (t trial) gaveUp(r Replica, detail string) ruling {
	ruling := failed(reason.ReplicationFailed, detail)
	switch told := t.event.GaveUp; {
	case told != nil && told.Destination == r.Bucket:
		ruling.Basis, ruling.Cause = NotificationBasis, told.Cause
		return ruling
	case t.look.gaveUp() && t.progress.GaveUp >= GaveUpLooks:
		return ruling
	}
	return t.untilDeadline(t.deadline(), ruling)
}

// archives are the storage classes from which S3 does not replicate
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html).
var archives = map[string]bool{"GLACIER": true, "DEEP_ARCHIVE": true}

// uncovered judges an object that S3 shows no replication status of: no rule
// takes it, or its status is not to be seen yet.
func (t trial) uncovered(r Replica, detail string) ruling {
	switch e, class := t.look.Primary.Encryption, t.look.Primary.Class; {
	case r.IgnoresKMS && (e == "aws:kms" || e == "aws:kms:dsse"):
		return untilLooks(t.progress.Looks, GraceLooks, failed(reason.LeftOut, "the rule leaves out objects encrypted with "+e+"; "+detail))
	case archives[class]:
		return untilLooks(t.progress.Looks, GraceLooks, failed(reason.LeftOut, "S3 does not replicate objects of storage class "+class+"; "+detail))
	}
	return untilLooks(t.progress.Looks, GraceLooks, failed(reason.NotReplicated, detail))
}

func orNone(status string) string {
	if status == "" {
		return "empty"
	}
	return status
}
