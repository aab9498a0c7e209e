package cloudwatch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"autobackup/local/cloudwatch/alarms"
)

// place is where metrics and alarms are: none sees those of another.
type place struct{ region, account string }

// Measured is a datapoint of a region's account.
type Measured struct {
	Region, Account string
	Of              alarms.Metric
	alarms.Datapoint
}

// retention is how long CloudWatch has the values of each minute. Later it has those of longer
// periods, which nothing here has.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention
const retention = 15 * 24 * time.Hour

// Put adds a datapoint of a region's account.
func (s *Service) Put(region, account string, of alarms.Metric, point alarms.Datapoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.measured(Measured{region, account, of, point})
}

// Replace adds datapoints that are the only ones of their metrics in their minutes. What comes
// again, as after a kill, takes the place of what is there.
func (s *Service) Replace(all ...Measured) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range all {
		minute := m.At.Truncate(time.Minute)
		s.data[place{m.Region, m.Account}].Forget(m.Of, minute, minute.Add(time.Minute))
		s.measured(m)
	}
}

// measured adds a datapoint in its minute: CloudWatch doesn't know it closer.
func (s *Service) measured(m Measured) {
	at, minute := place{m.Region, m.Account}, m.At.Truncate(time.Minute)
	s.add(at, m.Of, alarms.Datapoint{At: minute, Value: m.Value})
	s.keepData(at, m.Of, minute)
	for _, old := range s.data[at].Forget(m.Of, time.Time{}, s.Now().Add(-retention)) {
		s.keepData(at, m.Of, old)
	}
}

func (s *Service) add(at place, of alarms.Metric, point alarms.Datapoint) {
	if s.data == nil {
		s.data = map[place]alarms.Data{}
	}
	if s.data[at] == nil {
		s.data[at] = alarms.Data{}
	}
	s.data[at].Add(of, point)
}

// embedded is a line of the embedded metric format, beside the members that it names.
type embedded struct {
	AWS struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name string }
		}
	} `json:"_aws"`
}

// PutEmbedded adds the datapoints of lines of the embedded metric format, as a function writes
// them at once or one by one.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func (s *Service) PutEmbedded(region, account string, lines []byte) error {
	s.mu.Lock() // of all of them: they are written at once
	defer s.mu.Unlock()
	put := func(of alarms.Metric, point alarms.Datapoint) { s.measured(Measured{region, account, of, point}) }
	for line := range bytes.Lines(lines) {
		if err := readLine(line, put); err != nil {
			return err
		}
	}
	return nil
}

// readLine hands over the datapoints of one line: each metric by each of its sets of dimensions,
// and each of the values that it has.
func readLine(line []byte, put func(of alarms.Metric, point alarms.Datapoint)) error {
	var about embedded
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &about); err != nil {
		return fmt.Errorf("read a line of metrics: %w", err)
	}
	if err := json.Unmarshal(line, &members); err != nil {
		return fmt.Errorf("read a line of metrics: %w", err)
	}
	at := time.UnixMilli(about.AWS.Timestamp)
	for _, directive := range about.AWS.CloudWatchMetrics {
		for _, metric := range directive.Metrics {
			values, err := numbers(members[metric.Name])
			if err != nil {
				return fmt.Errorf("read the metric %s: %w", metric.Name, err)
			}
			for _, names := range directive.Dimensions {
				by := map[string]string{}
				for _, name := range names {
					var value string
					if err := json.Unmarshal(members[name], &value); err != nil {
						return fmt.Errorf("read the dimension %s of %s: %w", name, metric.Name, err)
					}
					by[name] = value
				}
				for _, value := range values {
					put(alarms.NewMetric(directive.Namespace, metric.Name, by), alarms.Datapoint{At: at, Value: value})
				}
			}
		}
	}
	return nil
}

// numbers is a metric's value: a number or a list of them.
func numbers(member json.RawMessage) (all []float64, err error) {
	var one float64
	if json.Unmarshal(member, &one) == nil {
		return []float64{one}, nil
	}
	return all, json.Unmarshal(member, &all)
}

// Unwritten are the metrics that alarms of a region's account read and of which nothing was
// written so far, sorted.
func (s *Service) Unwritten(region, account string) (all []string) {
	if s.Gather != nil {
		s.Gather()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	data := s.data[place{region, account}]
	for _, a := range s.alarms {
		if a.Region != region || a.Account != account {
			continue
		}
		for _, m := range a.metric.Reads() {
			if len(data[m]) == 0 {
				all = append(all, m.String())
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Change is an alarm that went into another state.
type Change struct {
	At    time.Time
	Name  string
	State string
}

// Evaluate has the alarms of a region's account catch up with the time, minute by minute as
// CloudWatch does, has them tell of it, and answers what changed. Nothing is evaluated before it
// is asked for.
func (s *Service) Evaluate(region, account string) ([]Change, error) {
	if s.Gather != nil {
		s.Gather()
	}
	changes, actions, err := s.evaluate(place{region, account})
	for _, a := range actions {
		s.tell(a)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.alarms { // now: after a kill on the way here, they tell again
		if a.Region == region && a.Account == account {
			s.keepAlarm(a.ARN())
		}
	}
	return changes, err
}

func (s *Service) evaluate(at place) (changes []Change, actions []action, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var own []*Alarm
	begin := s.Now()
	for i := range s.alarms {
		if a := &s.alarms[i]; a.Region == at.region && a.Account == at.account {
			own = append(own, a)
			begin = earliest(begin, a.since)
		}
	}
	for minute := begin.Truncate(time.Minute).Add(time.Minute); !minute.After(s.Now()); minute = minute.Add(time.Minute) {
		states := map[string]alarms.State{}
		for _, composite := range []bool{false, true} {
			for _, a := range own {
				if a.Composite != composite {
					continue
				}
				state := alarms.State(a.State)
				if a.since.Before(minute) {
					if state, err = a.evaluate(minute, s.data[at], states); err != nil {
						return changes, actions, err
					}
				}
				if string(state) != a.State {
					actions = append(actions, a.actions(minute, string(state))...)
					a.State = string(state)
					changes = append(changes, Change{minute, a.Name, a.State})
				}
				if !composite {
					states[a.Name] = state
				}
			}
		}
	}
	for _, a := range own {
		a.since = s.Now()
	}
	return changes, actions, nil
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (a *Alarm) evaluate(at time.Time, data alarms.Data, states map[string]alarms.State) (alarms.State, error) {
	if a.Composite {
		return a.composite.State(states)
	}
	return a.metric.State(alarms.Evaluation{At: at, Data: data, Was: alarms.State(a.State), More: alarms.More}), nil
}
