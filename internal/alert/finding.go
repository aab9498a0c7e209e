package alert

import (
	"cmp"
	"strings"

	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/text"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

// finding is one thing that is wrong with a version: a replica that failed, or,
// with an Entry of no bucket, what the primary decided.
type finding struct {
	verdict.Entry
	stage  string
	object *s3event.ObjectVersion
	marker bool
	// bare is set where the message carries no facts but the reason, so that what it
	// rests on is not known: package told has the line for people in their place.
	bare bool
}

// findings are the failed replicas of a message, or the finding of its primary.
func findings(stage string, x told.Example) (all []finding) {
	v := x.Verdict
	for _, e := range v.Replicas {
		if e.Outcome == verdict.Failed {
			all = append(all, finding{Entry: e, stage: stage, object: x.Object, marker: v.Marker})
		}
	}
	if len(all) > 0 {
		return all
	}
	f := finding{Entry: verdict.Entry{Reason: v.Reason, Forbidden: v.Forbidden}, stage: stage, object: x.Object, marker: v.Marker}
	f.bare = withoutFacts(x)
	return []finding{f}
}

// withoutFacts says whether the message carries nothing but the reason of what its
// primary decided.
func withoutFacts(x told.Example) bool { return x.Verdict.Detail == "" || x.Verdict.Detail == x.Detail }

// words are what operators are told about a finding.
type words struct {
	what, why, next string
	// copying is set where copying the object in place makes a replica.
	copying bool
}

// row gives words to the findings of a reason for which when is true, or to all
// of them where when is nil.
type row struct {
	reason reason.Code
	when   func(finding) bool
	words
}

// words are those of the finding, with what is in braces filled in.
func (f finding) words() words {
	w, fill := f.unfilled(), f.fill()
	w.what, w.why, w.next = fill.Replace(w.what), fill.Replace(w.why), fill.Replace(w.next)
	return w
}

// sense is what two findings have in common that mean the same, in whichever
// replicas.
type sense struct {
	words
	status, evidence, expires, cause string
}

func (f finding) sense() sense {
	return sense{f.unfilled(), f.Status, string(f.Evidence), f.Expires, f.Cause}
}

// unfilled are the words of the first row that is about the finding.
func (f finding) unfilled() words {
	w := f.row().words
	if notified(f) || ofChange(f) {
		return f.withCause(w)
	}
	return w
}

func (f finding) row() row {
	if f.bare && meanings[f.Reason] != "" {
		return bare(f.Reason)
	}
	for _, r := range rows {
		if r.reason == f.Reason && (r.when == nil || r.when(f)) {
			return r
		}
	}
	return unknown
}

// fill puts facts into the places that the words leave for them. What it puts in
// is not filled again.
func (f finding) fill() *strings.Replacer {
	primary, from := "the primary bucket", "its region"
	if f.object != nil {
		primary, from = show(f.object.Bucket, maxBucket), show(f.object.Region, maxRegion)
	}
	replica, to := "the replica bucket", "its region"
	if f.Bucket != "" {
		replica, to = show(f.Bucket, maxBucket), show(cmp.Or(f.Region, "region not told"), maxRegion)
	}
	return strings.NewReplacer(
		"{primary}", primary, "{primaryRegion}", from,
		"{replica}", replica, "{replicaRegion}", to,
		"{place}", f.place(primary, replica),
		"{status}", text.Line(cmp.Or(f.Status, "empty"), 40),
		"{evidence}", text.Line(string(f.Evidence), 120),
		"{expires}", show(f.Expires, 120),
		"{cause}", show(f.Cause, 80),
		"{reason}", show(string(f.Reason), 40),
		"{stage}", show(f.stage, 32),
	)
}

// place is the bucket that the finding is about.
func (f finding) place(primary, replica string) string {
	if f.Bucket == "" {
		return primary
	}
	return replica
}

// What names take at most, in bytes: one in place of a name may be any text.
const (
	maxBucket = 63
	maxRegion = 32
)
