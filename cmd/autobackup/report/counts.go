package report

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"autobackup/internal/audit"
	"autobackup/internal/reason"
)

// tally is how many versions are in a category.
type tally struct{ Versions, New, Bytes int64 }

func total(r audit.Report, c audit.Category) (t tally) {
	for _, n := range r.Counts {
		if n.Category == c {
			t.Versions += n.Versions
			t.New += n.New
			t.Bytes += n.Bytes
		}
	}
	return t
}

// sums are the findings and the unknown of all pairs, and what was listed of them.
func sums(reports []audit.Report) (found, unknown tally, listed int64) {
	for _, r := range reports {
		f, u := total(r, audit.Finding), total(r, audit.Unknown)
		found.Versions += f.Versions
		found.New += f.New
		unknown.Versions += u.Versions
		listed += r.Listed
	}
	return found, unknown, listed
}

// summed is a line of these: "2 findings, 1 new; 0 unknown".
func summed(reports []audit.Report) string {
	found, unknown, _ := sums(reports)
	words := counted(found.Versions, "finding")
	if found.New > 0 {
		words += ", " + grouped(found.New) + " new"
	}
	return words + "; " + grouped(unknown.Versions) + " unknown"
}

// counts are those of a category that have versions: the worst reason first, the
// most versions first where there are only evidences.
func counts(r audit.Report, c audit.Category) []audit.Count {
	all := slices.DeleteFunc(slices.Clone(r.Counts), func(n audit.Count) bool { return n.Category != c || n.Versions == 0 })
	slices.SortStableFunc(all, func(a, b audit.Count) int {
		return cmp.Or(cmp.Compare(rank(a.Reason), rank(b.Reason)), cmp.Compare(b.Versions, a.Versions),
			cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Evidence, b.Evidence))
	})
	return all
}

// name is what tells a count from the others of its category.
func name(n audit.Count) string {
	return visible(cmp.Or(string(n.Reason), string(n.Evidence), string(n.Category)))
}

// parts is one line of counts with their names: "REPLICA_MISSING 97, NOT_ERASED 9".
func parts(all []audit.Count, versions func(audit.Count) int64) string {
	var names []string
	for _, n := range all {
		if v := versions(n); v > 0 {
			names = append(names, name(n)+" "+grouped(v))
		}
	}
	return strings.Join(names, ", ")
}

func every(n audit.Count) int64 { return n.Versions }
func fresh(n audit.Count) int64 { return n.New }
func known(n audit.Count) int64 { return n.Versions - n.New }

// worst is the example to begin with: the first that is new, or else the first.
func worst(n audit.Count) (audit.Item, bool) {
	if len(n.Examples) == 0 {
		return audit.Item{}, false
	}
	return n.Examples[max(0, slices.IndexFunc(n.Examples, func(i audit.Item) bool { return i.New }))], true
}

// lacks says whether a replica lacks what S3 had to replicate, which may need a copy in
// place.
func lacks(r audit.Report) bool {
	return slices.ContainsFunc(counts(r, audit.Finding), func(n audit.Count) bool { return n.Reason == reason.ReplicaMissing })
}

// check refuses counts that can't be shown: a report whose counts don't add up, or
// with a category that no line has, would hide versions.
func check(reports []audit.Report) error {
	if len(reports) == 0 {
		return errors.New("report on no pair of buckets: an audit has one at least")
	}
	for _, r := range reports {
		if r.Primary.Bucket != reports[0].Primary.Bucket {
			return fmt.Errorf("report on %s and on %s: an audit has one primary; audit each by itself", pair(reports[0]), pair(r))
		}
		var sum int64
		for _, c := range audit.Categories() {
			sum += total(r, c).Versions
		}
		if sum != r.Listed {
			return fmt.Errorf("report on %s: its counts add up to %d, and %d versions were listed; %s", pair(r), sum, r.Listed, fault)
		}
	}
	return nil
}

// pair names the two buckets.
func pair(r audit.Report) string {
	return visible(r.Primary.Bucket) + " → " + visible(r.Replica.Bucket)
}

// outcome is the exit code of all pairs, and the result that it comes from: the
// greatest code, of equal ones the one with findings.
func outcome(reports []audit.Report) (result string, exit int) {
	for i, r := range reports {
		if i == 0 || r.Exit > exit || r.Exit == exit && total(r, audit.Finding).Versions > 0 {
			result, exit = r.Result, r.Exit
		}
	}
	return result, exit
}

// mood is how the result is shown: "finding", "unknown" or "fine". Where nothing was
// listed, nothing is fine.
func mood(reports []audit.Report) string {
	found, unknown, listed := sums(reports)
	_, exit := outcome(reports)
	switch {
	case exit != 0 && (found.Versions > 0 || unknown.Versions == 0 && listed > 0):
		return "finding"
	case exit != 0 || listed == 0:
		return "unknown"
	default:
		return "fine"
	}
}
