package docs_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/metric"
	"autobackup/internal/reason"
	"autobackup/local/template"
)

// needed are the parameters without a default.
var needed = map[string]string{"AlertEmail": "a@example.com", "ReplicaRegion": "eu-west-1"}

// dimension and the types below are properties of alarms as the template has them.
type dimension struct{ Name, Value string }

type series struct {
	Namespace, MetricName string
	Dimensions            []dimension
}

type query struct {
	ID, Expression string
	ReturnData     *bool
	MetricStat     struct {
		Metric series
		Period json.Number
		Stat   string
	}
}

type alarm struct {
	ID, Type                                        string
	AlarmName, AlarmDescription, AlarmRule          string
	AlarmActions, OKActions                         []string
	Period, EvaluationPeriods, DatapointsToAlarm    json.Number
	Threshold                                       json.Number
	Statistic, ComparisonOperator, TreatMissingData string
	Metrics                                         []query
	series
}

func alarms(t *testing.T) (all []alarm) {
	t.Helper()
	all = alarmsOf(t, "full")
	require.Greater(t, len(all), 20)
	return all
}

// alarmsOf are those of a form of the stack.
func alarmsOf(t *testing.T, form string) (all []alarm) {
	t.Helper()
	return alarmsWith(t, withForm(form))
}

// alarmsWith are those of a stack with parameters.
func alarmsWith(t *testing.T, parameters map[string]string) (all []alarm) {
	t.Helper()
	for _, r := range resolved(t, "template.yaml", parameters).Resources {
		if r.Type != "AWS::CloudWatch::Alarm" && r.Type != "AWS::CloudWatch::CompositeAlarm" {
			continue
		}
		encoded, err := json.Marshal(r.Properties)
		require.NoError(t, err)
		a := alarm{}
		require.NoError(t, json.Unmarshal(encoded, &a), r.LogicalID)
		a.ID, a.Type = r.LogicalID, r.Type
		all = append(all, a)
	}
	return all
}

// ofSchedule are those that a form of the stack has beside with DoctorSchedule.
func ofSchedule(t *testing.T, form string) (all []alarm) {
	t.Helper()
	return beside(t, form, map[string]string{"DoctorSchedule": "rate(1 day)"})
}

// ofAudits are those that a form of the stack has beside with audits.
func ofAudits(t *testing.T, form string) (all []alarm) {
	t.Helper()
	return beside(t, form, map[string]string{"AuditLevel": "rest", "AuditOverdueDays": "2"})
}

func beside(t *testing.T, form string, more map[string]string) (all []alarm) {
	t.Helper()
	parameters, before := withForm(form), alarmsOf(t, form)
	maps.Copy(parameters, more)
	return slices.DeleteFunc(alarmsWith(t, parameters), func(a alarm) bool {
		return slices.ContainsFunc(before, func(b alarm) bool { return b.ID == a.ID })
	})
}

// Whatever the schedule is, what the last run found lasts until the next one. Only that ends
// by itself, and says so.
func TestTheScheduledDoctorHasAnAlarmOfWhatItFoundAndOneOfItsErrorsInEachForm(t *testing.T) {
	for _, form := range []string{"full", "lean"} {
		all := ofSchedule(t, form)
		require.Len(t, all, 2, form)
		for _, a := range all {
			assert.Equal(t, []string{"FailureTopic"}, a.AlarmActions, a.ID)
			assert.True(t, a.exists(), a.ID)
			assert.Equal(t, []any{"GreaterThanThreshold", json.Number("0"), json.Number("300"), json.Number("1")}, []any{a.ComparisonOperator, a.Threshold, a.Period, a.DatapointsToAlarm}, a.ID)
		}
		failed, broken := all[0], all[1]
		assert.Equal(t, series{metric.Namespace, metric.DoctorFailed, []dimension{{metric.Stage, "dev"}}}, failed.series)
		assert.Equal(t, []any{"ignore", "Maximum", json.Number("1"), []string{"FailureTopic"}}, []any{failed.TreatMissingData, failed.Statistic, failed.EvaluationPeriods, failed.OKActions})
		assert.Equal(t, series{"AWS/Lambda", "Errors", []dimension{{"FunctionName", "DoctorFunction"}}}, broken.series)
		assert.Equal(t, []any{"notBreaching", "Sum", json.Number("12"), []string(nil)}, []any{broken.TreatMissingData, broken.Statistic, broken.EvaluationPeriods, broken.OKActions})
	}
}

// What is not made evidence of is lost after two weeks, so each failed run is told.
func TestTheFunctionEvidenceHasAnAlarmOfItsErrorsInEachForm(t *testing.T) {
	for _, form := range []string{"full", "lean"} {
		all := beside(t, form, map[string]string{"EvidenceDays": "400"})
		require.Len(t, all, 1, form)
		a := all[0]
		assert.True(t, a.exists(), a.ID)
		assert.Equal(t, "autobackup-function-errors-Evidence-dev", a.AlarmName)
		assert.Equal(t, []string{"FailureTopic"}, a.AlarmActions)
		assert.Equal(t, series{"AWS/Lambda", "Errors", []dimension{{"FunctionName", "EvidenceFunction"}}}, a.series)
		assert.Equal(t, []any{"GreaterThanThreshold", json.Number("0"), json.Number("300"), json.Number("1"), json.Number("12"), "notBreaching", "Sum"},
			[]any{a.ComparisonOperator, a.Threshold, a.Period, a.DatapointsToAlarm, a.EvaluationPeriods, a.TreatMissingData, a.Statistic})
	}
}

func TestAuditsHaveAnAlarmOfEachBadEndAndOneOfNoneInEachForm(t *testing.T) {
	for _, form := range []string{"full", "lean"} {
		all := map[string]alarm{}
		for _, a := range ofAudits(t, form) {
			all[a.ID] = a
			assert.Equal(t, []string{"FailureTopic"}, a.AlarmActions, a.ID)
			for _, s := range a.read() {
				assert.True(t, s.exists(), "%s %v", a.ID, s)
			}
		}
		require.Len(t, all, 3, form)
		var failed []string
		for _, s := range all["AuditFailedAlarm"].read() {
			assert.Equal(t, []dimension{{"StateMachineArn", "AuditStateMachine"}}, s.Dimensions)
			failed = append(failed, s.MetricName)
		}
		assert.ElementsMatch(t, []string{"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"}, failed)
		cut, overdue := all["AuditCutAlarm"], all["AuditOverdueAlarm"]
		assert.Equal(t, series{metric.Namespace, metric.AuditCut, []dimension{{metric.Stage, "dev"}}}, cut.series)
		assert.Equal(t, []any{"notBreaching", "Sum", "GreaterThanThreshold", json.Number("0")}, []any{cut.TreatMissingData, cut.Statistic, cut.ComparisonOperator, cut.Threshold})
		assert.Equal(t, []series{{metric.Namespace, metric.AuditWhole, []dimension{{metric.Stage, "dev"}}}}, overdue.read())
		assert.Equal(t, []any{"breaching", "LessThanThreshold", json.Number("1"), json.Number("2"), json.Number("2")},
			[]any{overdue.TreatMissingData, overdue.ComparisonOperator, overdue.Threshold, overdue.EvaluationPeriods, overdue.DatapointsToAlarm})
		assert.Equal(t, []string{"FailureTopic"}, overdue.OKActions)
	}
}

// withForm are the parameters that a form of the stack needs.
func withForm(form string) map[string]string {
	return map[string]string{"AlertEmail": needed["AlertEmail"], "ReplicaRegion": needed["ReplicaRegion"], "Form": form}
}

// series are the metrics that an alarm reads.
func (a alarm) read() (all []series) {
	if a.MetricName != "" {
		all = append(all, a.series)
	}
	for _, q := range a.Metrics {
		if q.MetricStat.Metric.MetricName != "" {
			all = append(all, q.MetricStat.Metric)
		}
	}
	return all
}

// parts are the alarms that a composite alarm's rule names, and how.
func (a alarm) parts() (on, off []string) {
	for _, found := range regexp.MustCompile(`(NOT )?ALARM\("(\w+)"\)`).FindAllStringSubmatch(a.AlarmRule, -1) {
		if found[1] == "" {
			on = append(on, found[2])
		} else {
			off = append(off, found[2])
		}
	}
	return on, off
}

func TestEveryAlarmReachesTheTopicItselfOrThroughOneThatDoes(t *testing.T) {
	all := alarms(t)
	for _, a := range all {
		if a.AlarmActions != nil {
			assert.Equal(t, []string{"FailureTopic"}, a.AlarmActions, a.ID)
			assert.Contains(t, [][]string{nil, {"FailureTopic"}}, a.OKActions, a.ID)
			continue
		}
		assert.True(t, slices.ContainsFunc(all, func(composite alarm) bool {
			on, _ := composite.parts()
			return composite.AlarmActions != nil && slices.Equal(on, []string{a.ID}) && composite.AlarmName == strings.Replace(a.AlarmName, "-metric-", "-", 1)
		}), "%s sends no e-mail, and no composite alarm sends one for it", a.ID)
		assert.Nil(t, a.OKActions, "%s never told that it began", a.ID)
	}
}

// An alarm that had another name in the other form would be made beside the one whose name it
// takes, and go with that one when the form changes.
func TestEveryAlarmOfTheLeanFormReachesTheTopicUnderItsNameInTheFullOne(t *testing.T) {
	names := map[string]string{}
	for _, a := range alarms(t) {
		names[a.ID] = a.AlarmName
	}
	lean := alarmsOf(t, "lean")
	assert.Len(t, lean, 7)
	page := read(t, "deploy.md")
	_, page, _ = strings.Cut(page, "\nWhat stays are the alarms")
	page, _, _ = strings.Cut(page, "\n\n")
	dlqs := 0
	for _, a := range lean {
		assert.Equal(t, []string{"FailureTopic"}, a.AlarmActions, a.ID)
		assert.Equal(t, names[a.ID], a.AlarmName)
		name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(a.AlarmName, "autobackup-"), "-dev"), "-metric")
		if strings.HasSuffix(name, "-dlq-not-empty") {
			dlqs++
			continue
		}
		assert.Contains(t, page, name)
	}
	assert.Equal(t, 3, dlqs, "the three of dead-letter queues")
	assert.Contains(t, page, "the three of dead-letter queues")
}

func TestEverythingThatIsToldGoesToATopicThatWasThere(t *testing.T) {
	const topic = "arn:aws:sns:eu-central-1:210987654321:oncall"
	s := resolved(t, "template.yaml", map[string]string{"AlertTopicArn": topic, "ReplicaRegion": "eu-west-1"})
	told := 0
	for _, r := range s.Resources {
		text, err := json.Marshal(r.Properties)
		require.NoError(t, err)
		assert.NotRegexp(t, `FailureTopic"|failure-topic|SNSKey`, string(text), r.LogicalID)
		told += strings.Count(string(text), `"`+topic+`"`)
	}
	assert.Greater(t, told, len(alarms(t)))
	assert.Equal(t, topic, s.Outputs["FailureTopicArn"])
}

func TestASymptomIsKeptQuietByKnownCausesOnlyAndNeverByOneThatLastsUntilItIsCleared(t *testing.T) {
	all := alarms(t)
	n := 0
	for _, a := range all {
		if a.Type != "AWS::CloudWatch::CompositeAlarm" {
			continue
		}
		n++
		assert.Regexp(t, `^ALARM\("\w+"\)( AND NOT ALARM\("\w+"\))+$`, a.AlarmRule)
		assert.Nil(t, a.OKActions, "%s ends, too, when a cause gets its own alarm", a.ID)
		_, off := a.parts()
		for _, id := range off {
			i := slices.IndexFunc(all, func(other alarm) bool { return other.ID == id })
			require.GreaterOrEqual(t, i, 0, "%s: %s is no alarm", a.ID, id)
			for _, m := range all[i].read() {
				assert.NotRegexp(t, `DLQ$`, m.Dimensions[0].Value, "%s hides what comes after an unemptied %s", a.ID, m.Dimensions[0].Value)
			}
			if all[i].AlarmActions == nil { // its composite tells, unless one of these does
				owner := slices.IndexFunc(all, func(other alarm) bool { on, _ := other.parts(); return slices.Contains(on, id) })
				_, more := all[owner].parts()
				assert.Subset(t, off, more, "%s may be silent although %s sends no e-mail", a.ID, id)
			}
		}
	}
	assert.Equal(t, 2, n)
}

// published are the metrics of AWS's own that are used here, with the
// dimensions that AWS publishes them by.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-monitoring.html
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
// https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
var published = map[string]struct{ metrics, dimensions string }{
	"AWS/SQS":               {"ApproximateAgeOfOldestMessage ApproximateNumberOfMessagesVisible NumberOfEmptyReceives NumberOfMessagesReceived NumberOfMessagesSent", "QueueName"},
	"AWS/EventBridge/Pipes": {"EventCount ExecutionFailed ExecutionPartiallyFailed ExecutionThrottled ExecutionTimeout Invocations", "PipeName"},
	"AWS/Events":            {"FailedInvocations Invocations InvocationsFailedToBeSentToDlq", "RuleName"},
	"AWS/States":            {"ExecutionsAborted ExecutionsFailed ExecutionsStarted ExecutionsSucceeded ExecutionsTimedOut", "StateMachineArn"},
	"AWS/Lambda":            {"Duration Errors Throttles", "FunctionName"},
	"AWS/S3":                {"OperationsFailedReplication OperationsPendingReplication ReplicationLatency", "SourceBucket DestinationBucket RuleId"},
}

// exists says whether a metric is written by anyone.
func (m series) exists() bool {
	var names []string
	for _, d := range m.Dimensions {
		names = append(names, d.Name)
	}
	if m.Namespace == metric.Namespace {
		return slices.ContainsFunc(metric.All(), func(known metric.Definition) bool {
			return known.Name == m.MetricName && slices.Equal(known.Dimensions, names)
		})
	}
	aws := published[m.Namespace]
	return slices.Contains(strings.Fields(aws.metrics), m.MetricName) && slices.Equal(strings.Fields(aws.dimensions), names)
}

// owners are the types whose resources a dimension names.
var owners = map[string]string{
	"QueueName": "AWS::SQS::Queue", "PipeName": "AWS::Pipes::Pipe", "RuleName": "AWS::Events::Rule",
	"StateMachineArn": "AWS::Serverless::StateMachine", "FunctionName": "AWS::Serverless::Function",
}

func TestEveryAlarmReadsMetricsThatAreWrittenOfResourcesThatExist(t *testing.T) {
	s := resolved(t, "template.yaml", needed)
	for _, a := range alarms(t) {
		metrics := a.read()
		assert.Equal(t, a.Type == "AWS::CloudWatch::Alarm", len(metrics) > 0, a.ID)
		for _, m := range metrics {
			assert.True(t, m.exists(), "%s reads %+v, which nobody writes", a.ID, m)
			for _, d := range m.Dimensions {
				checkDimension(t, s, a.ID, d)
			}
		}
	}
}

func checkDimension(t *testing.T, s *template.Stack, of string, d dimension) {
	t.Helper()
	switch d.Name {
	case metric.Stage:
		assert.Equal(t, "dev", d.Value, of)
	case metric.Reason:
		assert.Contains(t, reason.Severity(), reason.Code(d.Value), of)
	default:
		i := slices.IndexFunc(s.Resources, func(r template.Resource) bool { return r.LogicalID == d.Value })
		require.GreaterOrEqual(t, i, 0, "%s: no resource %s", of, d.Value)
		assert.Equal(t, owners[d.Name], s.Resources[i].Type, of)
	}
}

// An alarm goes by stage, so that it rings about attached buckets, too, of which S3 has no
// metrics unless their owner has switched them on.
func TestNoAlarmNeedsAMetricOfS3OrGoesByBucket(t *testing.T) {
	for _, a := range alarms(t) {
		for _, m := range a.read() {
			assert.NotEqual(t, "AWS/S3", m.Namespace, a.ID)
			assert.False(t, slices.ContainsFunc(m.Dimensions, func(d dimension) bool { return d.Name == metric.Bucket }), a.ID)
		}
	}
}

func propertiesOf(t *testing.T, s *template.Stack, id string) map[string]any {
	t.Helper()
	i := slices.IndexFunc(s.Resources, func(r template.Resource) bool { return r.LogicalID == id })
	require.GreaterOrEqual(t, i, 0, id)
	return s.Resources[i].Properties
}

func TestEveryAlarmIsWhatCloudWatchTakes(t *testing.T) {
	n := func(of json.Number) int {
		v, err := strconv.Atoi(of.String())
		require.NoError(t, err, fmt.Sprint(of))
		return v
	}
	for _, a := range alarms(t) {
		if a.Type == "AWS::CloudWatch::CompositeAlarm" {
			continue
		}
		if a.ID != "HeartbeatStoppedAlarm" { // that data ends is what it tells
			assert.Equal(t, "notBreaching", a.TreatMissingData, a.ID)
		}
		period, returned := a.Period, 0
		for _, q := range a.Metrics {
			if q.ReturnData == nil || *q.ReturnData {
				returned++
				assert.NotContains(t, q.Expression, "SEARCH", a.ID)
				// Decision 18: of a metric without any value it may make nothing.
				for _, filled := range regexp.MustCompile(`FILL\((\w+)`).FindAllStringSubmatch(q.Expression, -1) {
					assert.Equal(t, "sent", filled[1], a.ID)
				}
				for _, zero := range regexp.MustCompile(`([^=>]*[\w)]) == 0`).FindAllStringSubmatch(q.Expression, -1) {
					assert.Contains(t, zero[1], "+ 0 * ", a.ID)
				}
				continue
			}
			period = q.MetricStat.Period
			assert.Regexp(t, `\b`+q.ID+`\b`, a.Metrics[0].Expression, a.ID)
		}
		assert.Equal(t, len(a.Metrics) > 0, returned == 1, a.ID)
		assert.LessOrEqual(t, n(a.DatapointsToAlarm), n(a.EvaluationPeriods), a.ID)
		// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
		limit := 86_400
		if n(period) >= 3600 {
			limit = 604_800
		}
		assert.LessOrEqual(t, n(period)*n(a.EvaluationPeriods), limit, a.ID)
	}
}
