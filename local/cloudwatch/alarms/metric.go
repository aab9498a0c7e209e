package alarms

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// Metric is what CloudWatch tells apart: two metrics of one name with other dimensions have
// nothing to do with each other.
type Metric struct {
	Namespace, Name string
	dimensions      string // sorted, as a map's key takes no map
}

// NewMetric is the metric with these dimensions, by their names.
func NewMetric(namespace, name string, dimensions map[string]string) Metric {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(dimensions)) {
		all = append(all, key+"="+dimensions[key])
	}
	return Metric{namespace, name, strings.Join(all, "\n")}
}

// String names the metric, and the values of its dimensions.
func (m Metric) String() string {
	return m.Namespace + " " + m.Name + " of " + strings.ReplaceAll(m.dimensions, "\n", " ")
}

// MarshalText is the metric as a part of a record's key.
func (m Metric) MarshalText() ([]byte, error) {
	return []byte(m.Namespace + "\x00" + m.Name + "\x00" + m.dimensions), nil
}

// UnmarshalText reads what MarshalText wrote.
func (m *Metric) UnmarshalText(text []byte) error {
	parts := strings.SplitN(string(text), "\x00", 3)
	if len(parts) < 3 {
		return fmt.Errorf("%q is no metric", text)
	}
	*m = Metric{parts[0], parts[1], parts[2]}
	return nil
}

// Datapoint is one value of a metric.
type Datapoint struct {
	At    time.Time
	Value float64
}

// Data are the datapoints of metrics, the oldest first.
type Data map[Metric][]Datapoint

// Add adds a datapoint, in its place.
func (d Data) Add(of Metric, point Datapoint) {
	i, _ := slices.BinarySearchFunc(d[of], point, func(p, added Datapoint) int {
		if p.At.After(added.At) {
			return 1
		}
		return -1
	})
	d[of] = slices.Insert(d[of], i, point)
}

// Minute are the values of a metric in a minute.
func (d Data) Minute(of Metric, minute time.Time) (values []float64) {
	all := d[of]
	from, to := before(all, minute), before(all, minute.Add(time.Minute))
	for _, p := range all[from:to] {
		values = append(values, p.Value)
	}
	return values
}

// Forget drops the datapoints of a metric from a minute on until another, and answers the minutes
// of which there were some.
func (d Data) Forget(of Metric, from, until time.Time) (minutes []time.Time) {
	all := d[of]
	first, last := before(all, from), before(all, until)
	if first == last {
		return nil
	}
	for _, p := range all[first:last] {
		if minute := p.At.Truncate(time.Minute); len(minutes) == 0 || !minutes[len(minutes)-1].Equal(minute) {
			minutes = append(minutes, minute)
		}
	}
	d[of] = slices.Delete(all, first, last)
	return minutes
}

// before is how many datapoints are from before a time.
func before(all []Datapoint, at time.Time) int {
	n, _ := slices.BinarySearchFunc(all, at, func(p Datapoint, at time.Time) int {
		if p.At.Before(at) {
			return -1
		}
		return 1
	})
	return n
}

// series has a value for each period, the oldest first; missing where there is none.
type series []float64

var missing = math.NaN()

func isMissing(value float64) bool { return math.IsNaN(value) }

// statistics are those that the templates use.
var statistics = map[string]func([]float64) float64{
	"Sum": func(values []float64) (sum float64) {
		for _, v := range values {
			sum += v
		}
		return sum
	},
	"Minimum": slices.Min[[]float64],
	"Maximum": slices.Max[[]float64],
}

// Aggregate makes one value of those of a period, by the statistic's name; false: it is none of
// these.
func Aggregate(name string) (func([]float64) float64, bool) {
	aggregate, known := statistics[name]
	return aggregate, known
}

// Periods has one value for each period that has datapoints, the oldest first, at the period's
// beginning. Periods are counted from begin; what is at end is left out.
func (d Data) Periods(of Metric, begin, end time.Time, period time.Duration, aggregate func([]float64) float64) (all []Datapoint) {
	var values []float64
	for _, p := range d[of] {
		if p.At.Before(begin) || !p.At.Before(end) {
			continue
		}
		at := begin.Add(p.At.Sub(begin) / period * period)
		if n := len(all); n == 0 || !all[n-1].At.Equal(at) {
			all, values = append(all, Datapoint{At: at}), nil
		}
		values = append(values, p.Value)
		all[len(all)-1].Value = aggregate(values)
	}
	return all
}

// statistic is a metric as an alarm reads it.
type statistic struct {
	of        Metric
	aggregate func([]float64) float64
}

// read makes one value of the datapoints of each period before end.
func (s statistic) read(data Data, end time.Time, period time.Duration, periods int) series {
	values := make([][]float64, periods)
	points := data[s.of]
	for n := len(points) - 1; n >= 0; n-- {
		age := end.Sub(points[n].At)
		if age > period*time.Duration(periods) {
			break
		}
		if age > 0 {
			// A period has its beginning and not its end.
			i := periods - 1 - int((age-1)/period)
			values[i] = append(values[i], points[n].Value)
		}
	}
	all := make(series, periods)
	for i, of := range values {
		all[i] = missing
		if len(of) > 0 {
			all[i] = s.aggregate(of)
		}
	}
	return all
}
