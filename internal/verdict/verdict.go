package verdict

import (
	"time"

	"autobackup/internal/reason"
)

// Outcome is the first word of a verdict.
type Outcome string

// The four outcomes. Lagging means: look again.
const (
	Verified Outcome = "verified"
	Lagging  Outcome = "lagging"
	Failed   Outcome = "failed"
	Skipped  Outcome = "skipped"
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
	Outcome  Outcome
	Reason   reason.Code // of failed and skipped; of lagging: what it will become at the deadline
	Evidence Evidence    // of verified
	// Detail is one printable ASCII line of at most MaxDetail bytes that says what
	// was compared or what S3 answered. It never holds the object's key.
	Detail string
	// Alerted is set on a failed verdict that operators were alerted about
	// before: no second alert is due.
	Alerted bool
}

// Event is what the message says about the object version.
type Event struct {
	Marker bool // "Object Deleted" with deletion-type "Delete Marker Created"
	// Lifecycle is set where the event's reason is "Lifecycle Expiration".
	Lifecycle bool
}

// Progress is how much has been tried for this execution. It replaces a clock:
// see docs/decisions on the deadline.
type Progress struct {
	Looks  int           // looks made, this one included: at least 1
	Unread int           // looks in a row, this one included, of which Look.Unread is true
	GaveUp int           // looks in a row, this one included, of which Look.FailedReplica names one
	Waited time.Duration // spent waiting between looks so far
}

// Policy is when to stop waiting. All values come from template.yaml.
type Policy struct {
	Deadline       time.Duration // for objects; grows with size, see Policy.DeadlineFor
	MarkerDeadline time.Duration // for delete markers, which S3 replicates without any SLA
}
