package audit

import (
	"cmp"
	"slices"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// maxExamples is how many versions a Count shows.
const maxExamples = 5

// Tally counts versions by category, reason and evidence.
type Tally struct {
	counts map[kind]*Count
}

type kind struct {
	category Category
	reason   reason.Code
	evidence verdict.Evidence
}

func (t *Tally) of(k kind) *Count {
	if t.counts == nil {
		t.counts = map[kind]*Count{}
	}
	c := t.counts[k]
	if c == nil {
		c = &Count{Category: k.category, Reason: k.reason, Evidence: k.evidence}
		t.counts[k] = c
	}
	return c
}

// Add counts a version of so many bytes. item makes it an example where there are few
// yet; what is alike or compared needs none.
func (t *Tally) Add(c Conclusion, size int64, item func() Item) {
	count := t.of(kind{c.Category, c.Reason, c.Evidence})
	count.Versions++
	count.Bytes += size
	if len(count.Examples) < maxExamples && c.Reason != "" {
		count.Examples = append(count.Examples, item())
	}
}

// AddItem counts an item as it stands, its New and Accepted included.
func (t *Tally) AddItem(i Item) {
	t.Add(Conclusion{Category: i.Category, Reason: i.Reason, Evidence: i.Evidence}, i.Size, func() Item { return i })
	if i.New {
		t.of(kind{i.Category, i.Reason, i.Evidence}).New++
	}
}

// Join adds counts of versions that come later in key order.
func (t *Tally) Join(counts []Count) {
	for _, c := range counts {
		count := t.of(kind{c.Category, c.Reason, c.Evidence})
		count.Versions += c.Versions
		count.New += c.New
		count.Bytes += c.Bytes
		room := min(maxExamples-len(count.Examples), len(c.Examples))
		count.Examples = append(count.Examples, c.Examples[:room]...)
	}
}

// Versions is the sum of all counts.
func (t *Tally) Versions() (n int64) {
	for _, c := range t.counts {
		n += c.Versions
	}
	return n
}

// Counts is all counts: by category, failures first, then by severity or strength,
// then by name.
func (t *Tally) Counts() []Count {
	var all []Count
	for _, c := range t.counts {
		all = append(all, *c)
	}
	slices.SortFunc(all, func(a, b Count) int {
		return cmp.Or(cmp.Compare(place(Categories(), a.Category), place(Categories(), b.Category)),
			cmp.Compare(place(Severity(), a.Reason), place(Severity(), b.Reason)),
			cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Evidence, b.Evidence))
	})
	return all
}

// Severity lists the reasons of findings, the worst first: those of uploads
// (reason.Severity) with an audit's own among them.
func Severity() []reason.Code {
	list := reason.Severity()
	after := func(known reason.Code, own ...reason.Code) {
		list = slices.Insert(list, slices.Index(list, known)+1, own...)
	}
	after(reason.ReplicaMissing, reason.MarkerMissing)
	after(reason.NotVersioned, reason.NotErased, reason.ReplicaOnly, reason.LockDiffers,
		reason.MissingNotLookedAt, reason.DifferentNotLookedAt, reason.SurplusNotLookedAt)
	return list
}

// place is where x stands in a list; behind its end where it does not.
func place[T comparable](list []T, x T) int {
	if i := slices.Index(list, x); i >= 0 {
		return i
	}
	return len(list)
}
