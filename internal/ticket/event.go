package ticket

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"autobackup/internal/alert"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

// What an event is found by. They are an interface: add, never rename.
const (
	Source  = "autobackup"
	Failed  = "Object Version Not Verified"
	Settled = "Object Version Settled"
	Audits  = "Backup Audit With News"
	// SchemaVersion is of Detail and Audit: its second number grows when a field is added, its
	// first when one changes its meaning or goes.
	SchemaVersion = "1.2"
)

// Event is one event, before it is put.
type Event struct {
	Type   string // Failed or Settled
	Detail Detail
}

// Detail is what the event says.
type Detail struct {
	SchemaVersion string    `json:"schemaVersion"`
	Stage         string    `json:"stage"`
	DedupKey      string    `json:"dedupKey"`
	Time          time.Time `json:"time"` // when it was handed over to be told
	Severity      Severity  `json:"severity"`
	// Reason is a code of docs/verdicts.md, of a failed version and of a skipped one.
	Reason string `json:"reason,omitempty"`
	// Resolution is why it is over.
	Resolution Resolution `json:"resolution,omitempty"`
	Evidence   string     `json:"evidence,omitempty"` // what shows that the content is equal
	Detail     string     `json:"detail,omitempty"`   // one line: what was compared, or what S3 answered
	Object     *Object    `json:"object,omitempty"`   // nil where the message tells of no object
	Replica    *Bucket    `json:"replica,omitempty"`  // nil where it is about the version itself
	Owner      string     `json:"owner,omitempty"`    // the value of the primary bucket's tag
	OwnerError string     `json:"ownerError,omitempty"`
	MessageID  string     `json:"messageId"`
	Execution  string     `json:"execution,omitempty"` // ARN
	Summary    string     `json:"summary"`             // a title in one line of ASCII
	What       string     `json:"what,omitempty"`
	Why        string     `json:"why,omitempty"`
	Next       string     `json:"next,omitempty"`
	Commands   *Commands  `json:"commands,omitempty"`
}

// Object is the version.
type Object struct {
	Bucket
	Key          string `json:"key"`                 // chosen by whoever may upload: hostile wherever it is shown
	VersionID    string `json:"versionId,omitempty"` // empty where the bucket keeps no versions
	Account      string `json:"account,omitempty"`
	DeleteMarker bool   `json:"deleteMarker"`
}

// Bucket is a bucket and where it is, as far as that is known.
type Bucket struct {
	Name   string `json:"bucket"`
	Region string `json:"region,omitempty"`
}

// Commands are for a shell.
type Commands struct {
	Explain   string `json:"explain,omitempty"`
	Parked    string `json:"parked"`
	Retry     string `json:"retry"`
	Discard   string `json:"discard"`
	LookAgain string `json:"lookAgain"` // retry without this program, of all that is parked and without a record
}

// Resolution is why something is over.
type Resolution string

// The resolutions.
const (
	Verified    Resolution = "verified"     // both sides hold the same
	Skipped     Resolution = "skipped"      // nothing is to be compared any more; Reason says why
	NotExpected Resolution = "not-expected" // no rule leads to this replica any more
	Superseded  Resolution = "superseded"   // the version itself is judged now: what failed are replicas, which are told one by one
)

// Severity is how bad a failure is.
type Severity string

// The severities, the worst first. Info is of what is over.
const (
	Critical Severity = "critical" // a copy may be damaged, or nobody can tell
	Error    Severity = "error"    // a copy is missing
	Warning  Severity = "warning"  // nothing is known of the copies, or their content is equal
	Info     Severity = "info"
)

// severityOf a reason: one that is not known may be as bad as any.
func severityOf(code reason.Code) Severity {
	switch code {
	case reason.ReplicationFailed, reason.ReplicaMissing, reason.ReplicaNotReplicated, reason.LeftOut, reason.TagsMatchNow,
		reason.NotReplicated, reason.NotVersioned:
		return Error
	case reason.WorkflowError, reason.AccessDenied, reason.UnreadableSSEC, reason.Archived, reason.NoReader, reason.RuleNotSupported,
		reason.Unreachable, reason.Inconclusive, reason.BytesNotRead, reason.MetadataDiffers, reason.MalformedEvent:
		return Warning
	}
	return Critical
}

// OfFailure is the event of a finding that was handed over at a time.
func OfFailure(c alert.Context, f told.Finding, at time.Time) Event {
	x, e, b := f.Example(), f.Entry(), c.Brief(f)
	d := newDetail(c.Stage, x.Object, x.MessageID, e, at)
	d.Severity, d.Reason, d.Evidence, d.Detail, d.Execution = severityOf(e.Reason), b.Code, line(string(e.Evidence)), b.Detail, x.Execution
	d.Summary, d.What, d.Why, d.Next = b.Title, b.What, b.Why, b.Next
	d.Commands = &Commands{Explain: b.Explain, Parked: b.Parked, Retry: b.Retry, Discard: b.Discard, LookAgain: b.LookAgain}
	return Event{Failed, d}
}

// newDetail has what both kinds of event say.
func newDetail(stage string, o *s3event.ObjectVersion, message string, e verdict.Entry, at time.Time) Detail {
	d := Detail{SchemaVersion: SchemaVersion, Stage: stage, Time: at.UTC(), MessageID: message}
	subject := []string{stage, "message", message}
	if o != nil {
		d.Object = &Object{Bucket: Bucket{line(o.Bucket), line(o.Region)}, Key: o.Key, VersionID: o.VersionID, Account: o.Account, DeleteMarker: o.Marker}
		subject = []string{stage, "version", o.Bucket, o.Key, o.VersionID}
	}
	if e.Bucket != "" {
		d.Replica = &Bucket{line(e.Bucket), line(e.Region)}
	}
	sum := told.Digest(append(subject, e.Bucket)...)
	d.DedupKey = Source + "-" + hex.EncodeToString(sum[:16])
	return d
}

// Encode is the detail as JSON.
func (e Event) Encode() (string, error) {
	data, err := json.Marshal(e.Detail)
	if err != nil {
		return "", fmt.Errorf("encode the event about %s: %w", e.Detail.DedupKey, err)
	}
	return string(data), nil
}
