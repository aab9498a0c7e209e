package comparebytes

import (
	"fmt"
	"slices"

	"autobackup/internal/digest"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// tally adds up the results of a plan's ranges, in any order: 24 bytes a range.
type tally struct {
	plan    Plan
	results []sums
	seen    int64
	bytes   verdict.Bytes
}

type sums struct {
	seen             bool
	primary, replica digest.CRC64
}

func newTally(plan Plan) *tally {
	read := verdict.Read{Found: verdict.Object}
	return &tally{plan: plan, results: make([]sums, plan.Ranges), bytes: verdict.Bytes{Primary: read, Replica: read}}
}

// add counts one range. Its error tells a result that is none of the plan, one
// that contradicts itself, and a range that comes twice.
func (t *tally) add(r RangeResult) error {
	if err := t.plan.has(r.Range); err != nil {
		return err
	}
	if !r.consistent() {
		return fmt.Errorf("the result of range %d contradicts itself", r.Index)
	}
	s := &t.results[r.Index]
	if s.seen {
		return fmt.Errorf("range %d has two results", r.Index)
	}
	s.seen = true
	t.seen++
	merged(&t.bytes.Primary, &s.primary, r.Primary)
	merged(&t.bytes.Replica, &s.replica, r.Replica)
	if d := t.bytes.Different; r.Different != nil && (d == nil || r.Different.Offset < d.Offset) {
		t.bytes.Different = r.Different
	}
	return nil
}

// consistent says whether the result tells of a difference or of none exactly
// where both sides were read, and of checksums as different as the bytes.
func (r RangeResult) consistent() bool {
	if !r.Primary.consistent() || !r.Replica.consistent() || r.Equal && r.Different != nil {
		return false
	}
	read := r.Primary.CRC64 != nil && r.Replica.CRC64 != nil
	return read == (r.Equal || r.Different != nil) && (!r.Equal || *r.Primary.CRC64 == *r.Replica.CRC64)
}

func (p Part) consistent() bool {
	return known(p.Found) && (p.Found == verdict.Object) == (p.CRC64 != nil)
}

// order says which answer counts where ranges have different ones: that a
// version is gone explains all others, and a lasting obstacle comes before one
// that may pass.
var order = []verdict.Found{
	verdict.Missing, verdict.Archived, verdict.SSEC, verdict.NoReader, verdict.Forbidden, verdict.Denied, verdict.Unreachable, verdict.Object,
}

// known says whether a side that is read can answer so.
func known(f verdict.Found) bool { return slices.Contains(order, f) }

func merged(read *verdict.Read, sum *digest.CRC64, p Part) {
	if p.CRC64 != nil {
		*sum = *p.CRC64
	}
	if slices.Index(order, p.Found) < slices.Index(order, read.Found) {
		read.Found, read.Detail = p.Found, text.Line(p.Detail, verdict.MaxSideDetail)
	}
}

// total is what the whole object came to, once every range has been counted.
func (t *tally) total() (verdict.Bytes, error) {
	if t.seen != t.plan.Ranges {
		missing := slices.IndexFunc(t.results, func(s sums) bool { return !s.seen })
		return verdict.Bytes{}, fmt.Errorf("%d of %d ranges have a result; the first without is %d", t.seen, t.plan.Ranges, missing)
	}
	var primary, replica digest.CRC64
	for i, s := range t.results {
		length := t.plan.pieces().At(int64(i)).Length
		primary = digest.Combine(primary, s.primary, length)
		replica = digest.Combine(replica, s.replica, length)
	}
	all := t.bytes
	if all.Primary.Found == verdict.Object {
		all.Primary.CRC64NVME = primary.String()
	}
	if all.Replica.Found == verdict.Object {
		all.Replica.CRC64NVME = replica.String()
	}
	return all, nil
}
