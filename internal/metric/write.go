package metric

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// maxValues is how many values a metric may have in one line, by the format's
// specification.
const maxValues = 100

// Write writes the lines of one round, in the order of categories and reasons,
// each with one call of w. The lines' time, and the one that ages are taken at,
// is at. Without objects it writes nothing.
func Write(w io.Writer, stage string, at time.Time, objects []Object) error {
	totals := map[string]*total{}
	for _, o := range objects {
		c := category(stage, o.Bucket)
		if totals[c] == nil {
			totals[c] = &total{outcomes: map[verdict.Outcome]int{}, reasons: map[reason.Code]int{}}
		}
		totals[c].add(o, at)
	}
	encoder := json.NewEncoder(w)
	for _, c := range slices.Sorted(maps.Keys(totals)) {
		for _, l := range totals[c].lines(stage, c) {
			if err := encoder.Encode(l.document(at)); err != nil {
				return fmt.Errorf("write metrics of category %s: %w", c, err)
			}
		}
	}
	return nil
}

// total is what a round comes to in one category.
type total struct {
	outcomes map[verdict.Outcome]int
	reasons  map[reason.Code]int // of what failed
	looks    []int               // of each that is settled
	ages     []int               // of each that is verified, in seconds
}

func (t *total) add(o Object, at time.Time) {
	t.outcomes[o.Outcome]++
	if o.Outcome == verdict.Failed {
		t.reasons[o.Reason]++
	}
	if o.Outcome != verdict.Lagging {
		t.looks = append(t.looks, o.Looks)
	}
	if o.Outcome == verdict.Verified && !o.Time.IsZero() {
		t.ages = append(t.ages, int(max(at.Sub(o.Time), 0)/time.Second)) // clocks differ: never below 0
	}
}

func (t *total) lines(stage, category string) []line {
	lines := []line{{byCategory, map[string]any{
		Stage: stage, Category: category,
		Verified: t.outcomes[verdict.Verified],
		Lagging:  t.outcomes[verdict.Lagging],
		Failed:   t.outcomes[verdict.Failed],
		Skipped:  t.outcomes[verdict.Skipped],
	}}}
	lines = spread(lines, Looks, t.looks)
	lines = spread(lines, AgeAtVerification, t.ages)
	for _, code := range slices.Sorted(maps.Keys(t.reasons)) {
		lines = append(lines, line{byReason, map[string]any{
			Stage: stage, Category: category, Reason: code, Failed: t.reasons[code]}})
	}
	return lines
}

// line is one line: the values of some metrics that have the same dimensions.
type line struct {
	dimensions []string
	members    map[string]any // of dimensions the value, of metrics a number, or 1 to maxValues of them
}

// spread puts values into the lines, as many into each as it may have, and adds
// lines where that takes more.
func spread(lines []line, name string, values []int) []line {
	i := 0
	for chunk := range slices.Chunk(values, maxValues) {
		if i == len(lines) {
			first := lines[0].members
			lines = append(lines, line{byCategory, map[string]any{Stage: first[Stage], Category: first[Category]}})
		}
		lines[i].members[name] = chunk
		i++
	}
	return lines
}

// document is the line in the embedded metric format: members of the root, and
// a directive that says which of them are metrics and dimensions.
func (l line) document(at time.Time) map[string]any {
	d := directive{Namespace: Namespace, Dimensions: [][]string{l.dimensions}}
	for _, m := range Definitions() {
		if _, has := l.members[m.Name]; has && slices.Equal(m.Dimensions, l.dimensions) {
			d.Metrics = append(d.Metrics, named{m.Name, m.Unit})
		}
	}
	root := maps.Clone(l.members)
	root["_aws"] = metadata{at.UnixMilli(), []directive{d}}
	return root
}

type metadata struct {
	Timestamp         int64 // milliseconds since 1970
	CloudWatchMetrics []directive
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []named
}

type named struct{ Name, Unit string }
