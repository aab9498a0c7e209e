package docs_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/metric"
)

// widget is one of a dashboard's body.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
type widget struct {
	Type                string
	X, Y, Width, Height int
	Properties          struct {
		Title, Region, View, Stat string
		Period                    int
		Stacked                   bool
		Alarms                    []string
		Metrics                   [][]any
	}
}

func widgets(t *testing.T) []widget {
	t.Helper()
	body := propertiesOf(t, resolved(t, "template.yaml", needed), "Dashboard")["DashboardBody"].(string)
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.DisallowUnknownFields()
	var decoded struct{ Widgets []widget }
	require.NoError(t, decoder.Decode(&decoded))
	require.NotContains(t, body, "${")
	return decoded.Widgets
}

func TestTheDashboardShowsMetricsThatAreWrittenOfResourcesThatExist(t *testing.T) {
	s := resolved(t, "template.yaml", needed)
	for _, w := range widgets(t) {
		if w.Type != "metric" {
			continue
		}
		require.NotEmpty(t, w.Properties.Metrics, w.Properties.Title)
		for _, one := range w.Properties.Metrics {
			m := shown(t, one)
			assert.True(t, m.exists(), "%s shows %+v, which nobody writes", w.Properties.Title, m)
			for _, d := range m.Dimensions {
				if d.Value != "" {
					checkDimension(t, s, w.Properties.Title, d)
				}
			}
			// https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
			inReplica := m.MetricName == "ReplicationLatency" || m.MetricName == "OperationsPendingReplication"
			assert.Equal(t, map[bool]string{true: "eu-west-1", false: "eu-central-1"}[inReplica], w.Properties.Region, w.Properties.Title)
		}
	}
}

// shown is the metric of an entry: by name, or of a search, whose dimensions
// have no values.
func shown(t *testing.T, entry []any) (m series) {
	t.Helper()
	if options, ok := entry[0].(map[string]any); ok {
		search := regexp.MustCompile(`^SEARCH\('\{([\w/]+),([\w,]+)\} MetricName="(\w+)" (.*)', '(Sum|Average|Maximum|p\d+)', 300\)$`)
		found := search.FindStringSubmatch(options["expression"].(string))
		require.NotNil(t, found, options)
		assert.Contains(t, []string{`Stage="dev"`, "SourceBucket=autobackup SourceBucket=dev SourceBucket=primary"}, found[4], "of this stage only")
		m.Namespace, m.MetricName = found[1], found[3]
		for name := range strings.SplitSeq(found[2], ",") {
			m.Dimensions = append(m.Dimensions, dimension{Name: name})
		}
		return m
	}
	require.Len(t, entry, 5)
	assert.Contains(t, entry[4], "stat")
	return series{entry[0].(string), entry[1].(string), []dimension{{entry[2].(string), entry[3].(string)}}}
}

func TestTheDashboardHasNoGapsAndNothingTwiceInAPlace(t *testing.T) {
	taken := map[[2]int]string{}
	bottom := 0
	for _, w := range widgets(t) {
		assert.NotEmpty(t, w.Properties.Title)
		for x := w.X; x < w.X+w.Width; x++ {
			for y := w.Y; y < w.Y+w.Height; y++ {
				assert.Empty(t, taken[[2]int{x, y}], w.Properties.Title)
				taken[[2]int{x, y}] = w.Properties.Title
			}
		}
		bottom = max(bottom, w.Y+w.Height)
	}
	assert.Len(t, taken, 24*bottom, "24 columns are a row")
}

func TestTheDashboardShowsTheStateOfEveryAlarmThatSendsEMails(t *testing.T) {
	var want []string
	for _, a := range alarms(t) {
		if a.AlarmActions != nil {
			want = append(want, a.ID)
		}
	}
	var got []string
	for _, w := range widgets(t) {
		got = append(got, w.Properties.Alarms...)
	}
	assert.ElementsMatch(t, want, got)
}

func TestTheDashboardShowsEveryMetricOfTheFunctionsButTwo(t *testing.T) {
	var all string
	for _, w := range widgets(t) {
		encoded, err := json.Marshal(w.Properties.Metrics)
		require.NoError(t, err)
		all += string(encoded)
	}
	for _, d := range metric.Definitions() {
		if slices.Contains([]string{metric.Looks, metric.MetadataDiffers}, d.Name) { // in docs/metrics.md alone
			continue
		}
		if slices.Equal(d.Dimensions, []string{metric.Stage}) {
			assert.Contains(t, all, `["Autobackup","`+d.Name+`","Stage","dev",`)
			continue
		}
		assert.Contains(t, all, `{Autobackup,`+strings.Join(d.Dimensions, ",")+`} MetricName=\"`+d.Name+`\" Stage=\"dev\"`)
	}
}

// A region's name that is empty is none, and without categories there may be no replica region.
func TestTheDashboardNamesARegionEverywhereWithoutAReplicaStack(t *testing.T) {
	attached := map[string]string{"AlertEmail": "a@example.com", "Categories": "", "Buckets": "acme-invoices", "ByteVerification": "never"}
	body := propertiesOf(t, resolved(t, "template.yaml", attached), "Dashboard")["DashboardBody"].(string)
	assert.NotContains(t, body, `"region": ""`)
	assert.Contains(t, body, `ReplicationLatency`)
}
