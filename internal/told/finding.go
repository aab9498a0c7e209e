package told

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"strings"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// Finding is one thing to tell: a version that failed in one replica, or the
// version alone where its primary decides.
type Finding struct {
	cause   Cause // what it has in common with others: the fields that are compared by Cause.same
	example Example
	entry   verdict.Entry // of the replica, or without a bucket where the primary decides; its reason is set
	// keys are remembered as told. The first one decides whether the finding is
	// new.
	keys []key
}

// Entry is the replica that failed, with its reason; without a bucket where the
// version's primary decides.
func (f Finding) Entry() verdict.Entry { return f.entry }

// Example is the version that failed, with all its facts.
func (f Finding) Example() Example { return f.example }

// Findings are what a failed message has to tell, one for every replica that
// failed. execution is the ARN of the one that parked it, or empty; alerts is how
// often operators were told of it before.
func Findings(f batch.Failed, execution string, alerts int) []Finding {
	e := Example{MessageID: f.ID, Execution: execution, Detail: f.Detail, Verdict: f.Verdict, Alerts: alerts}
	if e.Verdict.Outcome == "" {
		e.Verdict = verdict.Verdict{Outcome: verdict.Failed, Reason: f.Reason, Detail: f.Detail}
	}
	subject := []string{"message", f.Body}
	if object, err := s3event.Parse(f.Body); err == nil {
		e.Object = &object
		subject = []string{"version", object.Bucket, object.Key, object.VersionID}
	} else {
		e.Begins = f.Body[:min(len(f.Body), maxBegins)]
	}
	e = e.bounded()
	var findings []Finding
	for _, entry := range failures(f) {
		findings = append(findings, finding(f, e, subject, entry))
	}
	return findings
}

// failures are the entries to tell of: those that failed, or one without a
// replica where the primary decided or the facts did not fit beside the message.
func failures(f batch.Failed) []verdict.Entry {
	var failed []verdict.Entry
	for _, entry := range f.Verdict.Replicas {
		if entry.Outcome == verdict.Failed {
			failed = append(failed, entry)
		}
	}
	if failed == nil {
		failed = []verdict.Entry{{}}
	}
	for i := range failed {
		failed[i].Reason = cmp.Or(failed[i].Reason, f.Verdict.Reason, f.Reason, reason.WorkflowError)
	}
	return failed
}

func finding(f batch.Failed, e Example, subject []string, entry verdict.Entry) Finding {
	c := Cause{Reason: entry.Reason, Replica: entry.Bucket, S3: entry.Cause}
	if e.Object != nil {
		c.Bucket = e.Object.Bucket
	}
	told := newKey(append(subject, entry.Bucket, kind(entry))...)
	keys := []key{told}
	if f.Again { // SQS gives a message that is moved a new id
		keys = []key{newKey("again", f.ID, string(told[:])), told}
	}
	return Finding{cause: c.bounded(), example: e, entry: entry, keys: keys}
}

// kind is what makes two reasons the same news.
func kind(e verdict.Entry) string {
	switch e.Reason {
	case reason.ReplicaMissing, reason.ReplicationFailed, reason.NotReplicated, reason.LeftOut, reason.TagsMatchNow, reason.ReplicaNotReplicated:
		if e.Basis == verdict.ChangeBasis { // the replica is there, without the change
			return "change"
		}
		return "missing"
	default:
		return string(e.Reason)
	}
}

// key stands for what is told once. Ten bytes of a SHA-256: among all that a
// Memory holds, two are the same by chance once in 10^15 times.
type key [10]byte

func newKey(parts ...string) (k key) {
	sum := Digest(parts...)
	copy(k[:], sum[:])
	return k
}

// Digest is a SHA-256 of texts. It hashes lengths, too: no two lists have the same.
func Digest(parts ...string) [sha256.Size]byte {
	var all strings.Builder
	for _, part := range parts {
		_, _ = fmt.Fprintf(&all, "%d:%s", len(part), part) // a Builder takes everything
	}
	return sha256.Sum256([]byte(all.String()))
}

// How long what is remembered may be, in bytes. Whoever may send to the failure
// queue chooses what it holds, and the memory must stay small.
const (
	maxName    = 80 // of a reason, a bucket or S3's reason; real ones are shorter
	maxBegins  = 200
	maxText    = 400 // of an id, an ARN, a line
	maxExample = 12 << 10
)

func (c Cause) bounded() Cause {
	c.Reason = reason.Code(text.Line(string(c.Reason), maxName))
	c.Replica, c.S3 = text.Line(c.Replica, maxName), text.Line(c.S3, maxName)
	return c
}

// bounded is the example in at most maxExample bytes of JSON: the least useful is
// left out first.
func (e Example) bounded() Example {
	e.MessageID, e.Execution, e.Detail = text.Line(e.MessageID, maxText), text.Line(e.Execution, maxText), text.Line(e.Detail, maxText)
	e.Begins = strings.ToValidUTF8(e.Begins, "?")
	for _, shorten := range []func(*Example){withoutDetails, withoutReplicas, withoutTrivia} {
		if text.Encoded(e) <= maxExample {
			break
		}
		shorten(&e)
	}
	return e
}

func withoutDetails(e *Example) {
	replicas := make([]verdict.Entry, len(e.Verdict.Replicas))
	for i, r := range e.Verdict.Replicas {
		r.Detail = ""
		replicas[i] = r
	}
	e.Verdict.Detail, e.Verdict.Replicas = "", replicas
}

func withoutReplicas(e *Example) {
	e.Verdict = verdict.Verdict{Outcome: verdict.Failed, Reason: reason.Code(text.Line(string(e.Verdict.Reason), maxName)), Marker: e.Verdict.Marker}
}

// withoutTrivia leaves of the object what names it. Its names are bounded by
// s3event.
func withoutTrivia(e *Example) {
	if e.Object == nil {
		return
	}
	o := *e.Object
	o.ETag, o.Reason = "", ""
	if o.GaveUp != nil {
		gaveUp := s3event.ReplicationFailure{Destination: o.GaveUp.Destination, Operation: text.Line(o.GaveUp.Operation, maxName), Cause: text.Line(o.GaveUp.Cause, maxName)}
		o.GaveUp = &gaveUp
	}
	e.Object = &o
}
