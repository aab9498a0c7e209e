package local_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/metric"
)

// metricsIn are what a function's lines of metrics come to: sums, by name and dimensions.
func metricsIn(t *testing.T, lines string) map[string]float64 {
	t.Helper()
	sums := map[string]float64{}
	for text := range strings.Lines(lines) {
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &line))
		by := "Stage=" + line[metric.Stage].(string)
		for _, name := range []string{metric.Bucket, metric.Reason} {
			if value, has := line[name].(string); has {
				by += " " + name + "=" + value
			}
		}
		for name, value := range line {
			if n, ok := value.(float64); ok {
				sums[name+" "+by] += n
			}
		}
	}
	return sums
}

// docs/metrics.md: everything counts for the stage, and a bucket has metrics of its own where
// BucketMetrics names it, whatever else messages name.
func TestSettingMetricsGoByStageAndByTheBucketsThatAreNamed(t *testing.T) {
	named := "autobackup-dev-primary-documents-" + account
	for list, own := range map[string]bool{`""`: false, "acme-invoices," + named: true} {
		var lines bytes.Buffer
		functionMetrics = &lines
		inWorld(t, func(w *world) {
			w.put("k", "v")
			w.send(`{"source":"aws.s3","detail":{"bucket":{"name":"made-up"}}}`)
			w.settle()
		}, defaults("template.yaml", "BucketMetrics", list))
		functionMetrics = nowhere
		got := metricsIn(t, lines.String())
		for name, n := range map[string]float64{"Verified": 1, "Failed": 1, "Lagging": 0, "Skipped": 0} {
			assert.InDelta(t, n, got[name+" Stage=dev"], 0, name)
		}
		assert.InDelta(t, 1, got["Failed Stage=dev Reason=MALFORMED_EVENT"], 0)
		assert.InDelta(t, map[bool]float64{true: 1}[own], got["Verified Stage=dev Bucket="+named], 0, list)
		assert.NotContains(t, lines.String(), "made-up")
		assert.NotContains(t, lines.String(), `"Bucket":""`)
		assert.Equal(t, own, strings.Contains(lines.String(), `"Bucket"`))
	}
}

// Lambda takes 4 KB of a function's variables, names included.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
func TestTheNamesOfBucketMetricsFitInTheFunctionsEnvironment(t *testing.T) {
	const limit, names = 4096, 50
	s, err := stack(t, "default", map[string]string{"BucketMetrics": longest(names, 63, "%s")})
	require.NoError(t, err)
	assert.LessOrEqual(t, len(s.Parameters["BucketMetrics"]), parameterLimit)
	text, err := os.ReadFile(filepath.Join(project, "template.yaml"))
	require.NoError(t, err)
	assert.Contains(t, string(text), "50 names fit however long they are")
	assert.Less(t, size(t, property(t, s, "CompareETagsFunction", "Environment", "Variables")), limit*9/10)
}
