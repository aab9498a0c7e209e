package verdict

import (
	"time"

	"autobackup/internal/reason"
)

// Outcome is the first word of a verdict.
type Outcome string

// The outcomes. Lagging means: look again. Reading means: what was looked at does
// not decide, so the bytes of both sides are to be read before the next verdict.
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

// Verdict is the answer about one object version.
type Verdict struct {
	Outcome  Outcome     `json:"verdict"`
	Reason   reason.Code `json:"reason,omitempty"`   // of failed and skipped; of lagging: what it will become at the deadline
	Evidence Evidence    `json:"evidence,omitempty"` // of verified
	// Finding is METADATA_DIFFERS on a verified verdict where the metadata differs
	// and Policy.AlertMetadata is not set; empty otherwise.
	Finding reason.Code `json:"finding,omitempty"`
	// Detail is one printable ASCII line of at most MaxDetail bytes that says what
	// was compared or what S3 answered. It never holds the object's key.
	Detail string `json:"detail,omitempty"`
	// Alerted is set on a failed verdict that operators were alerted about
	// before: no second alert is due.
	Alerted bool `json:"alerted,omitempty"`
}

// Event is what the message says about the object version.
type Event struct {
	Marker bool // "Object Deleted" with deletion-type "Delete Marker Created"
	// Lifecycle is set where the event's reason is "Lifecycle Expiration".
	Lifecycle bool
	// Draw is from 0 to 999 and the same whenever this version is judged: a sample
	// of N per mille takes the versions that drew less than N.
	Draw int
}

// Progress is how much has been tried for this execution. It replaces a clock:
// see docs/decisions on the deadline.
type Progress struct {
	Looks  int // looks made, this one included: at least 1
	Unread int // looks in a row, this one included, of which Look.Unread is true
	GaveUp int // looks in a row, this one included, of which Look.FailedReplica names one
	// Differing counts looks in a row, this one included, of which
	// Look.MetadataDiffers is true.
	Differing int
	Waited    time.Duration // spent waiting between looks so far
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
