package explain

import (
	"strings"

	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
)

// deleted says whether the version is gone from the replica after S3 had replicated it.
func (c *subject) deleted() bool {
	switch c.item.Reason {
	case reason.ReplicaMissing, reason.MarkerMissing:
		return c.item.Status == completed && !c.leadsNowhere()
	}
	return false
}

// leadsNowhere says whether the rules are known, and none leads the key to the replica.
func (c *subject) leadsNowhere() bool {
	return !unread(c.pair.Primary, "s3:GetReplicationConfiguration") && !c.pair.Rule(c.Key).Covers
}

// completed is x-amz-replication-status of what S3 has replicated.
const completed = "COMPLETED"

// causes are what may have caused what was found, by what is known.
func (c *subject) causes() []string {
	primary, replica := c.pair.Primary, c.pair.Replica
	if words := causes[c.item.Reason]; words != "" {
		return []string{words}
	}
	switch c.item.Reason {
	case reason.NotReplicated:
		if c.item.Status != "" {
			return []string{"no rule leads to " + replica.Bucket + ": the status " + c.item.Status + " is of another replica, or of a rule that is gone"}
		}
		return []string{"no rule led to this replica when it was uploaded"}
	case reason.ReplicaOnly:
		if c.item.Marker {
			return []string{
				"it was deleted from " + primary.Bucket + " by its version id, which brought the object back there and which S3 never replicates",
				"something other than replication deletes in " + replica.Bucket,
			}
		}
		return []string{"something other than replication writes to " + replica.Bucket}
	case reason.ReplicaMissing, reason.MarkerMissing:
		switch {
		case c.leadsNowhere():
			return []string{"no rule leads this key to " + replica.Bucket + ": the status " + c.item.Status + " is of another replica, or of a rule that is gone"}
		case !c.deleted():
			return []string{"replication that is late or stuck: the bucket's replication metrics and the AWS Health Dashboard tell"}
		}
		return append([]string{"it was deleted from " + replica.Bucket + " by its version id: S3 says that it had replicated it"}, removers(replica, c.Key)...)
	case reason.NotErased:
		return append([]string{"it was deleted from " + primary.Bucket + " by its version id, which S3 never replicates"}, removers(primary, c.Key)...)
	case reason.LifecycleOnReplica:
		return []string{"lifecycle rule " + named(c.item.Expires) + " of " + replica.Bucket}
	case reason.LifecycleOnPrimary, reason.LifecycleMarker:
		return []string{"lifecycle rule " + named(c.item.Expires)}
	case reason.ContentMismatch, reason.SizeMismatch, reason.RecordDisagrees:
		words := "damage on the way or at rest, or a write that replication did not make"
		if c.item.Damaged != "" {
			words += "; by its own stored checksum, what is damaged is: " + c.item.Damaged
		}
		return []string{words}
	}
	return nil
}

var causes = map[reason.Code]string{
	reason.ReplicationFailed: "the replication role, the replica bucket's policy, versioning or Object Lock, or one of the keys; S3's notification of the failure has its reason, which the e-mail tells",
	reason.TagsMatchNow:      "it was tagged after its upload, when rules by tag no longer take it, or is from before the rule; or, where its status is of another bucket as well, it was removed from the replica",
	reason.NotSelected:       "the rules to this replica select by tag, and the version has other tags, or none",
	reason.BeforeRule:        "it was uploaded before the rule was made, or the rule did not match it then",
	reason.AccessDenied:      "a permission that was never granted, or a deny in a bucket, key, endpoint or organization policy",
	reason.Unreachable:       "throttling, an outage, or the network between here and the bucket",
	reason.MetadataDiffers:   "a change on one side after the upload that was not replicated, or not yet",
}

// removers are the lifecycle rules of a bucket that remove versions of such keys, though
// by what is known none was due.
func removers(s *pair.Side, key string) (all []string) {
	for _, r := range s.Ageing(key) {
		if strings.Contains(r.Does, "xpiration") {
			all = append(all, "or lifecycle rule "+named(r.ID)+" of "+s.Bucket+" removed it, which covers this key; by what is known, it was not due")
		}
	}
	return all
}

// who says where it is told who did it. CloudTrail has data events only where somebody
// turned them on, none of lifecycle, and no keys of DeleteObjects.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/logging-with-S3.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html
func (c *subject) who() string {
	const removing, writing = "DeleteObject", "PutObject, CopyObject or CompleteMultipartUpload"
	switch {
	case c.deleted():
		return logs(c.pair.Replica, removing, "S3.EXPIRE.OBJECT")
	case c.item.Reason == reason.NotErased, c.item.Reason == reason.SourceDeleted, c.item.Reason == reason.Changed:
		return logs(c.pair.Primary, removing, "S3.EXPIRE.OBJECT")
	case c.item.Reason == reason.ReplicaOnly && c.item.Marker:
		return logs(c.pair.Replica, removing, "S3.CREATE.DELETEMARKER")
	case c.item.Reason == reason.ReplicaOnly:
		return logs(c.pair.Replica, writing, "")
	}
	return ""
}

func logs(s *pair.Side, event, lifecycle string) string {
	if s.Endpoint != "" {
		return "the audit log of " + s.Bucket + "'s server, if it has one"
	}
	words := "CloudTrail of the account of " + s.Bucket
	if s.Account != "" {
		words += " (here you are in " + s.Account + ")"
	}
	words += ": " + event + " of this key, if a trail had data events of the bucket on (Event history has none)"
	if lifecycle != "" {
		words += "; DeleteObjects, which the console calls, is there without keys. Server access logs have all of it, also lifecycle's " + lifecycle
	}
	return words
}

// inPlace says whether only a copy in place brings the version back.
func inPlace(i audit.Item) bool {
	return i.Category == audit.Finding && i.Reason == reason.ReplicaMissing && !i.Marker && i.On == audit.OnPrimary && !i.Replicable()
}
