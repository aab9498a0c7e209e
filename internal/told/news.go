package told

import (
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// News is what one e-mail tells: the causes with something new, the worst first.
type News struct {
	Causes []Cause `json:"causes"`
}

// Cause is what failures have in common: their reason, the primary bucket and the
// replica's, and where S3 gave a reason of its own, that. A version of which two
// replicas failed belongs to two causes.
type Cause struct {
	Reason  reason.Code `json:"reason"`
	Bucket  string      `json:"bucket,omitempty"`  // the primary; empty for a message that tells of no object
	Replica string      `json:"replica,omitempty"` // bucket; empty where the primary decided
	S3      string      `json:"s3,omitempty"`      // verdict.Entry.Cause
	// Several is set where so many causes are open that further ones are told
	// together, by their reason: the buckets and S3's reason are then empty.
	Several bool      `json:"several,omitempty"`
	Kind    Kind      `json:"kind"`
	New     int       `json:"new"`   // versions that failed for this cause and were not told of before
	Total   int       `json:"total"` // versions that failed for it since Since
	Since   time.Time `json:"since"`
	Latest  time.Time `json:"latest"`
	// Examples are a few of the new ones, with all facts: at most MaxExamples.
	Examples []Example `json:"examples,omitempty"`
}

// Kind says how a cause is told.
type Kind string

// The kinds.
const (
	Single Kind = "single" // each version is named, as far as there is room
	// Alike: so many versions failed for this cause that it is told as one. Further
	// ones are parked and counted, and not told, until it is over.
	Alike Kind = "alike"
	// Over: no version has failed for an alike cause for some time.
	Over Kind = "over"
)

// MaxExamples bounds Cause.Examples.
const MaxExamples = 10

// Example is one failed version with its facts.
type Example struct {
	MessageID string `json:"messageId"`
	Execution string `json:"execution,omitempty"` // ARN; empty where no execution parked the message
	// Object is what the message tells of; nil where it tells of no object, and
	// then Begins is the beginning of its body.
	Object  *s3event.ObjectVersion `json:"object,omitempty"`
	Begins  string                 `json:"begins,omitempty"`
	Detail  string                 `json:"detail,omitempty"` // for people, where the facts have no words of their own
	Verdict verdict.Verdict        `json:"facts"`
	Alerts  int                    `json:"alerts,omitempty"` // how often operators were told of it before, as the parked message says
}
