package cloudwatch_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/cloudwatch"
	"autobackup/local/template"
)

const account = "123456789012"

var at = template.Target{Stack: "s", Region: "eu-central-1", Account: account}

func alarm(name string, changed map[string]any) template.Resource {
	p := map[string]any{
		"AlarmName": name, "Namespace": "N", "MetricName": "Failed", "Dimensions": []any{map[string]any{"Name": "Stage", "Value": "dev"}}, "Statistic": "Sum",
		"Period": 60, "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 2, "TreatMissingData": "notBreaching",
	}
	for key, value := range changed {
		p[key] = value
	}
	return template.Resource{LogicalID: "A" + name, Type: "AWS::CloudWatch::Alarm", Properties: p}
}

func both(rule string) template.Resource {
	return template.Resource{LogicalID: "C", Type: "AWS::CloudWatch::CompositeAlarm", Properties: map[string]any{"AlarmName": "both", "AlarmRule": rule}}
}

// service is one with alarms at noon, whose clock the test moves.
func service(t *testing.T, resources ...template.Resource) (*cloudwatch.Service, *time.Time) {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := &cloudwatch.Service{Account: account, Now: func() time.Time { return now }}
	create(t, s, resources...)
	return s, &now
}

func create(t *testing.T, s *cloudwatch.Service, resources ...template.Resource) {
	t.Helper()
	for _, r := range resources {
		reference, attributes, err := s.Types().Create(at, r)
		require.NoError(t, err)
		assert.Equal(t, r.Text("AlarmName"), reference, "Ref is the name, which rules are about")
		assert.Equal(t, at.ARN("cloudwatch", "alarm:"+reference), attributes["Arn"])
	}
}

func evaluate(t *testing.T, s *cloudwatch.Service) []cloudwatch.Change {
	t.Helper()
	changes, err := s.Evaluate(at.Region, account)
	require.NoError(t, err)
	return changes
}

func line(t *testing.T, s *cloudwatch.Service, region string, text string) {
	t.Helper()
	require.NoError(t, s.PutEmbedded(region, account, []byte(text)))
}

// at 12:01:30
const failed = `{"_aws":{"Timestamp":1772366490000,"CloudWatchMetrics":[{"Namespace":"N","Dimensions":[["Stage"],["Stage","Reason"]],"Metrics":[{"Name":"Failed","Unit":"Count"}]}]},"Stage":"dev","Reason":"R","Failed":`

func TestAlarmsCatchUpMinuteByMinuteWhenTheyAreAskedFor(t *testing.T) {
	s, now := service(t, alarm("a", nil), both(`ALARM("a")`))
	noon := *now
	*now = noon.Add(30 * time.Second)
	assert.Empty(t, evaluate(t, s), "no minute is over")
	*now = noon.Add(time.Hour + time.Second)
	line(t, s, at.Region, failed+`3}`+"\n")
	got := evaluate(t, s)
	minute := func(n int) time.Time { return noon.Add(time.Minute * time.Duration(n)) }
	assert.Equal(t, []cloudwatch.Change{
		{At: minute(1), Name: "a", State: "OK"}, {At: minute(1), Name: "both", State: "OK"},
		{At: minute(2), Name: "a", State: "ALARM"}, {At: minute(2), Name: "both", State: "ALARM"},
		{At: minute(5), Name: "a", State: "OK"}, {At: minute(5), Name: "both", State: "OK"}, // one period and two that are looked back for
	}, got)
	assert.Empty(t, evaluate(t, s), "nothing is new")
}

func TestAnAlarmSeesTheMetricsOfItsRegionsAccountAlone(t *testing.T) {
	s, now := service(t, alarm("a", nil))
	line(t, s, "eu-west-1", failed+`3}`)
	require.NoError(t, s.PutEmbedded(at.Region, "210987654321", []byte(failed+`3}`)))
	*now = now.Add(2 * time.Minute)
	assert.Equal(t, "OK", evaluate(t, s)[0].State)
	assert.Equal(t, "OK", s.Alarms(at.Region, account)[0].State)
}

func TestAMetricOfALineHasEachOfItsValuesByEachOfItsDimensions(t *testing.T) {
	byReason := []any{map[string]any{"Name": "Stage", "Value": "dev"}, map[string]any{"Name": "Reason", "Value": "R"}}
	s, now := service(t, alarm("sum", map[string]any{"Threshold": 4}), alarm("more", map[string]any{"Threshold": 5}),
		alarm("reason", map[string]any{"Threshold": 4, "Dimensions": byReason}), alarm("most", map[string]any{"Threshold": 2, "Statistic": "Maximum"}))
	line(t, s, at.Region, failed+`[2,3]}`)
	*now = now.Add(2 * time.Minute)
	evaluate(t, s)
	got := map[string]string{}
	for _, a := range s.Alarms(at.Region, account) {
		got[a.Name] = a.State
	}
	assert.Equal(t, map[string]string{"sum": "ALARM", "more": "OK", "reason": "ALARM", "most": "ALARM"}, got)
}

// Where evidence is kept, a round's lines are written with one call.
func TestLinesThatAreWrittenAtOnceCountEach(t *testing.T) {
	s, now := service(t, alarm("a", map[string]any{"Threshold": 4}))
	line(t, s, at.Region, failed+"3}\n"+failed+"2}\n")
	*now = now.Add(2 * time.Minute)
	evaluate(t, s)
	assert.Equal(t, "ALARM", s.Alarms(at.Region, account)[0].State)
}

func TestALineThatIsNoneIsAnError(t *testing.T) {
	s, _ := service(t)
	for text, want := range map[string]string{
		"no JSON":       "read a line of metrics",
		failed + `"3"}`: "read the metric Failed",
		`{"_aws":{"CloudWatchMetrics":[{"Dimensions":[["Stage"]],"Metrics":[{"Name":"M"}]}]},"M":1}`: "read the dimension Stage of M",
	} {
		require.ErrorContains(t, s.PutEmbedded(at.Region, account, []byte(text)), want)
	}
}

func TestAnAlarmThatCanNotBeEvaluatedIsNotMade(t *testing.T) {
	s, _ := service(t)
	_, _, err := s.Types().Create(at, alarm("a", map[string]any{"Statistic": "p99"}))
	require.ErrorContains(t, err, `Statistic: "p99" is not known here`)
	_, _, err = s.Types().Create(at, both("TRUE"))
	require.ErrorContains(t, err, `where "TRUE" stands`)
	assert.Empty(t, s.Alarms(at.Region, account))
}

func TestARuleAboutAnAlarmOfNobodyIsAnErrorWhenItIsEvaluated(t *testing.T) {
	s, now := service(t, both(`ALARM("a")`))
	*now = now.Add(time.Minute)
	_, err := s.Evaluate(at.Region, account)
	require.ErrorContains(t, err, "names a, and no metric alarm has this name")

	s, now = service(t, alarm("a", nil), both(`ALARM("a")`))
	_, _, err = s.Types().Create(at, template.Resource{LogicalID: "D", Type: "AWS::CloudWatch::CompositeAlarm", Properties: map[string]any{"AlarmName": "of both", "AlarmRule": `ALARM("both")`}})
	require.NoError(t, err)
	*now = now.Add(time.Minute)
	_, err = s.Evaluate(at.Region, account)
	require.ErrorContains(t, err, "names both, and no metric alarm has this name", "composite alarms of composite ones are not known here")
}

func TestAnAlarmIsEvaluatedFromWhenItIsMade(t *testing.T) {
	s, now := service(t, alarm("a", nil))
	noon := *now
	*now = noon.Add(10 * time.Minute)
	_, _, err := s.Types().Create(at, alarm("b", nil))
	require.NoError(t, err)
	*now = noon.Add(20 * time.Minute)
	assert.Equal(t, []cloudwatch.Change{{At: noon.Add(time.Minute), Name: "a", State: "OK"}, {At: noon.Add(11 * time.Minute), Name: "b", State: "OK"}}, evaluate(t, s))
}

func TestAnAlarmThatChangesStaysInItsStateAndADeletedOneIsGone(t *testing.T) {
	s, now := service(t, alarm("a", nil), alarm("b", nil))
	*now = now.Add(2 * time.Minute)
	line(t, s, at.Region, failed+`3}`)
	evaluate(t, s)
	was := template.Made{Resource: alarm("a", nil), Reference: "a", Attributes: map[string]string{"Arn": at.ARN("cloudwatch", "alarm:a")}}
	_, _, err := s.Types().Update(at, was, alarm("a", map[string]any{"Threshold": 4}))
	require.NoError(t, err)
	require.Len(t, s.Alarms(at.Region, account), 2)
	assert.Equal(t, "ALARM", s.Alarms(at.Region, account)[0].State)
	*now = now.Add(time.Minute)
	evaluate(t, s)
	assert.Equal(t, "OK", s.Alarms(at.Region, account)[0].State, "by its new threshold")
	require.NoError(t, s.Types().Delete(at, was))
	require.Len(t, s.Alarms(at.Region, account), 1)
	assert.Equal(t, "b", s.Alarms(at.Region, account)[0].Name)
}
