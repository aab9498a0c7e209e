package alarms_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/cloudwatch/alarms"
)

// expression is an alarm on an expression of metrics by these ids, in periods of five minutes.
func expression(text string, ids ...string) map[string]any {
	metrics := []any{map[string]any{"Id": "alarm", "Label": "for people", "Expression": text}}
	for _, id := range ids {
		metrics = append(metrics, map[string]any{"Id": id, "ReturnData": false, "MetricStat": map[string]any{
			"Metric": map[string]any{"Namespace": "N", "MetricName": id}, "Period": 300, "Stat": "Sum",
		}})
	}
	return map[string]any{
		"Metrics": metrics, "Namespace": nil, "MetricName": nil, "Dimensions": nil, "Statistic": nil, "Period": nil, "EvaluationPeriods": 1,
	}
}

// values are numbers as AWS's page has them: [30, -, 0] has no value in the middle.
func values(of string) (all []float64) {
	for field := range strings.FieldsSeq(of) {
		v := math.NaN()
		if field != "-" {
			if _, err := fmt.Sscan(field, &v); err != nil {
				panic(err) //nolint:forbidigo // a typing error in a test
			}
		}
		all = append(all, v)
	}
	return all
}

// outcome is an expression's value in one of the periods, as an alarm shows it: one on this
// very value rings, and one that misses data has none.
func outcome(t *testing.T, text string, data alarms.Data, ids []string, now time.Time, more int, want float64) {
	t.Helper()
	at := func(operator string, threshold float64) alarms.State {
		settings := expression(text, ids...)
		settings["ComparisonOperator"], settings["Threshold"], settings["TreatMissingData"] = operator, threshold, "ignore"
		return parsed(t, settings).State(alarms.Evaluation{At: now, Data: data, Was: "none", More: more})
	}
	if math.IsNaN(want) {
		assert.Equal(t, alarms.State("none"), at("GreaterThanThreshold", 0), "%s at %s has no value", text, now)
		return
	}
	got := []alarms.State{at("GreaterThanOrEqualToThreshold", want), at("GreaterThanThreshold", want)}
	assert.Equal(t, []alarms.State{alarms.InAlarm, alarms.OK}, got, "%s at %s is %v", text, now, want)
}

// The examples are AWS's where its page has one, and otherwise worked out by hand from the
// sentence that is quoted.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
func TestMetricMathComesToWhatAWSsPageSays(t *testing.T) {
	for _, c := range []struct {
		text string
		in   map[string]string
		want string
	}{
		// "Missing values in a time series are treated as 0."
		{"m1 + m2", map[string]string{"m1": "30 20 - -", "m2": "1 - 2 -"}, "31 20 2 -"},
		{"m1 * m2", map[string]string{"m1": "30 20 - -", "m2": "2 - 2 -"}, "60 0 0 -"},
		{"5 * m1", map[string]string{"m1": "30 0 -"}, "150 0 -"},
		{"0 * m1", map[string]string{"m1": "30 0 -"}, "0 0 -"},
		{"m1 / 60", map[string]string{"m1": "90 0 -"}, "1.5 0 -"},
		// "If the value of a data point causes a function to attempt to divide by zero, the data point is dropped."
		{"m1 / m2", map[string]string{"m1": "30 30 30 -", "m2": "2 0 - 5"}, "15 - - 0"},
		// "The function treats the missing value in the other time series as 0"; the other examples are the page's.
		{"m1 > m2", map[string]string{"m1": "30 20 0 0 -", "m2": "20 - 20 - -"}, "1 1 0 0 -"},
		{"m2 > m1", map[string]string{"m1": "30 20 0 0 -", "m2": "20 - 20 - -"}, "0 0 1 0 -"},
		{"m1 > 15 AND m2 > 15", map[string]string{"m1": "30 20 0 0", "m2": "20 - 20 -"}, "1 0 0 0"},
		{"m1 == m2", map[string]string{"m1": "30 0 5 -", "m2": "30 - 6 -"}, "1 1 0 -"},
		{"m1 == 0", map[string]string{"m1": "0 1 -"}, "1 0 -"},
		// "FALSE if the value of the condition data point is 0, and TRUE if it is any other value, whether positive or negative."
		{"IF(m1, 5, 2)", map[string]string{"m1": "1 1 0 0 -"}, "5 5 2 2 -"},
		{"IF(m1 + m2, 5, 2)", map[string]string{"m1": "-3 3 0", "m2": "1 -3 -"}, "5 2 2"},
		{"IF(m1 > 400, 10, 2)", map[string]string{"m1": "500 400 -"}, "10 2 -"},
		// "Fills the missing values of a time series."
		{"FILL(m1, 10)", map[string]string{"m1": "1 - 3 -"}, "1 10 3 10"},
		{"FILL(m1, 0)", map[string]string{"m1": "- - -"}, "- - -"}, // see decision 68
		// "A time series with the running sum of the values in the original time series."
		{"RUNNING_SUM(m1)", map[string]string{"m1": "1 2 - 3"}, "1 3 - 6"},
		{"RUNNING_SUM(FILL(m1, 0))", map[string]string{"m1": "1 2 - 3"}, "1 3 3 6"},
		// What binds closer, and brackets.
		{"m1 + m2 * m1", map[string]string{"m1": "2", "m2": "3"}, "8"},
		{"(m1 + m2) * m1", map[string]string{"m1": "2", "m2": "3"}, "10"},
		{"m1 / m2 * m1", map[string]string{"m1": "6", "m2": "3"}, "12"},
		{"m1 == 3 > 0", map[string]string{"m1": "3 2"}, "1 0"}, // from the left
		{"m1 > 0 AND m1 + m2 == 5 AND m2 > 2", map[string]string{"m1": "2 3 0", "m2": "3 2 5"}, "1 0 0"},
	} {
		ids := []string{"m1"}
		if strings.Contains(c.text, "m2") {
			ids = append(ids, "m2")
		}
		want := values(c.want)
		data := alarms.Data{}
		for id, of := range c.in {
			require.Len(t, values(of), len(want), c.text)
			for i, v := range values(of) {
				if !math.IsNaN(v) {
					of := alarms.NewMetric("N", id, nil)
					data[of] = append(data[of], alarms.Datapoint{At: noon.Add(5 * time.Minute * time.Duration(i)), Value: v})
				}
			}
		}
		// An alarm over one datapoint is in the state of the newest one that has a value, so
		// each is looked at as the newest one; a missing one would show an older.
		for i, v := range want {
			now := noon.Add(5 * time.Minute * time.Duration(i+1))
			if math.IsNaN(v) && slices.ContainsFunc(want[:i], func(v float64) bool { return !math.IsNaN(v) }) {
				continue
			}
			outcome(t, c.text, data, ids, now, i, v)
		}
	}
}
