package metric_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/metric"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// anyObject draws objects of good, odd and hostile buckets.
func anyObject() *rapid.Generator[metric.Object] {
	return rapid.Custom(func(t *rapid.T) metric.Object {
		o := metric.Object{
			Bucket: rapid.OneOf(
				rapid.StringMatching(`[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`),
				rapid.SampledFrom([]string{media, documents, archive, "", media + "\"}\n{"}),
				rapid.String(),
			).Draw(t, "bucket"),
			Outcome: rapid.SampledFrom([]verdict.Outcome{verdict.Verified, verdict.Lagging, verdict.Failed, verdict.Skipped, verdict.Reading}).Draw(t, "outcome"),
			Looks:   rapid.IntRange(1, 1000).Draw(t, "looks"),
			Time:    time.Unix(rapid.Int64Range(-1e11, 1e11).Draw(t, "time"), 0),
		}
		if o.Outcome == verdict.Failed {
			o.Reasons = rapid.SliceOfN(rapid.SampledFrom([]reason.Code{reason.SizeMismatch, reason.ReplicaMissing, reason.MalformedEvent}), 1, 3).Draw(t, "reasons")
		}
		return o
	})
}

func TestEveryLineIsValidAndCountsEqualTheVerdicts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		objects := rapid.SliceOfN(anyObject(), 0, 25).Draw(t, "objects")
		want, got := map[string]float64{}, map[string]float64{}
		count := func(where string, o metric.Object) {
			want[string(o.Outcome)+where]++
			if o.Outcome == verdict.Lagging {
				want["lags"+where]++
			} else {
				want["looks"+where] += float64(o.Looks)
			}
			if o.Outcome == verdict.Verified {
				want["ages"+where]++
			}
		}
		for _, o := range objects {
			if o.Outcome == verdict.Reading {
				continue // counted once it is settled
			}
			count("", o)
			for _, code := range o.Reasons {
				want[string(code)]++
			}
			if slices.Contains(scope.Buckets, o.Bucket) {
				count(" "+o.Bucket, o)
			}
		}
		for name, values := range written(t, objects) { // which checks every line
			add(t, got, name, values)
		}
		maps.DeleteFunc(got, func(_ string, n float64) bool { return n == 0 })
		assert.Equal(t, want, got)
	})
}

var (
	named = regexp.MustCompile(`^(\w+) Stage=test(?: (Bucket|Reason)=(\S+))?$`)
	total = map[string]string{
		metric.Verified: "verified", metric.Lagging: "lagging", metric.Failed: "failed", metric.Skipped: "skipped",
		metric.Looks: "looks", metric.AgeAtVerification: "ages", metric.AgeOfLagging: "lags",
	}
)

// add adds a metric's values to the total they belong to.
func add(t *rapid.T, totals map[string]float64, name string, values []float64) {
	found := named.FindStringSubmatch(name)
	require.NotNil(t, found, name)
	key := total[found[1]]
	switch found[2] {
	case metric.Bucket:
		key += " " + found[3]
	case metric.Reason:
		key = found[3]
	}
	for _, v := range values {
		if strings.HasPrefix(key, "ages") || strings.HasPrefix(key, "lags") {
			v = 1 // only their number
		}
		totals[key] += v
	}
}
