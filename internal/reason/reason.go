// Package reason holds the names that other parties rely on: reason codes
// (alerts, message attributes, metrics, runbooks and the CLI use them) and the
// error names that the functions answer with and the state machine's
// ErrorEquals lists match. A code is an interface: add, never rename.
package reason

// Code says why an object version is not verified, or what an audit makes of it. It
// is the value of the "reason" attribute of a parked message.
type Code string

// Reasons of a failed verdict. Each is told and parked.
const (
	// SizeMismatch and ContentMismatch: both sides hold the version, and what
	// they hold is not the same.
	SizeMismatch    Code = "SIZE_MISMATCH"
	ContentMismatch Code = "CONTENT_MISMATCH"
	// RecordDisagrees: the bytes of both sides are equal, but a side's stored
	// full-object checksum is of other bytes.
	RecordDisagrees Code = "RECORD_DISAGREES"
	// Inconclusive: what was compared does not decide.
	Inconclusive Code = "INCONCLUSIVE"
	// BytesNotRead: the stored checksums agree; the bytes were to be read, too,
	// and could not be.
	BytesNotRead Code = "BYTES_NOT_READ"
	// ReplicaMissing: the deadline has passed or, where S3 says that it
	// replicated the version, a few looks have, and the replica does not hold it.
	ReplicaMissing Code = "REPLICA_MISSING"
	// ReplicationFailed: S3 gave up replicating the version, or a change to it.
	ReplicationFailed Code = "REPLICATION_FAILED"
	// NotReplicated: no rule covers the version, or S3 shows no status for it.
	NotReplicated Code = "NOT_REPLICATED"
	// LeftOut: a rule covers the key, but leaves out what is encrypted or stored
	// as this version is.
	LeftOut Code = "LEFT_OUT"
	// TagsMatchNow: a rule by tag selects the version by its tags of now, the replica
	// lacks it, and nothing shows that the rule took it when it was uploaded.
	TagsMatchNow Code = "TAGS_MATCH_NOW"
	// ReplicaNotReplicated: the primary's version is itself a replica, and S3
	// does not replicate replicas: the next bucket of a chain lacks it.
	ReplicaNotReplicated Code = "REPLICA_NOT_REPLICATED"
	// NotVersioned: the event has no version id, because the bucket's versioning
	// is off or suspended.
	NotVersioned Code = "NOT_VERSIONED"
	// UnreadableSSEC, Archived, AccessDenied, Unreachable: a side shows nothing
	// to compare.
	UnreadableSSEC Code = "UNREADABLE_SSE_C"
	Archived       Code = "ARCHIVED"
	AccessDenied   Code = "ACCESS_DENIED"
	Unreachable    Code = "UNREACHABLE"
	// NoReader: the bytes were to be read, and no hash-bytes function is deployed
	// in the region of a side.
	NoReader Code = "NO_READER"
	// RuleNotSupported: the bucket's replication rules lead one object to more
	// replicas than are compared.
	RuleNotSupported Code = "RULE_NOT_SUPPORTED"
	// MetadataDiffers: the content is verified, but other settings of the object
	// are not the same on both sides. Without Policy.AlertMetadata it is no
	// verdict but a finding about a verified one.
	MetadataDiffers Code = "METADATA_DIFFERS"
	// MalformedEvent: the message tells of no object version.
	MalformedEvent Code = "MALFORMED_EVENT"
	// WorkflowError: the execution broke before a verdict, or reading the
	// object's bytes did where nothing else decides; nothing is known about the
	// object.
	WorkflowError Code = "WORKFLOW_ERROR"
)

// Reasons of a skipped verdict. Nothing is wrong; nothing is told.
const (
	IsReplica           Code = "IS_REPLICA"
	SourceDeleted       Code = "SOURCE_DELETED"
	LifecycleMarker     Code = "LIFECYCLE_MARKER"
	MarkerNotReplicated Code = "MARKER_NOT_REPLICATED"
	NotSelected         Code = "NOT_SELECTED"
	// AsPlanted: a heartbeat of the stage's own, which is wrong on purpose, was found to be.
	AsPlanted Code = "AS_PLANTED"
)

// Reasons of an audit, beside those of verdicts: about versions that were not
// uploaded just now, so that their age, the rules and lifecycle may explain them.
// docs/audit.md has all that an audit may give.
const (
	// Expected, as what is known explains them.
	//
	// Young: the version is younger than the deadline, and nothing shows that it won't come.
	Young Code = "YOUNG"
	// NotCovered: no enabled rule to this replica has a prefix of the key.
	NotCovered Code = "NOT_COVERED"
	// BeforeRule: a rule covers the key, and the version has no replication status:
	// it is from before the rule, or never matched it.
	BeforeRule Code = "BEFORE_RULE"
	// NullVersion: the version's id is null, of what was written without versioning.
	NullVersion Code = "NULL_VERSION"
	// LifecycleOnReplica and LifecycleOnPrimary: a lifecycle rule of that side was
	// due to remove the version there.
	LifecycleOnReplica Code = "LIFECYCLE_ON_REPLICA"
	LifecycleOnPrimary Code = "LIFECYCLE_ON_PRIMARY"
	// ErasureRecent: as NotErased, and not yet older than allowed.
	ErasureRecent Code = "ERASURE_RECENT"
	// Changed: a side changed between its listing and the look.
	Changed Code = "CHANGED_MEANWHILE"

	// Findings.
	//
	// MarkerMissing: S3 had to replicate a delete marker, and the replica lacks it.
	MarkerMissing Code = "MARKER_MISSING"
	// NotErased: the version was deleted by its id on the primary and is still on
	// the replica, longer than allowed.
	NotErased Code = "NOT_ERASED"
	// ReplicaOnly: the replica has a version that replication did not bring.
	ReplicaOnly Code = "REPLICA_ONLY"
	// LockDiffers: retention or legal hold is on one side only, or not the same.
	LockDiffers Code = "LOCK_DIFFERS"

	// Unknown: the listings leave a version open, and the level has no look, or the
	// version was not in the sample.
	MissingNotLookedAt   Code = "MISSING_NOT_LOOKED_AT"   // listed on the primary only
	SurplusNotLookedAt   Code = "SURPLUS_NOT_LOOKED_AT"   // listed on the replica only
	DifferentNotLookedAt Code = "DIFFERENT_NOT_LOOKED_AT" // listed on both sides, not alike
)

// Severity lists the reasons of a failed verdict, the worst first: what may be
// damaged, what exists once only, what could not be compared, what is no object.
// Of several replicas the worst names the verdict, of several objects the worst
// comes first in an e-mail.
func Severity() []Code {
	return []Code{
		ContentMismatch, SizeMismatch, RecordDisagrees,
		ReplicationFailed, ReplicaMissing, ReplicaNotReplicated, LeftOut, TagsMatchNow, NotReplicated, NotVersioned,
		WorkflowError, AccessDenied, UnreadableSSEC, Archived, NoReader, RuleNotSupported, Unreachable, Inconclusive,
		BytesNotRead, MetadataDiffers, MalformedEvent,
	}
}

// Skipped lists the reasons of a skipped verdict.
func Skipped() []Code {
	return []Code{IsReplica, SourceDeleted, LifecycleMarker, MarkerNotReplicated, NotSelected, AsPlanted}
}
