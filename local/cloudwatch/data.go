package cloudwatch

import (
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"autobackup/local/cloudwatch/alarms"
	"autobackup/local/wire"
)

// dataAsk is what GetMetricData is asked for.
type dataAsk struct {
	begin, end time.Time
	queries    []query
}

// query is one of its metrics, as one statistic of each period.
type query struct {
	id        string
	of        alarms.Metric
	period    time.Duration
	aggregate func([]float64) float64
}

// mostQueries is the quota of one request.
const mostQueries = 500

// decodeData reads a request. Expressions, labels, pages and what an answer would differ by are
// refused by name.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
func decodeData(members cbor.Map) (a dataAsk, err error) {
	for name, value := range members {
		switch name {
		case "StartTime":
			a.begin, err = moment(name, value)
		case "EndTime":
			a.end, err = moment(name, value)
		case "MetricDataQueries":
			a.queries, err = queries(value)
		default:
			err = wire.Invalid("ValidationError", "the local stack does not support the parameter %s of GetMetricData", name)
		}
		if err != nil {
			return a, err
		}
	}
	a.begin = a.begin.Truncate(time.Minute) // as CloudWatch does, of the last 15 days
	switch {
	case len(a.queries) == 0 || len(a.queries) > mostQueries:
		return a, wire.Invalid("ValidationError", "MetricDataQueries must have 1 to %d members", mostQueries)
	case !a.begin.Before(a.end):
		return a, wire.Invalid("ValidationError", "The parameter StartTime must be less than the parameter EndTime.")
	}
	return a, nil
}

// moment is a time of the protocol: seconds since 1970, as an integer or a fraction. In JSON, nothing
// says that it is a time.
func moment(name string, value cbor.Value) (time.Time, error) {
	if tag, is := value.(*cbor.Tag); is && tag.ID == 1 {
		value = tag.Value
	}
	switch of := value.(type) {
	case cbor.Uint:
		return time.Unix(int64(of), 0), nil //nolint:gosec // of a year that there is
	case cbor.Float64:
		return time.UnixMilli(int64(float64(of) * 1000)), nil
	}
	return time.Time{}, wire.Invalid("SerializationException", "%s is no time", name)
}

func queries(value cbor.Value) (all []query, err error) {
	list, _ := value.(cbor.List)
	ids := map[string]bool{}
	for _, one := range list {
		q, err := readQuery(one)
		if err != nil {
			return nil, err
		}
		if ids[q.id] {
			return nil, wire.Invalid("ValidationError", "The values for parameter id in MetricDataQueries are not unique.")
		}
		ids[q.id] = true
		all = append(all, q)
	}
	return all, nil
}

func readQuery(value cbor.Value) (q query, err error) {
	var stat cbor.Map
	if err := each(value, "MetricDataQueries", map[string]func(cbor.Value){
		"Id": func(v cbor.Value) { q.id = words(v) }, "MetricStat": func(v cbor.Value) { stat, _ = v.(cbor.Map) },
	}); err != nil {
		return q, err
	}
	var metric cbor.Map
	var aggregate string
	if err := each(stat, "MetricStat", map[string]func(cbor.Value){
		"Metric": func(v cbor.Value) { metric, _ = v.(cbor.Map) }, "Stat": func(v cbor.Value) { aggregate = words(v) },
		"Period": func(v cbor.Value) {
			seconds, _ := v.(cbor.Uint)
			q.period = time.Duration(seconds) * time.Second //nolint:gosec // checked below
		},
	}); err != nil {
		return q, err
	}
	var namespace, name string
	dimensions := map[string]string{}
	if err := each(metric, "Metric", map[string]func(cbor.Value){
		"Namespace": func(v cbor.Value) { namespace = words(v) }, "MetricName": func(v cbor.Value) { name = words(v) },
		"Dimensions": func(v cbor.Value) {
			list, _ := v.(cbor.List)
			for _, one := range list {
				d, _ := one.(cbor.Map)
				dimensions[words(d["Name"])] = words(d["Value"])
			}
		},
	}); err != nil {
		return q, err
	}
	if q.period < time.Minute || q.period%time.Minute != 0 {
		return q, wire.Invalid("ValidationError", "the local stack knows periods of whole minutes, and not that of %s", q.id)
	}
	var known bool
	if q.aggregate, known = alarms.Aggregate(aggregate); !known {
		return q, wire.Invalid("ValidationError", "the local stack does not know the statistic %q of %s", aggregate, q.id)
	}
	q.of = alarms.NewMetric(namespace, name, dimensions)
	return q, nil
}

// each hands over the members of a structure, and refuses others by name.
func each(value cbor.Value, of string, members map[string]func(cbor.Value)) error {
	given, _ := value.(cbor.Map)
	for name, value := range given {
		take := members[name]
		if take == nil {
			return wire.Invalid("ValidationError", "the local stack does not support the member %s of %s of GetMetricData", name, of)
		}
		take(value)
	}
	return nil
}

func words(value cbor.Value) string {
	text, _ := value.(cbor.String)
	return string(text)
}

// metricData answers all datapoints on one page, the newest first. Periods are counted from the
// beginning.
func (s *Service) metricData(a dataAsk, region, account string) cbor.Value {
	if s.Gather != nil {
		s.Gather()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	results := cbor.List{}
	for _, q := range a.queries {
		times, values := cbor.List{}, cbor.List{}
		points := s.data[place{region, account}].Periods(q.of, a.begin, a.end, q.period, q.aggregate)
		for i := len(points) - 1; i >= 0; i-- {
			times = append(times, &cbor.Tag{ID: 1, Value: cbor.Float64(points[i].At.Unix())})
			values = append(values, cbor.Float64(points[i].Value))
		}
		results = append(results, cbor.Map{"Id": cbor.String(q.id), "Label": cbor.String(q.of.Name), "StatusCode": cbor.String("Complete"), "Timestamps": times, "Values": values})
	}
	return cbor.Map{"MetricDataResults": results, "Messages": cbor.List{}}
}
