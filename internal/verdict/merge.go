package verdict

import (
	"cmp"
	"slices"

	"autobackup/internal/checksum"
	"autobackup/internal/reason"
)

// order is how replicas merge: the first outcome that one of them has is the
// version's. A replica that is not expected to hold the version is not among
// them, so it counts for nothing.
var order = []Outcome{Failed, Lagging, Reading, Skipped, Verified}

// merge is the verdict of several replicas, at least one: the outcome that comes
// first in order, with the worst reason or the weakest evidence of those that have
// it. Every replica keeps an entry of its own. A lagging version waits no longer
// than any of its replicas may.
func merge(rulings []ruling) Verdict {
	worst := slices.MinFunc(rulings, worse)
	v := Verdict{Outcome: worst.Outcome, Reason: worst.Reason, Wait: worst.wait}
	if v.Outcome == Verified {
		v.Evidence = worst.Evidence
	}
	for _, r := range rulings {
		v.Replicas = append(v.Replicas, r.Entry)
		if r.Outcome == v.Outcome {
			v.Finding = cmp.Or(v.Finding, r.Finding)
			v.Wait = min(v.Wait, r.wait)
		}
	}
	return v
}

// worse is negative where a is worse than b.
func worse(a, b ruling) int {
	return cmp.Or(
		cmp.Compare(place(order, a.Outcome), place(order, b.Outcome)),
		cmp.Compare(place(reason.Severity(), a.Reason), place(reason.Severity(), b.Reason)),
		cmp.Compare(place(strength(), b.Evidence), place(strength(), a.Evidence)))
}

// place is where x stands in a list; behind its end where it does not.
func place[T comparable](list []T, x T) int {
	if i := slices.Index(list, x); i >= 0 {
		return i
	}
	return len(list)
}

// strength lists all evidence, the strongest first: by its kind, then by the
// algorithm.
func strength() []Evidence {
	list := []Evidence{BytesRead}
	for _, kind := range []Evidence{FullObjectChecksum, CompositeChecksum} {
		for _, a := range checksum.Algorithms() {
			list = append(list, kind.by(a), kind.byParts(a))
		}
	}
	return append(list, SinglePartETag, MultipartETag, DeleteMarker)
}

// by is the evidence of checksums of the algorithm.
func (e Evidence) by(a checksum.Algorithm) Evidence { return e + " " + Evidence(a) }

// byParts is the evidence of checksums of the parts.
func (e Evidence) byParts(a checksum.Algorithm) Evidence {
	if e == FullObjectChecksum {
		return e.by(a) + " (combined from parts)"
	}
	return e.by(a) + " (part by part)"
}

// ofPrimary is a verdict that the primary or its rules decide.
func ofPrimary(r ruling) Verdict {
	return Verdict{Outcome: r.Outcome, Reason: r.Reason, Detail: r.Detail, Forbidden: r.Forbidden, Wait: r.wait}
}
