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
	reasons  map[reason.Code]int // of the replicas that failed
	findings int                 // about what is verified
	looks    []int               // of each that is settled
	verified []int               // age of each that is verified, in seconds
	lagging  []int               // age of each that lags, in seconds
}

func (t *total) add(o Object, at time.Time) {
	t.outcomes[o.Outcome]++
	for _, code := range o.Reasons {
		t.reasons[code]++
	}
	if o.Finding != "" {
		t.findings++
	}
	if o.Outcome != verdict.Lagging && o.Outcome != verdict.Reading {
		t.looks = append(t.looks, o.Looks)
	}
	if o.Time.IsZero() {
		return
	}
	age := int(max(at.Sub(o.Time), 0) / time.Second) // clocks differ: never below 0
	switch o.Outcome {
	case verdict.Verified:
		t.verified = append(t.verified, age)
	case verdict.Lagging:
		t.lagging = append(t.lagging, age)
	}
}

func (t *total) lines(stage, category string) []line {
	lines := []line{{[][]string{byCategory, byStage}, map[string]any{
		Stage: stage, Category: category,
		Verified: t.outcomes[verdict.Verified],
		Lagging:  t.outcomes[verdict.Lagging],
		Failed:   t.outcomes[verdict.Failed],
		Skipped:  t.outcomes[verdict.Skipped],
	}}}
	if t.findings > 0 {
		lines[0].members[MetadataDiffers] = t.findings
	}
	lines = spread(lines, Looks, t.looks)
	lines = spread(lines, AgeAtVerification, t.verified)
	lines = spread(lines, AgeOfLagging, t.lagging)
	for _, code := range slices.Sorted(maps.Keys(t.reasons)) {
		lines = append(lines, line{[][]string{byReason}, map[string]any{
			Stage: stage, Category: category, Reason: code, Failed: t.reasons[code]}})
	}
	return lines
}

// line is one line: the values of some metrics, each of them by every set of
// dimensions that it is defined with.
type line struct {
	dimensions [][]string
	members    map[string]any // of dimensions the value, of metrics a number, or 1 to maxValues of them
}

// spread puts values into the lines, as many into each as it may have, and adds
// lines where that takes more.
func spread(lines []line, name string, values []int) []line {
	i := 0
	for chunk := range slices.Chunk(values, maxValues) {
		if i == len(lines) {
			first := lines[0].members
			lines = append(lines, line{[][]string{byCategory}, map[string]any{Stage: first[Stage], Category: first[Category]}})
		}
		lines[i].members[name] = chunk
		i++
	}
	return lines
}

// document is the line in the embedded metric format: members of the root, and
// a directive for each set of dimensions that says which of them are metrics.
func (l line) document(at time.Time) map[string]any {
	meta := metadata{Timestamp: at.UnixMilli()}
	for _, dimensions := range l.dimensions {
		d := directive{Namespace: Namespace, Dimensions: [][]string{dimensions}}
		for _, m := range Definitions() {
			if _, has := l.members[m.Name]; has && slices.Equal(m.Dimensions, dimensions) {
				d.Metrics = append(d.Metrics, named{m.Name, m.Unit})
			}
		}
		meta.CloudWatchMetrics = append(meta.CloudWatchMetrics, d)
	}
	root := maps.Clone(l.members)
	root["_aws"] = meta
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
