package audit

import (
	"cmp"

	"autobackup/internal/reason"
)

// Where a version is listed, as Item.On says.
const (
	OnPrimary = "primary"
	OnReplica = "replica"
	OnBoth    = "both"
)

// Item is a pair with what was concluded.
func (p Pair) Item(primary, replica string, c Conclusion) Item {
	row := p.Row()
	return Item{
		Primary: primary, Replica: replica, Key: row.Key, Version: row.VersionID, Marker: row.Marker, Size: row.Size,
		Modified: row.Modified, On: p.on(), Category: c.Category, Reason: c.Reason, Evidence: c.Evidence,
		Status: c.Status, Expires: c.Expires, Damaged: c.Damaged, Detail: c.Detail, Gone: c.Gone,
	}
}

// Item is a pair with what was concluded, and with what the rules say of it.
func (j Judge) Item(p Pair, c Conclusion) Item {
	i := p.Item(j.Bucket, j.Replica, c)
	i.Uncovered = i.On == OnPrimary && (!j.Rules.Leads() || !j.Rules.Covers(i.Key))
	return i
}

func (p Pair) on() string {
	switch {
	case p.Replica == nil:
		return OnPrimary
	case p.Primary == nil:
		return OnReplica
	default:
		return OnBoth
	}
}

// Row is the version as the primary lists it or, where that does not, the replica.
func (p Pair) Row() Row {
	if p.Primary != nil {
		return *p.Primary
	}
	return *p.Replica
}

// Listed says whether an item is told line by line; of others, the counts tell.
func (i Item) Listed() bool {
	return i.Category.Doubtful() || i.Category == Accepted
}

// Replicable says whether S3 Batch Replication can bring the version to the replica:
// a rule covers it now, and it was not replicated and then deleted there by its id.
// What people accepted is meant to be as it is, such as what was erased: a job must not
// bring that back. Of delete markers AWS does not say that a job takes them, and of what
// is itself a replica nobody knows whether its origin erased it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-batch-replication-batch.html
func (i Item) Replicable() bool {
	if i.Category == Accepted || i.Marker || i.Uncovered {
		return false
	}
	switch i.Reason {
	case reason.BeforeRule, reason.ReplicationFailed, reason.MissingNotLookedAt, reason.NullVersion:
		return i.On == OnPrimary
	case reason.TagsMatchNow: // where it was there and was deleted, the job says so
		return true
	case reason.ReplicaMissing:
		return cmp.Or(i.Status, pendingStatus) != completedStatus
	}
	return false
}

// Replicable is the item's own, but for what nobody looked at, and nobody looked at
// anything beside it: why it is missing is not known then, and S3 may refuse it.
func (j Judge) Replicable(i Item) bool {
	return i.Replicable() && (j.Level != Listed || i.Reason != reason.MissingNotLookedAt)
}

// Values of x-amz-replication-status
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html).
const (
	pendingStatus   = "PENDING"
	completedStatus = "COMPLETED"
	replicaStatus   = "REPLICA" // what replication brought
)
