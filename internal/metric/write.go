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

// Write writes the lines of one round: the stage's, those of buckets in their
// order, those of reasons in theirs; each with one call of w. The lines' time, and
// the one that ages are taken at, is at. Without objects it writes nothing.
func (s Scope) Write(w io.Writer, at time.Time, objects []Object) error {
	if len(objects) == 0 {
		return nil
	}
	whole, buckets := newTotal(), map[string]*total{}
	for _, o := range objects {
		whole.add(o, at)
		if !slices.Contains(s.Buckets, o.Bucket) {
			continue
		}
		if buckets[o.Bucket] == nil {
			buckets[o.Bucket] = newTotal()
		}
		buckets[o.Bucket].add(o, at)
	}
	lines := whole.lines(byStage, map[string]any{Stage: s.Stage})
	for _, name := range slices.Sorted(maps.Keys(buckets)) {
		lines = append(lines, buckets[name].lines(byBucket, map[string]any{Stage: s.Stage, Bucket: name})...)
	}
	for _, code := range slices.Sorted(maps.Keys(whole.reasons)) {
		lines = append(lines, line{byReason, map[string]any{Stage: s.Stage, Reason: code, Failed: whole.reasons[code]}})
	}
	encoder := json.NewEncoder(w)
	for _, l := range lines {
		if err := encoder.Encode(l.document(at)); err != nil {
			return fmt.Errorf("write metrics of stage %s: %w", s.Stage, err)
		}
	}
	return nil
}

// total is what a round comes to, in all or in one bucket.
type total struct {
	outcomes map[verdict.Outcome]int
	reasons  map[reason.Code]int // of the replicas that failed
	findings int                 // about what is verified
	looks    []int               // of each that is settled
	verified []int               // age of each that is verified, in seconds
	lagging  []int               // age of each that lags, in seconds
}

func newTotal() *total {
	return &total{outcomes: map[verdict.Outcome]int{}, reasons: map[reason.Code]int{}}
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

// lines are those of a total by these dimensions, whose values are given.
func (t *total) lines(by []string, values map[string]any) []line {
	first := line{by, maps.Clone(values)}
	for name, outcome := range map[string]verdict.Outcome{Verified: verdict.Verified, Lagging: verdict.Lagging, Failed: verdict.Failed, Skipped: verdict.Skipped} {
		first.members[name] = t.outcomes[outcome]
	}
	if t.findings > 0 {
		first.members[MetadataDiffers] = t.findings
	}
	lines := []line{first}
	for _, m := range []struct {
		name   string
		values []int
	}{{Looks, t.looks}, {AgeAtVerification, t.verified}, {AgeOfLagging, t.lagging}} {
		for i, chunk := range slices.Collect(slices.Chunk(m.values, maxValues)) {
			if i == len(lines) {
				lines = append(lines, line{by, maps.Clone(values)})
			}
			lines[i].members[m.name] = chunk
		}
	}
	return lines
}

// line is one line: the values of some metrics, by one set of dimensions.
type line struct {
	dimensions []string
	members    map[string]any // of dimensions the value, of metrics a number, or 1 to maxValues of them
}

// document is the line in the embedded metric format: members of the root, and
// a directive that says which of them are metrics.
func (l line) document(at time.Time) map[string]any {
	d := directive{Namespace: Namespace, Dimensions: [][]string{l.dimensions}}
	for _, m := range All() {
		if _, has := l.members[m.Name]; has && slices.Equal(m.Dimensions, l.dimensions) {
			d.Metrics = append(d.Metrics, named{m.Name, m.Unit})
		}
	}
	root := maps.Clone(l.members)
	root["_aws"] = metadata{Timestamp: at.UnixMilli(), CloudWatchMetrics: []directive{d}}
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
