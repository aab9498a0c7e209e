package report

import (
	"slices"
	"strings"

	"autobackup/internal/audit"
	"autobackup/internal/reason"
)

// Reason is what people read about a reason code.
type Reason struct {
	Code     reason.Code
	Category audit.Category // where an audit counts it
	Meaning  string         // one line
	Next     string         // one line: what to do
}

// Alone is what to do where there is no folder with a mend.md.
func (r Reason) Alone() string { return strings.ReplaceAll(r.Next, " (mend.md)", "") }

// reasons has a row for every code that an audit may give in a category: the worst
// finding first, then what is unknown, then what is expected. One code may be in two
// categories, of which the worse is first.
var reasons = slices.Concat(findings, unknown, expected)

// findings are in the order of audit.Severity.
var findings = []Reason{
	{reason.ContentMismatch, audit.Finding, "Both sides hold the version, and its content differs.",
		"Overwrite and delete nothing; read both copies, decide which one is right, and upload that to the primary again."},
	{reason.SizeMismatch, audit.Finding, "Both sides hold the version, in different sizes.",
		"As for CONTENT_MISMATCH: overwrite and delete nothing before it is known which copy is right."},
	{reason.RecordDisagrees, audit.Finding, "The bytes of both sides are equal, but a side's stored checksum is of other bytes.",
		"Compare the version with what the uploader has; if it is damaged, upload the right content again."},
	{reason.ReplicationFailed, audit.Finding, "S3 gave up replicating the version and does not try again.",
		"Check the replication role, the replica bucket's policy and versioning and both keys; then replicate again (mend.md)."},
	{reason.ReplicaMissing, audit.Finding, "The replica does not hold the version, and neither its age, nor a rule, nor lifecycle explains it.",
		"Find out what removed it, or what holds replication up; then replicate it again where S3 can, and copy it in place where it can't (mend.md)."},
	{reason.MarkerMissing, audit.Finding, "The replica lacks a delete marker that S3 had to replicate: what is deleted on the primary is the latest version there.",
		"Delete the object again, unless its key was written since: that makes a new delete marker, which is replicated."},
	{reason.ReplicaNotReplicated, audit.Finding, "The primary's version is itself a replica, and S3 does not replicate replicas: the next bucket of the chain lacks it.",
		"Let the first bucket of the chain replicate to all others; bring what is missing with Batch Replication (mend.md)."},
	{reason.LeftOut, audit.Finding, "A rule covers the key, but leaves out what is encrypted or stored as this version is.",
		"Let the rule take versions under KMS keys, then replicate again (mend.md); S3 replicates none that were uploaded into GLACIER or DEEP_ARCHIVE."},
	{reason.TagsMatchNow, audit.Finding, "A rule by tag selects the version by its tags of now, and the replica lacks it: it was tagged after its upload, or is from before the rule; or, where other rules took it, it was removed.",
		"Replicate it with Batch Replication, which goes by the tags of now (mend.md); let uploaders send the tags with the upload."},
	{reason.NotReplicated, audit.Finding, "No replication rule leads from the primary to this replica, and the replica does not hold the version.",
		"Add or mend the rule; it covers new versions only, so replicate existing ones again (mend.md)."},
	{reason.NotVersioned, audit.Finding, "The primary's versioning is off or suspended: S3 replicates nothing, and the next upload replaces this one for good.",
		"Turn on versioning, check the rules, and upload the object again."},
	{reason.NotErased, audit.Finding, "Replication brought the version, and the primary has it no longer: it was deleted there by its id, which S3 never replicates; or it came from another primary.",
		"If it was to be erased, delete this version on the replica as well; if it was not, the replica is the only copy left: keep it."},
	{reason.ReplicaOnly, audit.Finding, "Only the replica has the version, and nothing shows that replication brought it: of a delete marker, S3 does not tell.",
		"Find out what else writes to the replica bucket or, of a delete marker, whether it was taken back on the primary, which S3 never replicates. Delete nothing before that is known."},
	{reason.LockDiffers, audit.Finding, "Retention or legal hold is on one side only, or not the same on both.",
		"Set it on the side that is wrong; a default retention of the replica bucket explains more of it there than on the primary."},
	{reason.MetadataDiffers, audit.Finding, "The content is equal, but headers, user metadata, tags or Object Lock settings differ.",
		"Set tags, retention or legal hold again on the side that is wrong; for other metadata upload the object again."},
}

var unknown = []Reason{
	{reason.AccessDenied, audit.Unknown, "A call about one side was refused, so nothing was compared.",
		"Grant what autobackup policy audit prints, look for a deny in bucket, key and organization policies, and audit again."},
	{reason.Unreachable, audit.Unknown, "One side gave no answer that says anything about the version.",
		"Audit again; if it stays, check the endpoint and the AWS Health Dashboard of both regions."},
	{reason.UnreadableSSEC, audit.Unknown, "The object is encrypted with a key of the customer's own, without which S3 tells nothing about it.",
		"Let the holder of the key compare both copies, or upload with SSE-S3 or SSE-KMS."},
	{reason.Archived, audit.Unknown, "Only the bytes could decide, and they are in an archive class; nothing is ever restored.",
		"Restore the object on the side that the detail names, and audit again."},
	{reason.Inconclusive, audit.Unknown, "Both sides hold the version, and what S3 stores of the two copies does not decide. No difference was found.",
		"Audit with --level bytes, or run autobackup explain --bytes on the version."},
	{reason.BytesNotRead, audit.Unknown, "What S3 stores of both copies agrees; their bytes were to be read, too, and were not.",
		"Mend what the detail says, and audit again."},
	{reason.NoReader, audit.Unknown, "The bytes were to be read, and nothing that could read them was there.",
		"Audit with --level bytes from a machine that reaches both sides."},
	{reason.RuleNotSupported, audit.Unknown, "The replication rules lead the version to more replicas than are compared.",
		"Run autobackup explain on the version, and compare it with the rules by hand."},
	{reason.WorkflowError, audit.Unknown, "Autobackup broke before it knew anything about the version.",
		"Audit again; if it stays, report it as a fault of Autobackup, with the detail."},
	{reason.MissingNotLookedAt, audit.Unknown, "Only the primary's listing has the version, and nothing that the listings show explains it; it was not looked at.",
		"Audit with --level rest, or run autobackup explain on the version."},
	{reason.SurplusNotLookedAt, audit.Unknown, "Only the replica's listing has the version, and nothing that the listings show explains it; it was not looked at.",
		"Audit with --level rest, or run autobackup explain on the version."},
	{reason.DifferentNotLookedAt, audit.Unknown, "Both listings have the version, with other ETags or kinds, which alone shows no difference; it was not looked at.",
		"Audit with --level rest, or run autobackup explain on the version."},
}

var expected = []Reason{
	{reason.Young, audit.Expected, "The version is younger than the deadline: it may still be on its way to the other side, or came while the audit listed.",
		"Nothing; the next audit looks again."},
	{reason.NotCovered, audit.Expected, "No enabled replication rule to this replica has a prefix of the key.",
		"Nothing, unless it should be replicated; then let a rule cover the key."},
	{reason.NotSelected, audit.Expected, "Only rules by tag lead to this replica, and none selects the tags that the version has.",
		"Nothing, unless it should be replicated; then tag it, and replicate it with Batch Replication."},
	{reason.BeforeRule, audit.Expected, "A rule covers the key, and the version has no replication status: it is from before the rule, or never matched it.",
		"Replicate it with Batch Replication if it should be on the replica (mend.md); accept it if not."},
	{reason.LeftOut, audit.Expected, "A rule covers the key, but leaves out what is encrypted or stored as this version is.",
		"Nothing, unless it should be replicated; then let the rule take it, and replicate it with Batch Replication."},
	{reason.NullVersion, audit.Expected, "The version id is null: it was written before versioning, or while it was suspended, so the two sides can't be joined by it.",
		"Upload it again or copy it in place, if it should be replicated; that makes a version with an id."},
	{reason.IsReplica, audit.Expected, "The primary's version is itself a replica, and no rule covers its key; its source is elsewhere.",
		"Nothing; audit the bucket where it was uploaded."},
	{reason.LifecycleOnReplica, audit.Expected, "A lifecycle rule of the replica bucket was due to remove the version there.",
		"Nothing, if the replica may keep less than the primary; otherwise give both buckets the same rules."},
	{reason.LifecycleOnPrimary, audit.Expected, "A lifecycle rule of the primary was due to remove the version there; the replica keeps it.",
		"Nothing, if the replica may keep more than the primary; otherwise give both buckets the same rules."},
	{reason.MarkerNotReplicated, audit.Expected, "No rule for the key replicates delete markers.",
		"Nothing, unless deletions should be replicated; then turn on delete marker replication in the rule."},
	{reason.LifecycleMarker, audit.Expected, "A lifecycle rule made the delete marker, and S3 does not replicate those.",
		"Nothing; let the replica bucket have such a rule of its own if it should expire objects, too."},
	{reason.ErasureRecent, audit.Expected, "The version was deleted by its id on the primary and is still on the replica, no longer than is allowed.",
		"Delete it on the replica as well, if it was to be erased: S3 never replicates that."},
	{reason.Changed, audit.Expected, "A side changed between its listing and the look.",
		"Nothing; the next audit looks again."},
	{reason.SourceDeleted, audit.Expected, "The primary no longer holds the version, so there is nothing to compare with.",
		"Nothing, unless nobody should have deleted it; then restore it from the replica."},
}

// Reasons has a row for every reason that an audit may give, as docs/audit.md lists
// them.
func Reasons() []Reason { return slices.Clone(reasons) }

// Explain is what people read about a reason in a category. A reason that this
// version has no words for is told as such, never left out.
func Explain(category audit.Category, code reason.Code) Reason {
	for _, r := range reasons {
		if r.Code == code && (r.Category == category || category == audit.Accepted) {
			return r // what was accepted keeps its reason
		}
	}
	return Reason{code, category, "This version of Autobackup has no words for the reason.", "Run autobackup explain on the version."}
}

// rank orders reasons, the worst first: those that are no fault come after all that
// are, and what is not known at all is last.
func rank(code reason.Code) int {
	severity := audit.Severity()
	if i := slices.Index(severity, code); i >= 0 {
		return i
	}
	if i := slices.IndexFunc(reasons, func(r Reason) bool { return r.Code == code }); i >= 0 {
		return len(severity) + i
	}
	return len(severity) + len(reasons)
}
