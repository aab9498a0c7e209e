package evidence

import (
	"time"

	"autobackup/internal/audit"
	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Run is what the records of one execution, audit or scrub have in common.
type Run struct {
	ID       string // as Record.Run
	At       time.Time
	Program  string
	Template string
}

func (r Run) record(s Source) Record {
	return Record{Time: r.At.UTC().Truncate(time.Millisecond), Source: s, Run: r.ID, Program: r.Program, Template: r.Template}
}

// OfSettled is the record of a line of an execution's summary, and whether there is one: what
// another execution reads has no ending yet. The version is the one of the message,
// because a summary's line may have its key cut; it is zero of a message that names none. A
// version that the primary no longer had is erased where the look found it on no replica,
// either, and no lifecycle rule can have removed it.
func OfSettled(s batch.Settled, v s3event.ObjectVersion, seen verdict.Look, run Run) (Record, bool) {
	ending, ended := ofOutcome(s.Verdict)
	if !ended {
		return Record{}, false
	}
	if s.Reason == reason.SourceDeleted && !v.Marker && run.At.Sub(v.Time) < audit.Soonest {
		if r, shown := OfErased(v, seen, Upload, run); shown {
			return r, true
		}
	}
	r := run.record(Upload)
	r.Bucket, r.Key, r.Version, r.Marker = v.Bucket, v.Key, v.VersionID, v.Marker
	if v.Bucket == "" {
		r.Message = s.ID
	}
	r.Told = told(ending, s.Reason, s.Evidence, s.Finding)
	for _, one := range s.Replicas {
		if ending, ended := ofOutcome(one.Verdict); ended {
			r.Replicas = append(r.Replicas, Replica{one.Bucket, told(ending, one.Reason, one.Evidence, one.Finding)})
		}
	}
	if len(r.Replicas) > 0 && worst(r.Replicas).Verdict != r.Verdict {
		r.Replicas = nil // what decided is a replica without an ending, so it is told of all
	}
	return r, true
}

// told leaves out what does not belong to a verdict: a replica that failed may be named
// with evidence, such as what was equal before its bytes could not be read.
func told(v Verdict, why reason.Code, evidence verdict.Evidence, finding reason.Code) Told {
	if v == Verified {
		return Told{Verdict: v, Evidence: evidence, Finding: finding}
	}
	return Told{Verdict: v, Reason: why}
}

// ofOutcome is a verdict's first word, and whether it is an ending.
func ofOutcome(o verdict.Outcome) (Verdict, bool) {
	v, ended := map[verdict.Outcome]Verdict{verdict.Verified: Verified, verdict.Failed: Failed, verdict.Skipped: Skipped}[o]
	return v, ended
}

// OfItem is the record of a version in an audit or scrub of a pair. Its bucket is the primary's, also
// of what the replica alone has.
func OfItem(i audit.Item, source Source, run Run) Record {
	r := run.record(source)
	r.Bucket, r.Key, r.Version, r.Marker = i.Primary, i.Key, i.Version, i.Marker
	ending := map[audit.Category]Verdict{
		audit.Finding: Failed, audit.Unknown: Unknown, audit.Accepted: Accepted, audit.Expected: Skipped, audit.Compared: Verified, audit.Alike: Alike,
	}[i.Category]
	r.Told = Told{Verdict: ending, Reason: i.Reason} // of a category that is not known, check says so
	switch {
	case i.Gone:
		r.Told = Told{Verdict: Erased}
	case ending == Verified: // beside evidence, an audit's reason is a finding about the metadata
		r.Told = Told{Verdict: Verified, Evidence: i.Evidence, Finding: i.Reason}
	}
	if a := i.Accepted; a != nil && ending == Accepted {
		r.Accepted = &Acceptance{Who: a.Who, Why: a.Why, Until: a.Until.UTC().Truncate(time.Second)}
	}
	r.Replicas = []Replica{{i.Replica, r.Told}}
	return r
}

// OfErased is the record of a version that a look found on no side any more, and whether it
// did: it shows that the version is gone from the primary and from each replica, and not who
// deleted it. A replica that could not be looked at shows nothing.
func OfErased(v s3event.ObjectVersion, seen verdict.Look, source Source, run Run) (Record, bool) {
	if seen.Primary.Found != verdict.Missing || len(seen.Replicas) == 0 {
		return Record{}, false
	}
	r := run.record(source)
	r.Bucket, r.Key, r.Version, r.Marker = v.Bucket, v.Key, v.VersionID, v.Marker
	r.Told = Told{Verdict: Erased}
	for _, one := range seen.Replicas {
		if one.Found != verdict.Missing {
			return Record{}, false
		}
		r.Replicas = append(r.Replicas, Replica{one.Bucket, Told{Verdict: Erased}})
	}
	return r, true
}
