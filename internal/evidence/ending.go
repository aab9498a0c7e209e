package evidence

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"autobackup/internal/audit"
	"autobackup/internal/verdict"
)

// fine says whether nobody has to hear of it line by line.
func (t Told) fine() bool { return t.Verdict == Verified || t.Verdict == Alike }

// worse is negative where a is worse than b: by verdict, then by the severity of the reason
// or the weakness of the evidence.
func worse(a, b Told) int {
	return cmp.Or(
		cmp.Compare(slices.Index(Verdicts(), a.Verdict), slices.Index(Verdicts(), b.Verdict)),
		cmp.Compare(rank(audit.Severity(), a.Reason), rank(audit.Severity(), b.Reason)), cmp.Compare(a.Reason, b.Reason),
		cmp.Compare(strength(b.Evidence), strength(a.Evidence)), cmp.Compare(a.Evidence, b.Evidence),
		-cmp.Compare(a.Finding, b.Finding), // one with a finding before one without
	)
}

// rank is where x stands in a list; behind its end where it does not.
func rank[T comparable](list []T, x T) int {
	if i := slices.Index(list, x); i >= 0 {
		return i
	}
	return len(list)
}

// strength is how far down a kind of evidence is; what is not known is the weakest.
func strength(e verdict.Evidence) int {
	kinds := []verdict.Evidence{verdict.BytesRead, verdict.FullObjectChecksum, verdict.CompositeChecksum, verdict.SinglePartETag, verdict.MultipartETag, verdict.DeleteMarker}
	for i, k := range kinds {
		if strings.HasPrefix(string(e), string(k)) {
			return i
		}
	}
	return len(kinds)
}

// slot is what was last said of one replica, or of the whole version where the primary
// decides: it names none then.
type slot struct {
	replica  string
	told     *Told
	accepted *Acceptance
	differs  bool // who read the bytes again said that they differ, and nobody has ended that
}

// ends says whether what is said now ends that bytes differ: they were read and are equal, or are
// gone. Stored checksums are as they were, so that nothing else does.
func (t Told) ends() bool {
	return t.Verdict == Erased || strings.HasPrefix(string(t.Evidence), string(verdict.BytesRead))
}

// stays says whether what was said stands against what is said now.
func (s slot) stays(now Told) bool { return s.differs && now.fine() && !now.ends() }

// of says whether a slot is about a replica: its own, or that of all.
func (s slot) of(replica string) bool { return s.replica == "" || s.replica == replica }

// history is what is known of one version while records come in the order of their times.
type history struct {
	bucket string
	slots  []slot
	story  *story // nil where all that was said of it is fine
}

// story is what a line of the report needs, of a version that has one.
type story struct {
	last   Record // with the version's names
	failed *failure
}

// failure is that a version failed, and what came of it.
type failure struct {
	Told    Told      // the last time that it failed
	since   time.Time // the first time that it failed
	settled time.Time // the first time after the last that it did not fail; zero where it still fails
}

// apply takes the next record. Of replicas that it does not name, what was said last stays. One that
// names none is about all of them, and any later one ends it.
func (h *history) apply(r Record, share func(Told) *Told) {
	if len(r.Replicas) == 0 {
		differs := !r.ends() && slices.ContainsFunc(h.slots, func(s slot) bool { return s.differs })
		h.slots = []slot{{told: share(r.Told), accepted: r.Accepted, differs: differs}}
	}
	for _, one := range r.Replicas {
		if slices.ContainsFunc(h.slots, func(s slot) bool { return s.of(one.Bucket) && s.stays(one.Told) }) {
			continue
		}
		said := slot{replica: one.Bucket, told: share(one.Told)}
		said.differs = r.Source == Scrub && one.Verdict == Failed ||
			!one.ends() && slices.ContainsFunc(h.slots, func(s slot) bool { return s.of(one.Bucket) && s.differs })
		if one.Verdict == Accepted {
			said.accepted = r.Accepted
		}
		h.slots = slices.DeleteFunc(h.slots, func(s slot) bool { return s.of(one.Bucket) })
		h.slots = append(h.slots, said)
	}
	if h.story == nil && r.fine() {
		return
	}
	if h.story == nil {
		h.story = &story{}
	}
	h.story.take(r, *h.ending().told)
}

func (s *story) take(r Record, ending Told) {
	s.last = r
	switch f := s.failed; {
	case ending.Verdict == Failed && f == nil:
		s.failed = &failure{Told: ending, since: r.Time}
	case ending.Verdict == Failed:
		f.Told, f.settled = ending, time.Time{}
	case f != nil && f.settled.IsZero():
		f.settled = r.Time
	}
}

// ending is the worst of what was last said.
func (h *history) ending() slot {
	return slices.MinFunc(h.slots, func(a, b slot) int { return worse(*a.told, *b.told) })
}

// worst is the worst of replicas.
func worst(replicas []Replica) Told {
	return slices.MinFunc(replicas, func(a, b Replica) int { return worse(a.Told, b.Told) }).Told
}
