package events_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/events"
	"autobackup/local/gate"
)

const functionARN = "arn:aws:lambda:eu-west-1:111122223333:function:doctor"

func everyDay(name string, disabled bool) events.Rule {
	return events.Rule{ARN: "arn:aws:events:eu-west-1:111122223333:rule/" + name, Schedule: "rate(1 day)", Disabled: disabled, Targets: []events.Target{{ARN: functionARN}}}
}

func TestWhenTheTimeComesAFunctionGetsTheEventThatEventBridgeMakes(t *testing.T) {
	s := events.NewService(nil)
	s.NewID, s.Now = func() string { return "id" }, func() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 0, time.FixedZone("", 3600)) }
	require.NoError(t, s.Bus("eu-west-1").AddRule(everyDay("doctor", false)))
	require.NoError(t, s.Bus("eu-west-1").AddRule(everyDay("off", true)))
	assert.EqualError(t, s.Fire("eu-west-1", "doctor"), "fire doctor: no functions are there to be invoked")
	var got []string
	s.Invoke = func(_ gate.Caller, region, function string, event []byte) error {
		got = append(got, region, function, string(event))
		return nil
	}
	require.NoError(t, s.Fire("eu-west-1", "doctor"))
	require.NoError(t, s.Fire("eu-west-1", "off"))
	require.Len(t, got, 3)
	assert.Equal(t, []string{"eu-west-1", functionARN}, got[:2])
	var event map[string]any
	require.NoError(t, json.Unmarshal([]byte(got[2]), &event))
	assert.Equal(t, map[string]any{
		"version": "0", "id": "id", "detail-type": "Scheduled Event", "source": "aws.events", "account": "111122223333", "time": "2026-03-02T07:00:00Z",
		"region": "eu-west-1", "resources": []any{"arn:aws:events:eu-west-1:111122223333:rule/doctor"}, "detail": map[string]any{},
	}, event)
	assert.ErrorContains(t, s.Fire("eu-west-1", "other"), "there is no rule other with a schedule in eu-west-1")
	assert.NoError(t, s.Bus("eu-west-1").Put([]byte(`{"source":"aws.events"}`)), "a schedule matches no event")
}

func TestASchedulesRuleIsWhatEventBridgeTakes(t *testing.T) {
	for schedule, taken := range map[string]bool{
		"rate(1 day)": true, "rate(12 hours)": true, "rate(1 minute)": true, "cron(0 7 * * ? *)": true, "cron(0/15 8-17 ? * MON-FRI *)": true, "cron(0 8 1W,L * ? 2026)": true,
		"rate(1 days)": false, "rate(2 day)": false, "rate(0 days)": false, "rate(1 week)": false, "cron(0 7 * *)": false, "at(2026-01-01T00:00:00)": false, "daily": false, "rate(1 day) ": false,
	} {
		bus, _ := newBus(t)
		err := bus.AddRule(events.Rule{ARN: ruleARN, Schedule: schedule, Targets: []events.Target{{ARN: functionARN}}})
		if taken {
			assert.NoError(t, err, schedule)
			continue
		}
		assert.ErrorContains(t, err, "is no schedule; write it as rate(1 day) or cron(0 7 * * ? *)", schedule)
	}
	bus, _ := newBus(t)
	both := everyDay("both", false)
	both.Pattern = []byte(s3Pattern)
	assert.ErrorContains(t, bus.AddRule(both), "make two rules")
}
