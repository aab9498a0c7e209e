package events_test

import (
	"encoding/json"
	"slices"
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
		"rate(1 days)": false, "rate(2 day)": false, "rate(0 days)": false, "rate(1 week)": false, "cron(0 7 * *)": false, "at(2026-01-01T00:00:00)": false, "daily": false, "rate(1 day) ": false, "cron(70 7 * * ? *)": false, "rate(99999999999999999999 days)": false, "rate(40000 days)": false,
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

func TestASchedulesTimesAreThoseOfEventBridge(t *testing.T) {
	sunday := time.Date(2026, 3, 1, 7, 59, 30, 0, time.FixedZone("", 3600)) // 06:59:30 UTC
	for schedule, want := range map[string][]string{
		"rate(1 minute)":               {"2026 Sun 1 Mar 07:00:30", "2026 Sun 1 Mar 07:01:30", "2026 Sun 1 Mar 07:02:30"},
		"rate(10 minutes)":             {"2026 Sun 1 Mar 07:09:30", "2026 Sun 1 Mar 07:19:30", "2026 Sun 1 Mar 07:29:30"},
		"rate(2 hours)":                {"2026 Sun 1 Mar 08:59:30", "2026 Sun 1 Mar 10:59:30", "2026 Sun 1 Mar 12:59:30"},
		"rate(80 days)":                {"2026 Wed 20 May 06:59:30", "2026 Sat 8 Aug 06:59:30", "2026 Tue 27 Oct 06:59:30"},
		"cron(0 7 * * ? *)":            {"2026 Sun 1 Mar 07:00:00", "2026 Mon 2 Mar 07:00:00", "2026 Tue 3 Mar 07:00:00"},
		"cron(15 * * * ? *)":           {"2026 Sun 1 Mar 07:15:00", "2026 Sun 1 Mar 08:15:00", "2026 Sun 1 Mar 09:15:00"},
		"cron(0/30 8-9 ? * MON-FRI *)": {"2026 Mon 2 Mar 08:00:00", "2026 Mon 2 Mar 08:30:00", "2026 Mon 2 Mar 09:00:00"},
		"cron(0 8 ? * 2,4-5 *)":        {"2026 Mon 2 Mar 08:00:00", "2026 Wed 4 Mar 08:00:00", "2026 Thu 5 Mar 08:00:00"},
		"cron(0 8 ? * 3#2 *)":          {"2026 Tue 10 Mar 08:00:00", "2026 Tue 14 Apr 08:00:00", "2026 Tue 12 May 08:00:00"},
		"cron(0 8 ? * 6L *)":           {"2026 Fri 27 Mar 08:00:00", "2026 Fri 24 Apr 08:00:00", "2026 Fri 29 May 08:00:00"},
		"cron(0 8 ? * L *)":            {"2026 Sat 7 Mar 08:00:00", "2026 Sat 14 Mar 08:00:00", "2026 Sat 21 Mar 08:00:00"},
		"cron(0 8 1W * ? 2026-2027)":   {"2026 Mon 2 Mar 08:00:00", "2026 Wed 1 Apr 08:00:00", "2026 Fri 1 May 08:00:00"},
		"cron(0 8 31 12 ? 2027)":       {"2027 Fri 31 Dec 08:00:00"},
		"cron(0 8 * * ? 2025)":         nil,
	} {
		next, err := events.ParseTimes(schedule)
		require.NoError(t, err, schedule)
		var times []string
		for at := next(sunday, sunday); len(times) < 3 && !at.IsZero(); at = next(sunday, at) {
			times = append(times, at.UTC().Format("2006 Mon 2 Jan 15:04:05"))
		}
		assert.Equal(t, want, times, schedule)
	}
}

func TestWhatIsDueOfSchedulesIsToldOnceForTheTimesThatWereSleptThrough(t *testing.T) {
	s := events.NewService(nil)
	require.NoError(t, s.Bus("eu-west-1").AddRule(events.Rule{ARN: ruleARN, Pattern: []byte(s3Pattern)}))
	for schedule, name := range map[string]string{"cron(0 8 * * ? 2025)": "over", "rate(30 days)": "monthly", "rate(10 minutes)": "often"} {
		rule := everyDay(name, false)
		rule.Schedule = schedule
		require.NoError(t, s.Bus("eu-west-1").AddRule(rule))
	}
	require.NoError(t, s.Bus("eu-north-1").AddRule(everyDay("daily", false)))
	began := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	due := func(after, until time.Duration) (names []string) {
		for _, d := range s.Due(began, began.Add(after), began.Add(until)) {
			names = append(names, d.Region+" "+d.Name)
		}
		slices.Sort(names)
		return names
	}
	assert.Empty(t, due(0, 10*time.Minute-1))
	assert.Equal(t, []string{"eu-west-1 often"}, due(0, 10*time.Minute))
	assert.Equal(t, []string{"eu-west-1 often"}, due(0, 9*time.Hour))
	assert.Empty(t, due(10*time.Minute, 20*time.Minute-1), "that one has come")
	assert.Equal(t, []string{"eu-north-1 daily", "eu-west-1 monthly", "eu-west-1 often"}, due(0, 30*24*time.Hour))
}
