package verdict

import (
	"time"

	"autobackup/internal/reason"
)

// Outcome is the first word of a verdict.
type Outcome string

// The outcomes. Lagging means: look again. Reading means: the bytes of both sides
// are to be read before the next verdict.
const (
	Verified Outcome = "verified"
	Lagging  Outcome = "lagging"
	Failed   Outcome = "failed"
	Skipped  Outcome = "skipped"
	Reading  Outcome = "reading"
)

// Evidence is what a verified verdict rests on.
type Evidence string

// The kinds of evidence, strongest first.
const (
	BytesRead          Evidence = "bytes read on both sides"
	FullObjectChecksum Evidence = "full-object checksum" // followed by the algorithm: "full-object checksum CRC64NVME"
	CompositeChecksum  Evidence = "composite checksum"
	SinglePartETag     Evidence = "single-part ETag (MD5)"
	MultipartETag      Evidence = "multipart ETag"
	DeleteMarker       Evidence = "delete marker"
)

// Basis says what an entry that is not verified rests on, where its reason alone
// does not.
type Basis string

// The bases. An entry without one rests on what HeadObject showed.
const (
	ByPartsBasis      Basis = "parts"        // checksums of parts were compared
	BytesBasis        Basis = "bytes"        // bytes were read, or were to be
	NotificationBasis Basis = "notification" // S3 told that it gave up replicating the version
	ChangeBasis       Basis = "change"       // S3 told that it gave up replicating a change made after the upload
)

// Verdict is the answer about one object version. Its JSON form is part of the
// workflow's state, of parked messages and of what the sender of e-mails gets:
// facts, of which alert makes words.
type Verdict struct {
	Outcome  Outcome     `json:"verdict"`
	Reason   reason.Code `json:"reason,omitempty"`   // of failed and skipped; of lagging: what it will become
	Evidence Evidence    `json:"evidence,omitempty"` // of verified: the weakest of all replicas
	// Finding is METADATA_DIFFERS on a verified verdict where the metadata of a
	// replica differs and Policy.AlertMetadata is not set; empty otherwise.
	Finding reason.Code `json:"finding,omitempty"`
	// Detail is one printable ASCII line of at most MaxDetail bytes about the
	// version or its primary, where the verdict does not come from the replicas.
	// It never holds the object's key.
	Detail string `json:"detail,omitempty"`
	Marker bool   `json:"marker,omitempty"` // the version is a delete marker
	// Forbidden is as Entry.Forbidden, where the primary decides.
	Forbidden bool `json:"forbidden,omitempty"`
	// Replicas has an entry for every replica that is expected to hold the version,
	// in the order of the look; of a notification for the one that it names alone,
	// where that is expected to. It is empty where the primary decides.
	Replicas []Entry `json:"replicas,omitempty"`
	// Wait is how long a lagging version may be left alone, in whole seconds: until
	// the next look that NextWait foresees, but not past a deadline. It is 0 for
	// every other outcome.
	Wait time.Duration `json:"-"`
}

// Entry is what came of one replica.
type Entry struct {
	Bucket  string      `json:"bucket"`
	Region  string      `json:"region,omitempty"`
	Outcome Outcome     `json:"verdict"`
	Reason  reason.Code `json:"reason,omitempty"`
	// Evidence is what shows that the content is equal: of verified, and of failed
	// BYTES_NOT_READ and METADATA_DIFFERS.
	Evidence Evidence    `json:"evidence,omitempty"`
	Finding  reason.Code `json:"finding,omitempty"`
	Basis    Basis       `json:"basis,omitempty"`
	Detail   string      `json:"detail,omitempty"` // as Verdict.Detail: what was compared, or what S3 answered
	// Status is x-amz-replication-status of the primary, of an entry whose replica
	// is missing.
	Status string `json:"status,omitempty"`
	// Damaged names the side whose bytes are not those of its own stored
	// checksum: "primary", "replica", "both", or empty where that is not known.
	Damaged string `json:"damaged,omitempty"`
	// Forbidden is set where a policy refuses the call that no grant overrules, such as
	// an organization's; Detail names it.
	Forbidden bool `json:"forbidden,omitempty"`
	// Expires is the id of a lifecycle rule of the replica's bucket that may have
	// removed the version.
	Expires string `json:"expires,omitempty"`
	// Cause is S3's failureReason of a replication that it gave up, such as
	// DstBucketNotFound: of NotificationBasis and ChangeBasis. It is as sent.
	Cause string `json:"cause,omitempty"`
}

// Event is what the message says about the object version.
type Event struct {
	Marker    bool // "Object Deleted" with deletion-type "Delete Marker Created"
	Lifecycle bool // the event's reason is "Lifecycle Expiration"
	// Unversioned is set where the event names no version, because the bucket's
	// versioning is off or suspended.
	Unversioned bool
	// Draw is from 0 to 999 and the same whenever this version is judged: a sample
	// of N per mille takes the versions that drew less than N.
	Draw int
	// GaveUp is set where the message is S3's notification of a failed
	// replication.
	GaveUp *GaveUp
}

// GaveUp is what S3 says about a replication that it gave up.
type GaveUp struct {
	Destination string // bucket
	Change      bool   // a change that was made after the upload, not the version itself
	Cause       string // as Entry.Cause
}

// Policy is when to stop waiting and what to read. All values come from template.yaml.
type Policy struct {
	Deadline       time.Duration // for objects; grows with size, see Policy.DeadlineFor
	MarkerDeadline time.Duration // for delete markers, which S3 replicates without any SLA
	Bytes          ByteVerification
	// AlertMetadata makes other metadata on verified content failed
	// METADATA_DIFFERS instead of a finding.
	AlertMetadata bool
}
