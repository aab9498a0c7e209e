package alert

import (
	"slices"

	"autobackup/internal/reason"
)

// entry is what operators are told about one reason. The sentences claim no more
// than the reason does; what was compared is said by the detail.
type entry struct {
	code            reason.Code
	what, why, next string
}

// unknown stands for a code that is not in the table: a message attribute can
// hold anything.
var unknown = entry{
	code: "UNKNOWN_REASON",
	what: "The message is parked with a reason that this version of Autobackup does not know.",
	why:  "Nothing is known about the backup of this object until it is looked at again.",
	next: "Compare the version of the failure-notifier function with that of the workflow, then have the message looked at again.",
}

// entries is ordered by severity, the most severe first.
var entries = []entry{
	{
		code: reason.ContentMismatch,
		what: "Both sides hold this version, but what S3 tells about the two copies differs.",
		why:  "A restore from the replica would return other content than the primary holds. The comparison does not say which of the two is the right one.",
		next: "Overwrite and delete nothing yet. Read both copies and decide which one is right, then upload the right content to the primary bucket again: the new version is replicated and validated.",
	},
	{
		code: reason.SizeMismatch,
		what: "Both sides hold this version, but the two copies differ in size.",
		why:  "A restore from the replica would return other content than the primary holds. The comparison does not say which of the two is the right one.",
		next: "Overwrite and delete nothing yet. Read both copies and decide which one is right, then upload the right content to the primary bucket again: the new version is replicated and validated.",
	},
	{
		code: reason.ReplicationFailed,
		what: "S3 marked the replication of this version as FAILED, and the replica bucket does not hold it.",
		why:  "This version exists in one region only. S3 does not try again by itself.",
		next: "Check the replication role's permissions (s3:GetObjectVersionForReplication on the primary; s3:ReplicateObject on the replica; kms:Decrypt and kms:Encrypt on the two keys), the replica bucket's policy and its versioning. Then replicate again with S3 Batch Replication, or upload the object again.",
	},
	{
		code: reason.ReplicaMissing,
		what: "The deadline has passed and the replica bucket does not hold this version.",
		why:  "This version exists in one region only until S3 replicates it.",
		next: "Check the replication metrics of the primary bucket and the AWS Health Dashboard of both regions. If S3 is only late, have the message looked at again; if not, replicate again with S3 Batch Replication.",
	},
	{
		code: reason.NotReplicated,
		what: "S3 is not replicating this version: it has no replication status, or no enabled rule of the primary bucket covers its key.",
		why:  "This version exists in one region only, and S3 will not replicate it.",
		next: "Compare the object's prefix with the bucket's replication rules (aws s3api get-bucket-replication). After mending a rule, replicate existing objects with S3 Batch Replication: a rule covers new objects only.",
	},
	{
		code: reason.WorkflowError,
		what: "The validation stopped before it reached a verdict, so nothing is known about the replica of this object.",
		why:  "The backup may be complete or not: it has not been validated.",
		next: "Read the error in the execution and in the logs of its functions. Once the cause is gone, have the message looked at again.",
	},
	{
		code: reason.AccessDenied,
		what: "S3 refused to answer (403, or 401): a permission is missing. Nothing was compared.",
		why:  "The backup may be complete or not: it cannot be validated without the permission.",
		next: "Check that the role of the fetch-etags function is allowed s3:GetObjectVersion and s3:ListBucket on both buckets (without s3:ListBucket, S3 answers 403 for a missing version too), s3:GetReplicationConfiguration on the primary bucket, and kms:Decrypt on the keys the objects are encrypted with. Check the buckets' policies and the organization's policies for a deny. Then have the message looked at again.",
	},
	{
		code: reason.UnreadableSSEC,
		what: "The object is encrypted with a key that only the uploader holds (SSE-C). Nothing was compared: S3 shows nothing about it without that key.",
		why:  "The backup of this object cannot be validated by Autobackup.",
		next: "Ask the uploader to compare both copies with the key, or to upload with SSE-S3 or SSE-KMS instead. A bucket policy can refuse uploads with SSE-C.",
	},
	{
		code: reason.Archived,
		what: "The object is in an archive storage class, so its content could not be read.",
		why:  "The backup of this object has not been validated.",
		next: "Restore the object on the archived side (aws s3api restore-object), then have the message looked at again.",
	},
	{
		code: reason.Inconclusive,
		what: "Both sides hold this version, but what S3 stores about the two copies does not decide, and their bytes were not read or do not decide either (see the finding). No difference was found.",
		why:  "The backup of this object has not been validated.",
		next: "Set the parameter ByteVerification to inconclusive, deploy, and have the message looked at again; or download both copies and compare them. Upload with a full-object checksum (CRC64NVME is the default of current SDKs) so that later versions can be compared.",
	},
	{
		code: reason.RuleNotSupported,
		what: "The replication rules of the primary bucket are of a kind that Autobackup does not follow: they select objects by tag, or they name more than three replica buckets for one object. Nothing was compared.",
		why:  "Not every replica that this object should have can be looked at, so its backup has not been validated.",
		next: "Let the bucket's replication rules select by prefix, and replicate an object to at most three buckets (aws s3api get-bucket-replication shows them), then have the message looked at again.",
	},
	{
		code: reason.Unreachable,
		what: "In several looks in a row, S3 gave no answer that says anything about this version (server errors, throttling, time-outs). Nothing was compared.",
		why:  "The backup may be complete or not: it has not been validated.",
		next: "Check the AWS Health Dashboard of both regions and the throttling metrics of both buckets. Then have the message looked at again.",
	},
	{
		code: reason.MetadataDiffers,
		what: "The content of this version is verified on both sides, but settings that belong to it differ: content headers, user metadata, tags or Object Lock, as the finding says.",
		why:  "A restore from the replica would return the right content under other settings, such as another content type, or with other protection.",
		next: "Compare the answers of the commands below, and for tags those of aws s3api get-object-tagging for the version on both sides. Tags, retention and legal holds can be set again on the side that is wrong; other headers belong to the version, so upload the object again.",
	},
	{
		code: reason.MalformedEvent,
		what: "The message is not an S3 event that Autobackup understands, so no object is known to it.",
		why:  "If it stands for an upload, that upload is not validated.",
		next: "Read the parked message and find its sender: only the EventBridge rule should send to the validation queue. If the message is an S3 event, correct the parser before having it looked at again; otherwise delete it.",
	},
}

// lookup finds a code's entry and its severity, 0 being the most severe.
// A code that is not known counts as most severe: nobody can tell.
func lookup(code reason.Code) (entry, int) {
	if i := slices.IndexFunc(entries, func(e entry) bool { return e.code == code }); i >= 0 {
		return entries[i], i
	}
	return unknown, 0
}
