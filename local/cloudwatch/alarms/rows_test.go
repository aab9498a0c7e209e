package alarms_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/cloudwatch/alarms"
	"autobackup/local/template"
)

// stays is where no data leaves an alarm in the state that it is in.
const stays alarms.State = "stays"

// row is what an alarm's metrics were until now, and the state that comes of it. A metric has a
// value for each minute, the oldest first: 0*59 is 59 of them, 0/1 are two in one minute, and - is
// a minute without any. Metrics that are not named have none.
type row struct {
	metrics map[string]string // by id; that of an alarm on one metric is metric
	want    alarms.State
}

func one(minutes string, want alarms.State) row {
	return row{map[string]string{"metric": minutes}, want}
}

// more is how many datapoints may be retrieved beyond those that are evaluated. AWS says no number,
// so each row holds with any.
var more = []int{0, alarms.More, 5}

// anyNow rings while something is there, of which a minute's newest value tells.
var anyNow = []row{
	one("", alarms.OK),
	one("0*10", alarms.OK),
	one("0*9 1", alarms.InAlarm),
	one("0*9 0/1", alarms.InAlarm),
	one("1*9 0", alarms.OK),
}

// forAnHour rings once one of some metrics counts something, and for an hour, so that one failure
// every few minutes is one e-mail.
func forAnHour(ids ...string) (all []row) {
	for _, id := range ids {
		for minutes, want := range map[string]alarms.State{
			"": alarms.OK, "0*70": alarms.OK, "0*69 1": alarms.InAlarm, "0*60 0/1 0*59": alarms.InAlarm, "1 0*60": alarms.OK,
		} {
			all = append(all, row{map[string]string{id: minutes}, want})
		}
	}
	return all
}

// inEachFive rings where each of three times five minutes counts something.
var inEachFive = []row{
	one("", alarms.OK),
	one("0*15", alarms.OK),
	one("0*5 1 0*4 1 0*4 1 0*4", alarms.InAlarm),
	one("0*5 0*4 1 0*4 1 0*4 1", alarms.InAlarm),
	one("0*5 0*5 0*4 1 0*4 1", alarms.OK),
	one("0*4 1 0*4 1 0*5 0*4 1", alarms.OK),
}

// inThreeMinutes rings where three minutes of the last hour count something.
var inThreeMinutes = []row{
	one("", alarms.OK),
	one("0*70", alarms.OK),
	one("0*59 5", alarms.OK), // three and more within a minute are one call and its retries
	one("0*50 1 0*8 1", alarms.OK),
	one("0/1 0*57 1 1", alarms.InAlarm),
	one("1 0*58 1 1", alarms.OK),
}

// notForFortyMinutes rings where a heartbeat was put in each of four times ten minutes, which writes
// a zero, and none came out as it must.
var notForFortyMinutes = []row{
	one("", alarms.OK),
	one("0 -*9 0 -*9 0 -*9 0 -*9", alarms.InAlarm),
	one("1 0*40", alarms.InAlarm),
	one("0/1 0*39", alarms.OK),
	one("0*39 0/1", alarms.OK),
	one("0*20 -*5 0*4 1 0*20", alarms.OK),
	one("0 -*9 0 -*9 0 -*9", alarms.OK), // a new stack has put three
}

// rows are those of each alarm, by its logical id, with the parameters' defaults.
var rows = map[string][]row{
	"ValidationDLQNotEmptyAlarm": anyNow,
	"FailureDLQNotEmptyAlarm":    anyNow,
	"EventDLQNotEmptyAlarm":      anyNow,

	"EventDeliveryFailedAlarm":         forAnHour("failed", "lost"),
	"EventDeliveryFailedBucketsAlarm":  forAnHour("failed", "lost"),
	"EventDeliveryFailedBuckets2Alarm": forAnHour("failed", "lost"),
	"EventDeliveryFailedBuckets3Alarm": forAnHour("failed", "lost"),
	"EventDeliveryFailedBuckets4Alarm": forAnHour("failed", "lost"),
	"ExecutionsFailedAlarm":            forAnHour("failed", "timedout", "aborted"),
	"PipeFailingAlarm":                 forAnHour("failed", "partial", "timedout"),
	"ReplicationFailedAlarm":           forAnHour("failed", "uncovered"),
	"AuditFailedAlarm":                 forAnHour("failed", "timedout", "aborted"),
	"AuditCutAlarm":                    forAnHour("metric"),
	"ScrubDifferentAlarm":              forAnHour("metric"),
	"ScrubBehindAlarm":                 forAnHour("metric"),
	"DoctorErrorsAlarm":                forAnHour("metric"),
	"EvidenceErrorsAlarm":              forAnHour("metric"),

	"PipeThrottledAlarm":            inEachFive,
	"FetchETagsThrottledAlarm":      inEachFive,
	"CompareETagsThrottledAlarm":    inEachFive,
	"CompareBytesThrottledAlarm":    inEachFive,
	"HashBytesThrottledAlarm":       inEachFive,
	"FailureNotifierThrottledAlarm": inEachFive,

	"FetchETagsErrorsAlarm":      inThreeMinutes,
	"CompareETagsErrorsAlarm":    inThreeMinutes,
	"CompareBytesErrorsAlarm":    inThreeMinutes,
	"HashBytesErrorsAlarm":       inThreeMinutes,
	"FailureNotifierErrorsAlarm": inThreeMinutes,

	"HeartbeatVerifiedAlarm":  notForFortyMinutes,
	"HeartbeatLostAlarm":      notForFortyMinutes,
	"HeartbeatDifferentAlarm": notForFortyMinutes,
	"HeartbeatStoppedAlarm": {
		one("", alarms.InsufficientData),
		one("0 -*60", alarms.InsufficientData),
		one("0 -*9", alarms.OK),
		one("1*10", alarms.OK),
	},

	"PipeNotRunningAlarm": {
		{nil, alarms.OK},
		{map[string]string{"waiting": "1*15"}, alarms.InAlarm}, // SQS writes nothing of calls that nobody makes
		{map[string]string{"waiting": "1*15", "received": "0*15", "empty": "0*15"}, alarms.InAlarm},
		{map[string]string{"waiting": "0*15"}, alarms.OK},
		{map[string]string{"waiting": "1*4 0 1*4 0 1*4 0"}, alarms.OK},
		{map[string]string{"waiting": "1*20", "empty": "3*5 -*15"}, alarms.InAlarm},
		{map[string]string{"waiting": "1*20", "empty": "3*6 -*14"}, alarms.OK},
		{map[string]string{"waiting": "1*20", "received": "0*4 5 0*4 5 0*4 5 0*4 5"}, alarms.OK},
		{map[string]string{"waiting": "1*20", "empty": "0*4 5 0*4 5 0*4 5 0*4 5"}, alarms.OK},
		{map[string]string{"waiting": "1*20", "empty": "-*14 3 -*5"}, alarms.OK},
	},
	"ValidationQueueAgeAlarm": { // above 60 minutes
		{nil, alarms.OK},
		{map[string]string{"age": "-*5 -*4 3601 -*4 3601 -*4 3601"}, alarms.InAlarm},
		{map[string]string{"age": "0*5 3601 0*4 3601 0*4 3601 0*4"}, alarms.InAlarm},
		{map[string]string{"age": "0*4 3601 0*4 3601 0*4 3601 0*4 3601"}, alarms.InAlarm},
		{map[string]string{"age": "3600*20"}, alarms.OK},
		{map[string]string{"age": "9000*5 0*5 9000*10"}, alarms.OK},
		{map[string]string{"age": "9000*10 0*5 9000*5"}, alarms.OK},
	},
	"FailureQueueTooOldAlarm": {
		one("", alarms.OK),
		one("0*10 299", alarms.OK),
		one("0*10 300", alarms.InAlarm),
		one("0*10 0/300", alarms.InAlarm),
		one("0*10 150/150", alarms.OK),
		one("300*10 299", alarms.OK),
	},
	"ReplicationSlowAlarm": { // above 60 minutes
		{nil, alarms.OK},
		{map[string]string{"age": "3601 0*29"}, alarms.InAlarm},
		{map[string]string{"age": "3601 0*30"}, alarms.OK},
		{map[string]string{"age": "3600*60"}, alarms.OK},
	},

	"DoctorFailedAlarm": {
		one("", stays),
		one("0*10", alarms.OK),
		one("0*10 1", alarms.InAlarm),
		one("1 0*4", alarms.InAlarm),
		one("1 0*5", alarms.OK),
	},
	"AuditOverdueAlarm": { // after 2 days
		{nil, alarms.InAlarm},
		{map[string]string{"whole": "1"}, alarms.OK},
		{map[string]string{"whole": "0 1 0"}, alarms.OK},
		{map[string]string{"whole": "0*20"}, alarms.InAlarm},
		{map[string]string{"whole": "1 -*2879"}, alarms.OK},
		{map[string]string{"whole": "1 -*2880"}, alarms.InAlarm},
		{map[string]string{"whole": "0 -*1439 1 -*1439 0 -*1439"}, alarms.OK},
	},
}

// causes are the alarms that keep a composite alarm quiet, the first of which is its symptom.
var causes = map[string][]string{
	"ValidationQueueTooOldAlarm": {"ValidationQueueAgeAlarm", "PipeNotRunningAlarm", "PipeFailingAlarm", "PipeThrottledAlarm"},
	"NothingVerifiedAlarm": {
		"HeartbeatVerifiedAlarm", "PipeNotRunningAlarm", "PipeFailingAlarm", "PipeThrottledAlarm", "ValidationQueueAgeAlarm", "ExecutionsFailedAlarm",
		"FetchETagsErrorsAlarm", "FetchETagsThrottledAlarm", "CompareETagsErrorsAlarm", "CompareETagsThrottledAlarm",
	},
}

// told are the states that an alarm tells of where not ALARM alone. A part of a composite alarm
// tells nobody.
var told = map[string]string{
	"ValidationDLQNotEmptyAlarm": "ALARM OK", "FailureDLQNotEmptyAlarm": "ALARM OK", "EventDLQNotEmptyAlarm": "ALARM OK",
	"PipeNotRunningAlarm": "ALARM OK", "FailureQueueTooOldAlarm": "ALARM OK", "ReplicationSlowAlarm": "ALARM OK",
	"DoctorFailedAlarm": "ALARM OK", "AuditOverdueAlarm": "ALARM OK", "ValidationQueueAgeAlarm": "",
	"HeartbeatVerifiedAlarm": "", "HeartbeatLostAlarm": "ALARM OK", "HeartbeatDifferentAlarm": "ALARM OK", "HeartbeatStoppedAlarm": "ALARM INSUFFICIENT_DATA OK",
}

// points are a metric's datapoints until noon.
func points(t testingT, minutes string) (all []alarms.Datapoint) {
	var each []string
	for _, text := range strings.Fields(minutes) {
		value, times, repeated := strings.Cut(text, "*")
		n := 1
		if repeated {
			var err error
			n, err = strconv.Atoi(times)
			require.NoError(t, err, minutes)
		}
		each = append(each, slices.Repeat([]string{value}, n)...)
	}
	for i, of := range each {
		for value := range strings.SplitSeq(of, "/") {
			if value == "-" {
				continue
			}
			n, err := strconv.ParseFloat(value, 64)
			require.NoError(t, err, minutes)
			all = append(all, alarms.Datapoint{At: noon.Add(-time.Minute * time.Duration(len(each)-i)), Value: n})
		}
	}
	return all
}

// checked is an alarm's resource with the metrics that the template has it read, by id: a changed
// alarm may read others.
type checked struct {
	template.Resource
	reads map[string]alarms.Metric
}

// check is a resource of the template.
func check(r template.Resource) checked {
	c := checked{r, map[string]alarms.Metric{}}
	metric := func(of map[string]any) alarms.Metric {
		by := map[string]string{}
		for _, d := range of["Dimensions"].([]any) {
			by[d.(map[string]any)["Name"].(string)] = d.(map[string]any)["Value"].(string)
		}
		return alarms.NewMetric(of["Namespace"].(string), of["MetricName"].(string), by)
	}
	queries, several := r.Properties["Metrics"].([]any)
	for _, q := range queries {
		if stat, reads := q.(map[string]any)["MetricStat"].(map[string]any); reads {
			c.reads[q.(map[string]any)["Id"].(string)] = metric(stat["Metric"].(map[string]any))
		}
	}
	if !several && r.Type == "AWS::CloudWatch::Alarm" {
		c.reads["metric"] = metric(r.Properties)
	}
	return c
}

// wrong is what an alarm, which may be a changed one, does otherwise than its rows say; "" nothing.
func (c checked) wrong(t testingT, changed template.Resource, full bool) string {
	want, known := told[c.LogicalID]
	if !known || !full && c.LogicalID == "ValidationQueueAgeAlarm" {
		want = "ALARM"
	}
	var tells []string
	for property, state := range map[string]string{"AlarmActions": "ALARM", "InsufficientDataActions": "INSUFFICIENT_DATA", "OKActions": "OK"} {
		if len(changed.Texts(property)) > 0 {
			tells = append(tells, state)
		}
	}
	slices.Sort(tells)
	if got := strings.Join(tells, " "); got != want {
		return "it tells of " + got
	}
	if c.Type == "AWS::CloudWatch::CompositeAlarm" {
		return c.wrongRule(changed)
	}
	a, err := alarms.ParseMetricAlarm(changed)
	if err != nil {
		return "refused: " + err.Error()
	}
	for _, r := range rows[c.LogicalID] {
		data := alarms.Data{}
		for id, minutes := range r.metrics {
			of, reads := c.reads[id]
			require.True(t, reads, "%s reads no metric with the id %s", c.LogicalID, id)
			data[of] = points(t, minutes)
		}
		for _, beyond := range more {
			for _, was := range []alarms.State{alarms.OK, alarms.InAlarm, alarms.InsufficientData} {
				want := r.want
				if want == stays {
					want = was
				}
				if got := a.State(alarms.Evaluation{At: noon, Data: data, Was: was, More: beyond}); got != want {
					return string(was) + " becomes " + string(got) + " and not " + string(want) + " by " + strings.Join(slices.Sorted(maps.Values(r.metrics)), ", ")
				}
			}
		}
	}
	return ""
}

// wrongRule has a composite alarm ring for its symptom alone, and not beside any of its causes.
func (c checked) wrongRule(changed template.Resource) string {
	a, err := alarms.ParseCompositeAlarm(changed)
	if err != nil {
		return "refused: " + err.Error()
	}
	of := causes[c.LogicalID]
	for _, symptom := range []alarms.State{alarms.OK, alarms.InAlarm, alarms.InsufficientData} {
		for _, rings := range append([]string{""}, of[1:]...) {
			for _, others := range []alarms.State{alarms.OK, alarms.InsufficientData} {
				states := map[string]alarms.State{}
				for _, id := range of {
					states[names[id]] = others
				}
				states[names[of[0]]] = symptom
				if rings != "" {
					states[names[rings]] = alarms.InAlarm
				}
				want := alarms.OK
				if symptom == alarms.InAlarm && rings == "" {
					want = alarms.InAlarm
				}
				if got, err := a.State(states); err != nil || got != want {
					return "it is in " + string(got) + " where " + of[0] + " is in " + string(symptom) + " and " + rings + " rings"
				}
			}
		}
	}
	return ""
}

// names are the alarms' in the stage dev, by logical id: Ref is the name.
var names = map[string]string{
	"ValidationQueueAgeAlarm": "autobackup-validation-queue-too-old-metric-dev", "PipeNotRunningAlarm": "autobackup-pipe-not-running-dev",
	"PipeFailingAlarm": "autobackup-pipe-failing-dev", "PipeThrottledAlarm": "autobackup-pipe-throttled-dev",
	"HeartbeatVerifiedAlarm": "autobackup-nothing-verified-metric-dev", "ExecutionsFailedAlarm": "autobackup-executions-failed-dev",
	"FetchETagsErrorsAlarm": "autobackup-function-errors-FetchETags-dev", "FetchETagsThrottledAlarm": "autobackup-function-throttled-FetchETags-dev",
	"CompareETagsErrorsAlarm": "autobackup-function-errors-CompareETags-dev", "CompareETagsThrottledAlarm": "autobackup-function-throttled-CompareETags-dev",
}

// forms are the alarms' resources of both forms of a stack that has all.
func forms(t *testing.T) map[string][]template.Resource {
	t.Helper()
	all := map[string][]template.Resource{}
	for _, form := range []string{"full", "lean"} {
		with := maps.Clone(given["template.yaml"])
		with["Form"] = form
		all[form] = resources(t, "template.yaml", with)
	}
	return all
}

// What an alarm's numbers are for, its rows say: with the template's numbers each just rings, or
// just doesn't.
func TestEachAlarmRingsAndIsQuietAtItsBorders(t *testing.T) {
	seen := map[string]bool{}
	for form, all := range forms(t) {
		for _, r := range all {
			seen[r.LogicalID] = true
			assert.True(t, rows[r.LogicalID] != nil || causes[r.LogicalID] != nil, "%s has no rows", r.LogicalID)
			assert.Empty(t, check(r).wrong(t, r, form == "full"), "%s of the %s form", r.LogicalID, form)
		}
	}
	for _, id := range slices.Concat(slices.Collect(maps.Keys(rows)), slices.Collect(maps.Keys(causes)), slices.Collect(maps.Keys(told))) {
		assert.True(t, seen[id], "no stack has %s", id)
	}
}
