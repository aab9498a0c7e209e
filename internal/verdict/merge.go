package verdict

import (
	"slices"
	"strings"

	"autobackup/internal/reason"
)

// order is how replicas merge: the first outcome that one of them has is the
// version's. A replica that is not expected to hold the version is not among
// them, so it counts for nothing.
var order = []Outcome{Failed, Lagging, Reading, Skipped, Verified}

// strength orders the evidence, the strongest first.
var strength = []Evidence{BytesRead, FullObjectChecksum, CompositeChecksum, SinglePartETag, MultipartETag, DeleteMarker}

// merge is the verdict of several replicas: the outcome that comes first in
// order, with the worst reason or the weakest evidence of those that have it.
// Every replica keeps an entry of its own. A lagging one waits no longer than any
// of its replicas may.
func merge(rulings []ruling) Verdict {
	v := Verdict{Outcome: Verified, Wait: maxWait}
	for _, o := range order {
		if slices.ContainsFunc(rulings, func(r ruling) bool { return r.Outcome == o }) {
			v.Outcome = o
			break
		}
	}
	var worst ruling
	for _, r := range rulings {
		v.Replicas = append(v.Replicas, r.Entry)
		if r.Outcome != v.Outcome {
			continue
		}
		if worst.Outcome == "" || r.rank() < worst.rank() {
			worst = r
		}
		if r.Finding != "" {
			v.Finding = r.Finding
		}
		v.Wait = min(v.Wait, r.wait)
	}
	v.Reason = worst.Reason
	if v.Outcome == Verified {
		v.Evidence = worst.Evidence
	}
	return v
}

// rank is the lower the worse a reason or the weaker an evidence is.
func (r ruling) rank() int {
	if r.Outcome == Verified {
		return -slices.IndexFunc(strength, func(e Evidence) bool { return strings.HasPrefix(string(r.Evidence), string(e)) })
	}
	return slices.Index(reason.Severity(), r.Reason)
}

// ofPrimary is a verdict that the primary or its rules decide.
func ofPrimary(r ruling) Verdict {
	return Verdict{Outcome: r.Outcome, Reason: r.Reason, Evidence: r.Evidence, Detail: r.Detail, Wait: r.wait}
}
