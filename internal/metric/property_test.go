package metric_test

import (
	"maps"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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
				rapid.StringMatching(`autobackup-test-primary-[a-z][a-z0-9]{0,20}-[0-9]{12}`),
				rapid.SampledFrom([]string{media, "", "autobackup-prod-primary-media-123456789012", media + "\"}\n{"}),
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
	category := regexp.MustCompile(` Category=([a-z][a-z0-9]{0,15})( |$)`)
	rapid.Check(t, func(t *rapid.T) {
		objects := rapid.SliceOfN(anyObject(), 0, 25).Draw(t, "objects")
		want, got := map[string]float64{}, map[string]float64{}
		for _, o := range objects {
			if o.Outcome == verdict.Reading {
				continue // counted once it is settled
			}
			want[string(o.Outcome)]++
			for _, code := range o.Reasons {
				want[string(code)]++
			}
			if o.Outcome != verdict.Lagging {
				want["looks"] += float64(o.Looks)
			}
			if o.Outcome == verdict.Verified {
				want["ages"]++
			}
			if o.Outcome == verdict.Lagging {
				want["lags"]++
			}
		}
		for name, values := range written(t, objects) { // which checks every line
			if !ofStage.MatchString(name) { // the same verdicts again
				assert.Regexp(t, category, name)
			}
			add(got, name, values)
		}
		maps.DeleteFunc(got, func(_ string, n float64) bool { return n == 0 })
		assert.Equal(t, want, got)
	})
}

var (
	ofStage  = regexp.MustCompile(`^(Verified|Skipped) Stage=test$`)
	byName   = regexp.MustCompile(`^(\w+) Stage=test Category=\w+$`)
	byReason = regexp.MustCompile(`^Failed Stage=test Category=\w+ Reason=(\w+)$`)
	total    = map[string]string{
		metric.Verified: "verified", metric.Lagging: "lagging", metric.Failed: "failed", metric.Skipped: "skipped",
		metric.Looks: "looks", metric.AgeAtVerification: "ages", metric.AgeOfLagging: "lags",
	}
)

// add adds a metric's values to the total they belong to.
func add(totals map[string]float64, name string, values []float64) {
	key := "" // of the stage, where it stays so
	if found := byName.FindStringSubmatch(name); found != nil {
		key = total[found[1]]
	} else if found := byReason.FindStringSubmatch(name); found != nil {
		key = found[1]
	}
	for _, v := range values {
		if key == "ages" || key == "lags" {
			v = 1 // only their number
		}
		if key != "" {
			totals[key] += v
		}
	}
}
