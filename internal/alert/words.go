package alert

import (
	"slices"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// rows are all words, those of a reason together and the more special first. A
// sentence claims no more than the facts of its row do; what was compared and what
// S3 answered is told beside it. What is in braces is filled in by finding.fill.
var rows = slices.Concat(contentRows, missingRows, unreadRows, otherRows)

// Pieces that several rows share.
const (
	lookAgain = "Then have the message looked at again (see the end)."
	// batchJob brings back neither what was deleted by version id at the
	// destination nor what is in an archive class
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-batch-replication-batch.html).
	batchJob = "S3 Batch Replication (a job with a role of its own that may do s3:InitiateReplication, and a manifest that names this version)"
	// anew works whatever became of the old one: live replication takes
	// every new version that a rule covers.
	anew = "copy the object in place or upload it again: either makes a new version, which S3 replicates and the backup check looks at. " +
		"Do so only while this version is the latest one, because the new version becomes the latest; what is parked about the old one may then be deleted."
	deleteAgain = "delete the object again in {primary}, if it is still meant to be deleted: that makes a new delete marker, which S3 replicates and the backup check looks at."
	keepBoth    = "Overwrite and delete nothing yet. "
	tellAWS     = " Tell AWS Support: S3 should not hand out other bytes than those it took."
	lost        = "{replica} can't give this version back. Where no other bucket has it, it exists in {primary} alone."
	undeleted   = "Unless the key was written since, the deleted object is still the latest version in {replica}: who reads or restores from there gets it back."
	unknowing   = "The backup may be complete or not: this is not known."
)

// unknown is for a code that is not in the table: a message attribute can hold
// anything.
var unknown = row{words: words{
	what: "The message is parked with the reason {reason}, which this version of Autobackup does not know.",
	why:  unknowing,
	next: "Compare the version of the function autobackup-failure-notifier-{stage} with that of the other functions. " + lookAgain,
}}

// bare is for a message that carries a reason and nothing that it rests on: then
// what is true of a reason in every case is all that can be said.
func bare(code reason.Code) row {
	w := words{
		what: meanings[code],
		why:  unknowing,
		next: "The facts behind the reason are not in the message. They are in the log of the function autobackup-compare-etags-{stage}, in the line with the message's id. Where the body leaves room for facts, the message gets them when it is looked at again (see the end); where the key is too long for that, autobackup explain shows both sides.",
	}
	if slices.Contains(differing, code) {
		w.why, w.next = "A restore from {replica} would not return what {primary} holds. Which of the two is right is not known.", keepBoth+w.next
	}
	return row{words: w}
}

// differing are the reasons that say in every case that the two sides hold something else.
var differing = []reason.Code{reason.ContentMismatch, reason.SizeMismatch}

// meanings say what is true of each reason whatever it rests on. Reasons without
// one say the same in every case, so their rows do.
var meanings = map[reason.Code]string{
	reason.ContentMismatch:      "Both sides hold this version, and what they hold is not the same.",
	reason.SizeMismatch:         "Both sides hold this version, and the two copies differ in size.",
	reason.RecordDisagrees:      "The bytes of both sides are equal, but a checksum that S3 stored of them is of other bytes.",
	reason.Inconclusive:         "Both sides hold this version, and what was compared does not show whether the copies are equal.",
	reason.BytesNotRead:         "What S3 stores of the two copies agrees. Their bytes were to be read as well, and were not.",
	reason.ReplicaMissing:       "A replica bucket does not hold this version.",
	reason.ReplicationFailed:    "S3 gave up replicating this version or a change to it.",
	reason.NotReplicated:        "S3 is not replicating this version.",
	reason.LeftOut:              "A replication rule covers the key, but leaves out versions that are encrypted or stored as this one is.",
	reason.TagsMatchNow:         "A replication rule selects this version by its tags, as they are now, and the replica bucket does not hold it.",
	reason.ReplicaNotReplicated: "This version is itself a replica, and the next bucket of the chain does not hold it.",
	reason.AccessDenied:         "A call to S3 or to a function was refused: a permission is missing, or a policy denies it.",
	reason.UnreadableSSEC:       "The object is encrypted with a key that only the uploader holds (SSE-C).",
	reason.Archived:             "The bytes were to be read, and the object is in an archive storage class.",
	reason.Unreachable:          "S3 gave no answer that says anything about this version on one side.",
	reason.NoReader:             "The bytes were to be read, and no hash-bytes function is deployed in the region of one side.",
}

func marker(f finding) bool { return f.marker }

// unlooked is true of what S3 told where neither side was looked at: a look finds
// the region.
func unlooked(f finding) bool  { return f.Region == "" }
func byParts(f finding) bool   { return f.Basis == verdict.ByPartsBasis }
func byBytes(f finding) bool   { return f.Basis == verdict.BytesBasis }
func notified(f finding) bool  { return f.Basis == verdict.NotificationBasis }
func ofChange(f finding) bool  { return f.Basis == verdict.ChangeBasis }
func completed(f finding) bool { return f.Status == "COMPLETED" }
func expires(f finding) bool   { return f.Expires != "" }
func ofPrimary(f finding) bool { return f.Bucket == "" }
func forbidden(f finding) bool { return f.Forbidden }

func damaged(side string) func(finding) bool {
	return func(f finding) bool { return f.Damaged == side }
}

// all is true where every condition is.
func all(conditions ...func(finding) bool) func(finding) bool {
	return func(f finding) bool {
		return !slices.ContainsFunc(conditions, func(is func(finding) bool) bool { return !is(f) })
	}
}
