package alarms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/cloudwatch/alarms"
)

// read is a metric of an alarm on several.
func read(id string, period int, stat string) map[string]any {
	return map[string]any{"Id": id, "ReturnData": false, "MetricStat": map[string]any{
		"Metric": map[string]any{"Namespace": "N", "MetricName": id, "Dimensions": []any{map[string]any{"Name": "Stage", "Value": "dev"}}}, "Period": period, "Stat": stat,
	}}
}

// several are the properties of an alarm on what an expression makes of metrics.
func several(metrics ...any) map[string]any {
	return map[string]any{"Metrics": metrics, "Namespace": nil, "MetricName": nil, "Dimensions": nil, "Statistic": nil, "Period": nil, "EvaluationPeriods": 1}
}

func made(text string) map[string]any {
	return map[string]any{"Id": "alarm", "Label": "l", "Expression": text}
}

func TestAnAlarmOnAnExpressionReadsEachMetricByItsStatistic(t *testing.T) {
	p := several(made("most + all"), read("most", 60, "Maximum"), read("all", 60, "Sum"))
	p["Threshold"] = 9
	a := parsed(t, p)
	by := map[string]string{"Stage": "dev"}
	both := func(values ...float64) (all []alarms.Datapoint) {
		for _, v := range values {
			all = append(all, alarms.Datapoint{At: noon.Add(-30 * time.Second), Value: v})
		}
		return all
	}
	at := func(all ...float64) alarms.State {
		return a.State(alarms.Evaluation{At: noon, Data: alarms.Data{alarms.NewMetric("N", "most", by): both(2, 3), alarms.NewMetric("N", "all", by): both(all...)}})
	}
	assert.Equal(t, alarms.OK, at(2, 4))
	assert.Equal(t, alarms.InAlarm, at(2, 5))
}

func TestWhatOfAnAlarmIsNotKnownIsRefused(t *testing.T) {
	for want, changed := range map[string]map[string]any{
		"ExtendedStatistic: this property of AWS::CloudWatch::Alarm is not supported here": {"ExtendedStatistic": "p99", "Statistic": nil},
		"EvaluationWindow: this property":                                                  {"EvaluationWindow": map[string]any{"WallClockWindow": map[string]any{}}},
		"EvaluationPeriods is missing":                                                     {"EvaluationPeriods": nil},
		"AlarmName is missing":                                                             {"AlarmName": nil},
		"Threshold is missing":                                                             {"Threshold": nil},
		`ComparisonOperator: "LessThanLowerThreshold" is not known here: use one of [GreaterThanOrEqualToThreshold GreaterThanThreshold LessThanThreshold]`: {"ComparisonOperator": "LessThanLowerThreshold"},
		`TreatMissingData: "notbreaching" is none of missing`:                                                  {"TreatMissingData": "notbreaching"},
		`Statistic: "p99" is not known here: use one of [Maximum Minimum Sum]`:                                 {"Statistic": "p99"},
		`Statistic: "" is not known here`:                                                                      {"Statistic": nil},
		"Period: periods known here are whole minutes, not 30 seconds":                                         {"Period": 30},
		"Period: periods known here are whole minutes, not 90 seconds":                                         {"Period": 90},
		"DatapointsToAlarm: 4 out of 3 datapoints are never breaching":                                         {"DatapointsToAlarm": 4},
		"DatapointsToAlarm: 0 out of 3 datapoints are never breaching":                                         {"DatapointsToAlarm": 0},
		"the metric metric has no Namespace or no MetricName":                                                  {"MetricName": nil},
		"Metrics: an alarm has Metrics or one metric of its own, not both":                                     {"Metrics": []any{made("m"), read("m", 60, "Sum")}},
		"Metrics: no Expression returns its data":                                                              several(read("m", 60, "Sum")),
		"Metrics: the Id m stands twice":                                                                       several(made("m"), read("m", 60, "Sum"), read("m", 60, "Sum")),
		"Metrics[2].MetricStat.Period: the metrics of an alarm have one period, and another of these has 1m0s": several(made("m + n"), read("m", 60, "Sum"), read("n", 120, "Sum")),
		`Metrics[1].MetricStat.Stat: "Average" is not known here`:                                              several(made("m"), read("m", 60, "Average")),
		"Metrics[1]: what is known here is one Expression":                                                     several(made("m"), made("m"), read("m", 60, "Sum")),
		"Metrics[0]: what is known here is one Expression":                                                     several(map[string]any{"Id": "e", "Expression": "m", "ReturnData": false}),
		"Metrics[0].Expression: MAX(m): MAX is no id":                                                          several(made("MAX(m)"), read("m", 60, "Sum")),
		"Metrics[1].MetricStat.Unit: this property":                                                            several(made("m"), map[string]any{"Id": "m", "MetricStat": map[string]any{"Unit": "Count"}}),
	} {
		_, err := alarms.ParseMetricAlarm(sum(changed))
		require.ErrorContains(t, err, want)
	}
}
