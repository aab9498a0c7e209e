package evidence

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// Source is who came to an ending.
type Source string

// The sources.
const (
	Upload Source = "upload" // an execution of the workflow
	Audit  Source = "audit"
	Scrub  Source = "scrub" // bytes that are read again on a schedule
)

// Verdict is the first word of an ending. Each says what was shown and no more.
type Verdict string

// The verdicts, the worst first: of several replicas the worst is the version's.
const (
	Failed   Verdict = "failed"   // not shown to be as it must be
	Unknown  Verdict = "unknown"  // an audit could not look, or did not
	Accepted Verdict = "accepted" // failed or unknown, and people took it out, in the file of accept
	Skipped  Verdict = "skipped"  // explained by rules, lifecycle or age: nothing was compared
	Alike    Verdict = "alike"    // size and ETag are equal in both listings, and nothing else was compared
	Verified Verdict = "verified" // shown to be equal: the evidence says by what
	Erased   Verdict = "erased"   // gone from the primary and from each replica that is named
)

// Verdicts are all there are, in that order.
func Verdicts() []Verdict {
	return []Verdict{Failed, Unknown, Accepted, Skipped, Alike, Verified, Erased}
}

// Told is what was said of a version, or of one replica of it.
type Told struct {
	Verdict  Verdict          `json:"verdict"`
	Reason   reason.Code      `json:"reason,omitempty"`   // of failed, unknown, accepted and skipped
	Evidence verdict.Evidence `json:"evidence,omitempty"` // of verified: the weakest of all replicas
	Finding  reason.Code      `json:"finding,omitempty"`  // about what is verified, such as METADATA_DIFFERS
}

// Replica is what was said of one replica.
type Replica struct {
	Bucket string `json:"bucket"`
	Told
}

// Acceptance is on whose word a version counts as accepted.
type Acceptance struct {
	Who   string    `json:"who"`
	Why   string    `json:"why"`
	Until time.Time `json:"until"` // from this moment on it is found again
}

// Record is how it ended for one object version: a line of a file. Its JSON form is an
// interface for people who read it without this program: add, never rename.
type Record struct {
	Time   time.Time `json:"time"` // of the ending, in UTC, to the millisecond
	Source Source    `json:"source"`
	Run    string    `json:"run"` // ARN of the execution, or id of the audit or scrub
	// Bucket, Key and Version are the primary's. All are empty where a message named no
	// version; Message is its id then. Version alone is empty where the bucket's versioning is
	// off or suspended.
	Bucket  string `json:"bucket,omitempty"`
	Key     string `json:"key,omitempty"`
	Version string `json:"version,omitempty"`
	Message string `json:"message,omitempty"`
	Marker  bool   `json:"marker,omitzero"` // the version is a delete marker
	Told
	// Replicas are those that something was said of: none where the primary decides, one in
	// an audit, which compares pairs.
	Replicas []Replica   `json:"replicas,omitempty"`
	Accepted *Acceptance `json:"accepted,omitempty"`
	Program  string      `json:"program"`            // version of the functions or of the program
	Template string      `json:"template,omitempty"` // version of the deployed template
}

// What a record takes at most, in bytes. S3's keys and version ids have 1,024 at most.
const (
	maxKey      = 1024
	maxBucket   = 255
	maxWord     = 2048
	maxReplicas = 100
)

// check refuses what no writer of this format makes.
func (r Record) check() error {
	if err := r.checkWords(); err != nil {
		return err
	}
	switch named := r.Bucket != "" && r.Key != ""; {
	case r.Time.IsZero():
		return errors.New("time is missing")
	case r.Time.Location() != time.UTC || r.Time != r.Time.Truncate(time.Millisecond):
		return errors.New("time is not in UTC to the millisecond")
	case !slices.Contains([]Source{Upload, Audit, Scrub}, r.Source):
		return errors.New("source is none of upload, audit and scrub")
	case r.Run == "":
		return errors.New("run is missing")
	case r.Program == "":
		return errors.New("program is missing")
	case !named && (r.Message == "" || r.Bucket+r.Key+r.Version != ""):
		return errors.New("it names neither an object version nor a message")
	case named && r.Message != "":
		return errors.New("it names an object version and a message")
	case (r.Verdict == Accepted) != (r.Accepted != nil):
		return errors.New("accepted stands beside another verdict, or is missing")
	case r.Accepted != nil && (r.Accepted.Who == "" || r.Accepted.Until.IsZero()):
		return errors.New("accepted does not say by whom or until when")
	}
	return r.checkTold()
}

func (r Record) checkWords() error {
	for name, w := range map[string]struct {
		value string
		most  int
	}{
		"bucket": {r.Bucket, maxBucket}, "key": {r.Key, maxKey}, "version": {r.Version, maxKey}, "message": {r.Message, maxWord},
		"run": {r.Run, maxWord}, "program": {r.Program, maxWord}, "template": {r.Template, maxWord},
	} {
		if len(w.value) > w.most {
			return fmt.Errorf("%s is longer than %d bytes", name, w.most)
		}
	}
	if a := r.Accepted; a != nil && max(len(a.Who), len(a.Why)) > maxWord {
		return fmt.Errorf("accepted is longer than %d bytes", maxWord)
	}
	return nil
}

func (r Record) checkTold() error {
	if err := r.Told.check(); err != nil {
		return err
	}
	if len(r.Replicas) > maxReplicas {
		return fmt.Errorf("it has more than %d replicas", maxReplicas)
	}
	for i, one := range r.Replicas {
		if one.Bucket == "" || len(one.Bucket) > maxBucket {
			return errors.New("a replica has no name, or none of a bucket")
		}
		if slices.ContainsFunc(r.Replicas[:i], func(o Replica) bool { return o.Bucket == one.Bucket }) {
			return errors.New("a replica stands twice")
		}
		if one.Verdict == Accepted && r.Accepted == nil {
			return errors.New("a replica is accepted, and nobody accepted it")
		}
		if err := one.check(); err != nil {
			return fmt.Errorf("of a replica: %w", err)
		}
	}
	if len(r.Replicas) > 0 && worst(r.Replicas).Verdict != r.Verdict {
		return errors.New("its verdict is not the worst of its replicas")
	}
	return nil
}

// check refuses a verdict that says less or more than it must: verified without evidence
// would be a claim that rests on nothing.
func (t Told) check() error {
	for _, w := range []string{string(t.Reason), string(t.Evidence), string(t.Finding)} {
		if len(w) > maxBucket || strings.ContainsFunc(w, func(r rune) bool { return r < ' ' || r > '~' }) {
			return errors.New("a reason or evidence is no short line of printable ASCII")
		}
	}
	switch {
	case !slices.Contains(Verdicts(), t.Verdict):
		return errors.New("the verdict is none that this program knows")
	case (t.Verdict == Verified) != (t.Evidence != ""):
		return errors.New("verified has no evidence, or another verdict has some")
	case slices.Contains([]Verdict{Failed, Unknown, Accepted, Skipped}, t.Verdict) != (t.Reason != ""):
		return errors.New("the reason is missing, or stands beside a verdict that needs none")
	case t.Finding != "" && t.Verdict != Verified:
		return errors.New("a finding stands beside what is not verified")
	}
	return nil
}
