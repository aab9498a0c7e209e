package alarms_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/local/cloudwatch/alarms"
	"autobackup/local/template"
)

// testingT is what *testing.T and *rapid.T have in common.
type testingT interface {
	require.TestingT
	Helper()
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var errorsOf = alarms.NewMetric("AWS/Lambda", "Errors", map[string]string{"FunctionName": "f"})

// sum is an alarm on more than nothing in five minutes, and changed what a test has otherwise.
func sum(changed map[string]any) template.Resource {
	p := map[string]any{
		"AlarmName": "a", "Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": []any{map[string]any{"Name": "FunctionName", "Value": "f"}},
		"Statistic": "Sum", "Period": 300, "EvaluationPeriods": 3, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 0,
	}
	maps.Copy(p, changed)
	maps.DeleteFunc(p, func(_ string, value any) bool { return value == nil })
	return template.Resource{LogicalID: "A", Type: "AWS::CloudWatch::Alarm", Properties: p}
}

func parsed(t testingT, changed map[string]any) alarms.MetricAlarm {
	t.Helper()
	a, err := alarms.ParseMetricAlarm(sum(changed))
	require.NoError(t, err)
	return a
}

// drawn are datapoints as AWS's page draws them, the newest on the right: 0 is not breaching,
// X is, and - is missing.
func drawn(points string) (all []alarms.Datapoint) {
	fields := strings.Fields(points)
	for i, p := range fields {
		at := noon.Add(-5 * time.Minute * time.Duration(len(fields)-i))
		if p != "-" {
			all = append(all, alarms.Datapoint{At: at, Value: map[string]float64{"0": 0, "X": 1}[p]})
		}
	}
	return all
}

func state(a alarms.MetricAlarm, points string, was alarms.State) alarms.State {
	return a.State(alarms.Evaluation{At: noon, Data: alarms.Data{errorsOf: drawn(points)}, Was: was, More: alarms.More})
}

// The tables of "How alarm state is evaluated when data is missing", and what the section on
// premature transitions says beside, where "retained" is the state that the alarm was in.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
func TestMissingDataIsTreatedAsTheTablesOfAWSsPageSay(t *testing.T) {
	const retained alarms.State = "retained"
	const ok, alarm, insufficient = alarms.OK, alarms.InAlarm, alarms.InsufficientData
	treatments := []string{"missing", "ignore", "breaching", "notBreaching"}
	for _, c := range []struct {
		needed int // out of 3
		points string
		want   [4]alarms.State
	}{
		{3, "0 - X - X", [4]alarms.State{ok, ok, ok, ok}},
		{3, "0 - - - -", [4]alarms.State{ok, ok, ok, ok}},
		{3, "- - - - -", [4]alarms.State{insufficient, retained, alarm, ok}},
		{3, "0 X X - X", [4]alarms.State{alarm, alarm, alarm, alarm}},
		{3, "- - X - -", [4]alarms.State{alarm, retained, alarm, ok}},
		{2, "0 - X - X", [4]alarms.State{alarm, alarm, alarm, alarm}},
		{2, "0 0 X 0 X", [4]alarms.State{alarm, alarm, alarm, alarm}},
		{2, "0 - X - -", [4]alarms.State{ok, ok, alarm, ok}},
		{2, "- - - - 0", [4]alarms.State{ok, ok, alarm, ok}},
		{2, "- - - X -", [4]alarms.State{alarm, retained, alarm, ok}},
		// "The alarm does not go immediately into ALARM state"; the page's older tables name the states.
		{3, "- - - - X", [4]alarms.State{insufficient, retained, alarm, ok}},
		{3, "- - - X -", [4]alarms.State{insufficient, retained, alarm, ok}},
		{2, "- - - - X", [4]alarms.State{insufficient, retained, alarm, ok}},
		// What the section has come of these.
		{3, "- - - X 0", [4]alarms.State{ok, ok, ok, ok}},
		{3, "- - X - 0", [4]alarms.State{ok, ok, ok, ok}},
		// "The next time this alarm is evaluated, if the data is still missing it will go to ALARM".
		{3, "0 - - - - -", [4]alarms.State{insufficient, retained, alarm, ok}},
		{3, "X - - - -", [4]alarms.State{alarm, retained, alarm, ok}},
	} {
		for i, treatment := range treatments {
			a := parsed(t, map[string]any{"DatapointsToAlarm": c.needed, "TreatMissingData": treatment})
			for _, was := range []alarms.State{ok, alarm, insufficient} {
				want := c.want[i]
				if want == retained {
					want = was
				}
				assert.Equal(t, want, state(a, c.points, was), "%d out of 3, %s, %s, was %s", c.needed, c.points, treatment, was)
			}
		}
	}
}

// The figure of "Evaluating an alarm": 3 out of 3, threshold 3.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
func TestAnAlarmNeedsAllDatapointsWhereNothingElseIsSaidAndTreatsMissingOnesAsMissing(t *testing.T) {
	a := parsed(t, nil)
	for points, want := range map[string]alarms.State{"X X X": alarms.InAlarm, "0 X X": alarms.OK, "X X X 0": alarms.OK, "0 0 0": alarms.OK, "": alarms.InsufficientData} {
		assert.Equal(t, want, state(a, points, alarms.OK), points)
	}
}

// A period is as long as it says, and slides with the minute: "a daily backup alarm with a
// sliding window can enter ALARM if consecutive backups are more than 24 hours apart".
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
func TestPeriodsSlideWithTheMinute(t *testing.T) {
	a := parsed(t, map[string]any{"EvaluationPeriods": 1, "Threshold": 2})
	at := func(ago ...time.Duration) (all []alarms.Datapoint) {
		for _, d := range ago {
			all = append(all, alarms.Datapoint{At: noon.Add(-d), Value: 1.5})
		}
		return all
	}
	for _, c := range []struct {
		points []alarms.Datapoint
		now    time.Time
		want   alarms.State
	}{
		{at(5*time.Minute, time.Nanosecond), noon, alarms.InAlarm},                    // the beginning is in, and the end is not
		{at(5*time.Minute+time.Nanosecond, time.Minute), noon, alarms.OK},             // two periods
		{at(time.Minute, 0), noon, alarms.OK},                                         // of the minute that has just begun
		{at(time.Minute, 0), noon.Add(59 * time.Second), alarms.OK},                   // which isn't over
		{at(time.Minute, 0), noon.Add(time.Minute), alarms.InAlarm},                   // now it is
		{at(4*time.Minute, 0), noon.Add(time.Minute), alarms.InAlarm},                 // minutes 57 to 1, across the hour
		{at(4*time.Minute, 0), noon.Add(2 * time.Minute), alarms.OK},                  // minutes 58 to 2 have one alone
		{at(4*time.Minute, 5*time.Minute), noon.Add(5 * time.Minute), alarms.InAlarm}, // older, but all that there is
	} {
		got := a.State(alarms.Evaluation{At: c.now, Data: alarms.Data{errorsOf: c.points}, Was: alarms.OK, More: alarms.More})
		assert.Equal(t, c.want, got, "%v at %s", c.points, c.now)
	}
}

func TestAStatisticIsOfAllDatapointsInAPeriod(t *testing.T) {
	values := []float64{3, -1, 2}
	for statistic, want := range map[string]float64{"Sum": 4, "Minimum": -1, "Maximum": 3} {
		var points []alarms.Datapoint
		for i, v := range values {
			points = append(points, alarms.Datapoint{At: noon.Add(-time.Minute * time.Duration(i+1)), Value: v})
		}
		for threshold, inAlarm := range map[float64]alarms.State{want - 0.5: alarms.InAlarm, want: alarms.OK} {
			a := parsed(t, map[string]any{"EvaluationPeriods": 1, "Statistic": statistic, "Threshold": threshold})
			assert.Equal(t, inAlarm, a.State(alarms.Evaluation{At: noon, Data: alarms.Data{errorsOf: points}}), "%s against %v", statistic, threshold)
		}
	}
}

func TestADatapointIsComparedWithTheThreshold(t *testing.T) {
	for operator, want := range map[string]string{
		"GreaterThanThreshold": "no no yes", "GreaterThanOrEqualToThreshold": "no yes yes", "LessThanThreshold": "yes no no",
	} {
		a := parsed(t, map[string]any{"EvaluationPeriods": 1, "ComparisonOperator": operator, "Threshold": "2.5"})
		var got []string
		for _, value := range []float64{2, 2.5, 3} {
			s := a.State(alarms.Evaluation{At: noon, Data: alarms.Data{errorsOf: {{At: noon.Add(-time.Minute), Value: value}}}})
			got = append(got, map[alarms.State]string{alarms.InAlarm: "yes", alarms.OK: "no"}[s])
		}
		assert.Equal(t, want, strings.Join(got, " "), operator)
	}
}

func TestAnotherMetricCountsForNothing(t *testing.T) {
	a := parsed(t, map[string]any{"EvaluationPeriods": 1, "TreatMissingData": "notBreaching"})
	point := []alarms.Datapoint{{At: noon.Add(-time.Minute), Value: 1}}
	of := map[string]string{"FunctionName": "f"}
	for _, other := range []alarms.Metric{
		alarms.NewMetric("AWS/SQS", "Errors", of), alarms.NewMetric("AWS/Lambda", "Throttles", of), alarms.NewMetric("AWS/Lambda", "Errors", nil),
		alarms.NewMetric("AWS/Lambda", "Errors", map[string]string{"FunctionName": "g"}), alarms.NewMetric("AWS/Lambda", "Errors", map[string]string{"FunctionName": "f", "Resource": "f"}),
	} {
		assert.Equal(t, alarms.OK, a.State(alarms.Evaluation{At: noon, Data: alarms.Data{other: point}}), "%v", other)
	}
	assert.Equal(t, alarms.InAlarm, a.State(alarms.Evaluation{At: noon, Data: alarms.Data{alarms.NewMetric("AWS/Lambda", "Errors", of): point}}))
}

// anyAlarm draws settings and datapoints.
func anyAlarm(t *rapid.T) (settings map[string]any, points []string, was alarms.State) {
	periods := rapid.IntRange(1, 6).Draw(t, "EvaluationPeriods")
	settings = map[string]any{
		"EvaluationPeriods": periods, "DatapointsToAlarm": rapid.IntRange(1, periods).Draw(t, "DatapointsToAlarm"),
		"TreatMissingData": rapid.SampledFrom([]string{"missing", "ignore", "breaching", "notBreaching"}).Draw(t, "TreatMissingData"),
	}
	points = rapid.SliceOfN(rapid.SampledFrom([]string{"0", "X", "-"}), 0, 9).Draw(t, "points")
	return settings, points, rapid.SampledFrom([]alarms.State{alarms.OK, alarms.InAlarm, alarms.InsufficientData}).Draw(t, "was")
}

func TestNothingThatIsNotBreachingEverRaisesAnAlarmThatTreatsMissingDataSo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settings, points, was := anyAlarm(t)
		settings["TreatMissingData"] = "notBreaching"
		if !slices.Contains(points, "X") {
			assert.Equal(t, alarms.OK, state(parsed(t, settings), strings.Join(points, " "), was))
		}
	})
}

func TestFewerDatapointsToAlarmOrMoreThatAreBreachingNeverQuietAnAlarm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settings, points, was := anyAlarm(t)
		if state(parsed(t, settings), strings.Join(points, " "), was) != alarms.InAlarm {
			return
		}
		if i := slices.Index(points, "0"); i >= 0 {
			points[i] = "X"
		} else {
			settings["DatapointsToAlarm"] = max(1, settings["DatapointsToAlarm"].(int)-1)
		}
		assert.Equal(t, alarms.InAlarm, state(parsed(t, settings), strings.Join(points, " "), was))
	})
}

func TestWithAsManyDatapointsAsAreEvaluatedItIsNoMatterHowMissingOnesAreTreated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		settings, points, was := anyAlarm(t)
		newest := points[max(0, len(points)-settings["EvaluationPeriods"].(int)-alarms.More):]
		there := len(slices.DeleteFunc(slices.Clone(newest), func(p string) bool { return p == "-" }))
		if there < settings["EvaluationPeriods"].(int) {
			return
		}
		got := map[alarms.State]bool{}
		for _, treatment := range []string{"missing", "ignore", "breaching", "notBreaching"} {
			settings["TreatMissingData"] = treatment
			got[state(parsed(t, settings), strings.Join(points, " "), was)] = true
		}
		assert.Len(t, got, 1)
		assert.NotContains(t, got, alarms.InsufficientData)
	})
}
