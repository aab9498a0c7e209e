package comparebytes

import (
	"fmt"
	"slices"

	"autobackup/internal/digest"
	"autobackup/internal/verdict"
)

// tally adds up the results of a plan's ranges, in any order: 24 bytes a range.
type tally struct {
	pair    Pair
	plan    Plan
	results []sums
	seen    int64
	bytes   verdict.Bytes
}

type sums struct {
	seen             bool
	primary, replica digest.CRC64
}

func newTally(pair Pair, plan Plan) *tally {
	return &tally{pair: pair, plan: plan, results: make([]sums, plan.Ranges), bytes: verdict.Bytes{
		Primary: verdict.Read{Side: pair.Primary, Found: verdict.Object},
		Replica: verdict.Read{Side: pair.Replica, Found: verdict.Object},
	}}
}

// add counts one range. Its error tells a result that is none of the plan, one
// that contradicts itself, and a range that comes twice.
func (t *tally) add(r RangeResult) error {
	if err := t.plan.validate(t.pair.Primary.Size, &r.Range); err != nil {
		return err
	}
	read := r.Primary.CRC64 != nil && r.Replica.CRC64 != nil
	if read != (r.Equal || r.Different != nil) || r.Equal && (r.Different != nil || *r.Primary.CRC64 != *r.Replica.CRC64) ||
		!r.Primary.consistent() || !r.Replica.consistent() {
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

func (p Part) consistent() bool {
	return (p.Found == verdict.Object) == (p.CRC64 != nil) && p.Found != ""
}

// order says which answer counts where ranges have different ones: that a
// version is gone explains all others, and a lasting obstacle comes before one
// that may pass.
var order = []verdict.Found{
	verdict.Missing, verdict.Archived, verdict.SSEC, verdict.Unsupported, verdict.Denied, verdict.Unreachable, verdict.Object,
}

func rank(f verdict.Found) int {
	if i := slices.Index(order, f); i >= 0 {
		return i
	}
	return slices.Index(order, verdict.Unreachable)
}

func merged(reading *verdict.Read, sum *digest.CRC64, p Part) {
	if p.CRC64 != nil {
		*sum = *p.CRC64
	}
	if rank(p.Found) < rank(reading.Found) {
		reading.Found, reading.Detail = p.Found, p.Detail
	}
}

// judge gives the verdict once every range has been counted.
func (t *tally) judge() (Answer, error) {
	if t.seen != t.plan.Ranges {
		missing := slices.IndexFunc(t.results, func(s sums) bool { return !s.seen })
		return Answer{}, fmt.Errorf("%d of %d ranges have a result; the first without is %d", t.seen, t.plan.Ranges, missing)
	}
	var primary, replica digest.CRC64
	pieces := t.plan.pieces(t.pair.Primary.Size)
	for i, s := range t.results {
		length := pieces.At(int64(i)).Length
		primary = digest.Combine(primary, s.primary, length)
		replica = digest.Combine(replica, s.replica, length)
	}
	if t.bytes.Primary.Found == verdict.Object {
		t.bytes.Primary.CRC64NVME = primary.String()
	}
	if t.bytes.Replica.Found == verdict.Object {
		t.bytes.Replica.CRC64NVME = replica.String()
	}
	return Answer{Verdict: verdict.JudgeBytes(t.bytes)}, nil
}
