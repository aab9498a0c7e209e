package alarms_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/cloudwatch/alarms"
	"autobackup/local/template"
)

func composite(rule string) template.Resource {
	return template.Resource{LogicalID: "C", Type: "AWS::CloudWatch::CompositeAlarm", Properties: map[string]any{"AlarmName": "c", "AlarmRule": rule, "AlarmDescription": "for people"}}
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
func TestACompositeAlarmIsInAlarmWhileItsRuleHolds(t *testing.T) {
	states := map[string]alarms.State{"rings": alarms.InAlarm, "quiet": alarms.OK, "unknown": alarms.InsufficientData}
	for rule, holds := range map[string]bool{
		`ALARM("rings")`: true, `ALARM("quiet")`: false, `ALARM("unknown")`: false,
		`OK("quiet")`: true, `OK("rings")`: false, `OK("unknown")`: false,
		`INSUFFICIENT_DATA("unknown")`: true, `INSUFFICIENT_DATA("quiet")`: false,
		`NOT ALARM("rings")`: false, `NOT ALARM("quiet")`: true, `NOT NOT ALARM("rings")`: true,
		`ALARM("rings") AND NOT ALARM("quiet")`: true, `ALARM("rings") AND ALARM("quiet")`: false,
		`ALARM("quiet") OR ALARM("rings")`: true, `ALARM("quiet") OR ALARM("unknown")`: false,
		`ALARM("rings") OR ALARM("rings") AND ALARM("quiet")`:   true, // AND first
		`(ALARM("rings") OR ALARM("rings")) AND ALARM("quiet")`: false,
		`NOT ALARM("rings") AND ALARM("quiet") OR OK("quiet")`:  true,
		`NOT (ALARM("rings") AND ALARM("quiet"))`:               true,
		`NOT ALARM("quiet") AND ALARM("quiet")`:                 false, // of the first alone
		"ALARM(\"rings\")\nAND NOT ALARM(\"unknown\")":          true,
	} {
		a, err := alarms.ParseCompositeAlarm(composite(rule))
		require.NoError(t, err, rule)
		got, err := a.State(states)
		require.NoError(t, err, rule)
		assert.Equal(t, map[bool]alarms.State{true: alarms.InAlarm, false: alarms.OK}[holds], got, rule)
	}
}

func TestARuleThatIsNotKnownIsRefused(t *testing.T) {
	for rule, want := range map[string]string{
		``:                          `there must be ALARM, OK, INSUFFICIENT_DATA, NOT or ( where "" stands`,
		`TRUE`:                      `there must be ALARM, OK, INSUFFICIENT_DATA, NOT or ( where "TRUE" stands`,
		`ALARM("a") AND`:            `there must be ALARM, OK, INSUFFICIENT_DATA, NOT or ( where "" stands`,
		`ALARM("a") ALARM("b")`:     "there must be AND or OR where ALARM stands",
		`(ALARM("a")`:               `there must be a ) where "" stands`,
		`(ALARM("a") AND)`:          `there must be ALARM, OK, INSUFFICIENT_DATA, NOT or ( where ")" stands`,
		`ALARM "a"`:                 `ALARM: there must be a ( where "\"a\"" stands`,
		`ALARM("a"`:                 `there must be a ) where "" stands`,
		`ALARM(a)`:                  `ALARM: there must be an alarm's name in quotes where "a" stands`,
		`ALARM("")`:                 `ALARM: there must be an alarm's name in quotes where "\"\"" stands`,
		`AT_LEAST(1, ALARM, ("a"))`: `there must be ALARM, OK, INSUFFICIENT_DATA, NOT or ( where "AT_LEAST" stands`,
	} {
		_, err := alarms.ParseCompositeAlarm(composite(rule))
		require.ErrorContains(t, err, "AlarmRule: "+rule+": "+want)
	}
	r := composite(`ALARM("a")`)
	r.Properties["ActionsSuppressor"] = "b"
	_, err := alarms.ParseCompositeAlarm(r)
	require.ErrorContains(t, err, "ActionsSuppressor: this property of AWS::CloudWatch::CompositeAlarm is not supported here")
}

func TestARuleAboutAnAlarmThatIsNotThereIsAnError(t *testing.T) {
	a, err := alarms.ParseCompositeAlarm(composite(`ALARM("a") OR NOT ALARM("b")`))
	require.NoError(t, err)
	_, err = a.State(map[string]alarms.State{"a": alarms.InAlarm})
	require.EqualError(t, err, "the rule of the composite alarm c names b, and no metric alarm has this name")
}
