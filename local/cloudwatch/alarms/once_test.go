package alarms_test

import (
	"maps"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/cloudwatch/alarms"
)

// ofFailures are the alarms that count failures.
var ofFailures = regexp.MustCompile(`^(EventDelivery|Executions|Pipe|Replication|Audit)(Failed|Failing|Cut)\w*Alarm$|^Scrub|ErrorsAlarm$`)

// lasting are causes, as the minutes at which something fails: at once and no more, or again and
// again with each upload.
var lasting = map[string][]int{
	"three at once":             {10, 11, 12},
	"three within five minutes": {10, 12, 14},
	"every two minutes":         every(2, 30),
	"every seven minutes":       every(7, 70),
	"every quarter":             every(15, 120),
}

func every(step, until int) (all []int) {
	for minute := 10; minute <= 10+until; minute += step {
		all = append(all, minute)
	}
	return all
}

// Decision 18: every distinct cause has an alarm that e-mails once. Between failures a function or
// an execution that does succeed counts as 0, or there is nothing.
func TestOneCauseRingsOnce(t *testing.T) {
	begin := noon.Add(-time.Hour)
	for _, r := range forms(t)["full"] {
		if !ofFailures.MatchString(r.LogicalID) {
			continue
		}
		a, err := alarms.ParseMetricAlarm(r)
		require.NoError(t, err)
		reads := check(r).reads
		of := reads[slices.Min(slices.Collect(maps.Keys(reads)))] // they are added up
		for cause, minutes := range lasting {
			assert.Equal(t, 1, rings(a, of, begin, minutes, true, alarms.More), "%s: something fails %s", r.LogicalID, cause)
			for _, beyond := range more {
				assert.Equal(t, 1, rings(a, of, begin, minutes, false, beyond), "%s: something fails %s, and nothing is there between; %d more datapoints are retrieved", r.LogicalID, cause, beyond)
			}
		}
	}
}

// rings is how often an alarm goes into ALARM of failures in these minutes, until hours later.
func rings(a alarms.MetricAlarm, of alarms.Metric, begin time.Time, minutes []int, dense bool, beyond int) (n int) {
	failed := map[int]bool{}
	for _, m := range minutes {
		failed[m] = true
	}
	data, state := alarms.Data{}, alarms.OK
	for minute := range minutes[len(minutes)-1] + 90 {
		if dense || failed[minute] {
			data[of] = append(data[of], alarms.Datapoint{At: begin.Add(time.Duration(minute) * time.Minute), Value: map[bool]float64{true: 1}[failed[minute]]})
		}
		was := state
		state = a.State(alarms.Evaluation{At: begin.Add(time.Duration(minute+1) * time.Minute), Data: data, Was: was, More: beyond})
		if state == alarms.InAlarm && was != state {
			n++
		}
	}
	return n
}
