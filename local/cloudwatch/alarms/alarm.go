package alarms

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"autobackup/local/template"
)

// MetricAlarm watches one metric, or what an expression makes of several.
type MetricAlarm struct {
	Name string

	period          time.Duration
	reads           map[string]statistic // by id
	expression      expression
	periods, needed int // EvaluationPeriods and DatapointsToAlarm
	breaches        func(value, threshold float64) bool
	threshold       float64
	missing         string // TreatMissingData
}

// Reads are the metrics that the alarm rests on.
func (a MetricAlarm) Reads() (all []Metric) {
	for _, id := range slices.Sorted(maps.Keys(a.reads)) {
		all = append(all, a.reads[id].of)
	}
	return all
}

// properties are those of AWS::CloudWatch::Alarm that its state rests on.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
type properties struct {
	AlarmName          string `cfn:",required"`
	Namespace          string
	MetricName         string
	Dimensions         []dimension
	Statistic          string
	Period             int
	Metrics            []query
	EvaluationPeriods  int `cfn:",required"`
	DatapointsToAlarm  int
	ComparisonOperator string  `cfn:",required"`
	Threshold          float64 `cfn:",required"`
	TreatMissingData   string
}

type dimension struct{ Name, Value string }

type query struct {
	ID         string `cfn:"Id,required"`
	Expression string
	ReturnData *bool
	MetricStat *struct {
		Metric struct {
			Namespace, MetricName string
			Dimensions            []dimension
		}
		Period int
		Stat   string
	}
}

// Ignored are the properties of alarms of both kinds that say what an alarm does and not
// which state it is in.
func Ignored() []string {
	return []string{"ActionsEnabled", "AlarmActions", "AlarmDescription", "InsufficientDataActions", "Metrics.Label", "OKActions"}
}

var comparisons = map[string]func(value, threshold float64) bool{
	"GreaterThanOrEqualToThreshold": func(v, t float64) bool { return v >= t },
	"GreaterThanThreshold":          func(v, t float64) bool { return v > t },
	"LessThanThreshold":             func(v, t float64) bool { return v < t },
}

// The values of TreatMissingData.
const (
	asMissing      = "missing"
	asNotBreaching = "notBreaching"
	asBreaching    = "breaching"
	asIgnored      = "ignore"
)

// ParseMetricAlarm reads a resource AWS::CloudWatch::Alarm.
func ParseMetricAlarm(r template.Resource) (a MetricAlarm, err error) {
	p := properties{TreatMissingData: asMissing}
	if err := template.Decode(r, &p, Ignored()...); err != nil {
		return a, err
	}
	a = MetricAlarm{
		Name: p.AlarmName, periods: p.EvaluationPeriods, needed: p.DatapointsToAlarm, threshold: p.Threshold,
		breaches: comparisons[p.ComparisonOperator], missing: p.TreatMissingData,
	}
	if _, given := r.Properties["DatapointsToAlarm"]; !given {
		a.needed = a.periods
	}
	switch {
	case a.breaches == nil:
		return a, r.Errorf("ComparisonOperator", "%q is not known here: use one of %s", p.ComparisonOperator, slices.Sorted(maps.Keys(comparisons)))
	case !slices.Contains([]string{asMissing, asNotBreaching, asBreaching, asIgnored}, a.missing):
		return a, r.Errorf("TreatMissingData", "%q is none of missing, notBreaching, breaching and ignore", a.missing)
	case a.needed < 1 || a.needed > a.periods:
		return a, r.Errorf("DatapointsToAlarm", "%d out of %d datapoints are never breaching", a.needed, a.periods)
	case len(p.Metrics) == 0:
		return a, a.readOne(r, p)
	case p.Namespace+p.MetricName+p.Statistic != "" || len(p.Dimensions) > 0 || p.Period != 0:
		return a, r.Errorf("Metrics", "an alarm has Metrics or one metric of its own, not both")
	}
	return a, a.readSeveral(r, p.Metrics)
}

// readOne has the alarm watch one metric.
func (a *MetricAlarm) readOne(r template.Resource, p properties) error {
	const id = "metric"
	a.reads, a.expression = map[string]statistic{}, reference(id)
	return a.read(r, id, "Period", "Statistic", p.Namespace, p.MetricName, p.Dimensions, p.Period, p.Statistic)
}

// readSeveral has the alarm watch an expression of metrics.
func (a *MetricAlarm) readSeveral(r template.Resource, all []query) error {
	a.reads = map[string]statistic{}
	text, at := "", ""
	for i, q := range all {
		path := fmt.Sprintf("Metrics[%d]", i)
		returned := q.ReturnData == nil || *q.ReturnData
		switch {
		case returned && q.Expression != "" && q.MetricStat == nil && text == "":
			text, at = q.Expression, path+".Expression"
		case !returned && q.Expression == "" && q.MetricStat != nil:
			m := q.MetricStat
			if err := a.read(r, q.ID, path+".MetricStat.Period", path+".MetricStat.Stat", m.Metric.Namespace, m.Metric.MetricName, m.Metric.Dimensions, m.Period, m.Stat); err != nil {
				return err
			}
		default:
			return r.Errorf(path, "what is known here is one Expression that returns its data, and metrics that don't")
		}
	}
	if text == "" {
		return r.Errorf("Metrics", "no Expression returns its data")
	}
	var err error
	if a.expression, err = parseMath(text, a.reads); err != nil {
		return r.Errorf(at, "%s: %w", text, err)
	}
	return nil
}

// read adds a metric under its id; the paths are those of its period and its statistic.
func (a *MetricAlarm) read(r template.Resource, id, periodAt, statAt, namespace, name string, dimensions []dimension, period int, stat string) error {
	by := map[string]string{}
	for _, d := range dimensions {
		by[d.Name] = d.Value
	}
	length := time.Duration(period) * time.Second
	_, twice := a.reads[id]
	switch {
	case namespace == "" || name == "":
		return r.Errorf("", "the metric %s has no Namespace or no MetricName", id)
	case twice:
		return r.Errorf("Metrics", "the Id %s stands twice", id)
	case statistics[stat] == nil:
		return r.Errorf(statAt, "%q is not known here: use one of %s", stat, slices.Sorted(maps.Keys(statistics)))
	case period < 60 || period%60 != 0:
		return r.Errorf(periodAt, "periods known here are whole minutes, not %d seconds", period)
	case a.period != 0 && a.period != length:
		return r.Errorf(periodAt, "the metrics of an alarm have one period, and another of these has %s", a.period)
	}
	a.period, a.reads[id] = length, statistic{NewMetric(namespace, name, by), statistics[stat]}
	return nil
}
