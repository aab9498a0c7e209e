package docs_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/local/template"
)

// deployed is what the costs take from the template with its defaults.
type deployed struct {
	batch, chunks, transitions, memory, polled, keys, days float64
	categories, metrics, alarms, composites, dashboards    float64
	ofStage                                                float64
}

func TestTheReadmeHasTheCostsOfTheTemplatesDefaults(t *testing.T) {
	text := read(t, "../README.md")
	want := between(t, text, "costs", costTable(items(ofDefaults(t))))
	want = between(t, want, "replication", replicationTable())
	if *update {
		require.NoError(t, os.WriteFile("../README.md", []byte(want), 0o600))
	}
	assert.Equal(t, want, read(t, "../README.md"), "run go test ./docs -update")
}

// The generator's own arithmetic, done again from what a reader sees.
func TestTheCostTableAddsUp(t *testing.T) {
	rows := regexp.MustCompile(`(?m)^\| \[.* \| ([\d,.]+) / ([\d,.]+) \| ([\d.]+) per (\S+) \| ([\d,.]+) \| ([\d,.]+) \|$`)
	total := regexp.MustCompile(`(?m)^\| \*\*together\*\* \| \| \| \*\*([\d,.]+)\*\* \| \*\*([\d,.]+)\*\* \|$`)
	text := read(t, "../README.md")
	require.Regexp(t, total, text)
	own := strings.Split(text, "**together**")[0]
	require.Greater(t, len(rows.FindAllString(own, -1)), 12)
	for column, together := range total.FindStringSubmatch(text)[1:] {
		sum := 0.0
		for _, row := range rows.FindAllStringSubmatch(own, -1) {
			per := map[string]float64{"million": million}[row[4]]
			cost := figure(t, row[5+column])
			assert.InDelta(t, figure(t, row[1+column])/max(per, 1)*figure(t, row[3]), cost, 0.006+cost/100, row[0])
			sum += cost
		}
		assert.InDelta(t, sum, figure(t, together), 0.1)
	}
}

// ofDefaults reads the quantities from the template, the workflow, a sample
// event and the list of metrics.
func ofDefaults(t *testing.T) deployed {
	t.Helper()
	s := resolved(t, "template.yaml", map[string]string{"AlertEmail": "a@example.com", "ReplicaRegion": "eu-west-1"})
	d := deployed{
		batch: figure(t, s.Parameters["BatchSize"]), days: figure(t, s.Parameters["LogRetentionDays"]),
		transitions: float64(len(whenAllAreVerified(t)) + 1), // the way to the end counts, too
		metrics:     float64(strings.Count(read(t, "metrics.md"), "| Stage, Category |")), polled: 1,
		ofStage: float64(strings.Count(read(t, "metrics.md"), "| Stage |")),
	}
	d.categories = float64(strings.Count(s.Parameters["Categories"], ",") + 1)
	var sample struct{ Messages []json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(read(t, "../events/fetch-etags/upload.json")), &sample))
	require.Len(t, sample.Messages, 1)
	d.chunks = math.Ceil(d.batch * float64(len(sample.Messages[0])) / (64 << 10))
	for _, r := range s.Resources {
		d.add(t, r)
	}
	return d
}

func (d *deployed) add(t *testing.T, r template.Resource) {
	t.Helper()
	switch r.Type {
	case "AWS::KMS::Key":
		d.keys++
	case "AWS::Serverless::Function":
		if slices.Contains([]string{"FetchETagsFunction", "CompareETagsFunction"}, r.LogicalID) { // those of every batch
			d.memory = figure(t, fmt.Sprint(r.Properties["MemorySize"])) / 1024
		}
		events, _ := r.Properties["Events"].(map[string]any)
		d.polled += float64(len(events))
	case "AWS::CloudWatch::Alarm":
		queries, _ := r.Properties["Metrics"].([]any)
		measured := slices.DeleteFunc(slices.Clone(queries), func(q any) bool { return q.(map[string]any)["MetricStat"] == nil })
		d.alarms += float64(max(1, len(measured)))
	case "AWS::CloudWatch::CompositeAlarm":
		d.composites++
	case "AWS::CloudWatch::Dashboard":
		d.dashboards++
	}
}

// whenAllAreVerified are the states of an execution whose messages are all
// verified at the first look.
func whenAllAreVerified(t *testing.T) []string {
	t.Helper()
	path := []string{"FetchETags", "CompareETags", "Verdicts", "Done"}
	var m struct{ States map[string]json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(read(t, "../statemachine/validate.asl.json")), &m))
	for i, next := range path[1:] {
		assert.Regexp(t, `"(Next|Default)":\s*"`+next+`"`, string(m.States[path[i]]))
	}
	return path
}

func figure(t *testing.T, text string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
	require.NoError(t, err)
	return n
}
