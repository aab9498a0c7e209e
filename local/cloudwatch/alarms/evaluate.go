package alarms

import "time"

// State is an alarm's.
type State string

// The states that an alarm can be in.
const (
	OK               State = "OK"
	InAlarm          State = "ALARM"
	InsufficientData State = "INSUFFICIENT_DATA"
)

// More is how many datapoints AWS's page retrieves in its examples beyond EvaluationPeriods:
// 5 for 3. How many there are of other alarms, it doesn't say.
const More = 2

// Evaluation is what an alarm's state rests on besides itself.
type Evaluation struct {
	At   time.Time
	Data Data
	Was  State // the alarm's until then
	More int   // how many datapoints are retrieved beyond EvaluationPeriods
}

// State is the alarm's. CloudWatch evaluates an alarm each minute, over a window that slides
// with it: periods end with the minute that has passed, not with the hour or the day.
func (a MetricAlarm) State(e Evaluation) State {
	end, periods := e.At.Truncate(time.Minute), a.periods+e.More
	read := map[string]series{}
	for id, s := range a.reads {
		read[id] = s.read(e.Data, end, a.period, periods)
	}
	return a.judge(a.expression.of(read, periods), e.Was)
}

// judge is the state by datapoints, the oldest first. As many as EvaluationPeriods says are
// looked at, and what is there goes before what is missing, however old it is.
func (a MetricAlarm) judge(points series, was State) State {
	breaching, others, oldest := 0, 0, 0 // oldest: the age in periods of the first that is breaching
	for age := 1; age <= len(points) && breaching+others < a.periods; age++ {
		switch v := points[len(points)-age]; {
		case isMissing(v):
		case a.breaches(v, a.threshold):
			breaching, oldest = breaching+1, age
		default:
			others++
		}
	}
	filled := a.periods - breaching - others
	switch {
	case breaching >= a.needed, a.missing == asBreaching && breaching+filled >= a.needed:
		return InAlarm
	case others > 0, a.missing == asNotBreaching, a.missing == asBreaching:
		return OK
	case a.missing == asIgnored:
		return was
	case oldest >= a.needed:
		// The page's "premature alarm state": all that is there is breaching, and the first of
		// it as old as DatapointsToAlarm.
		return InAlarm
	}
	return InsufficientData
}
