package cloudwatch_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/cloudwatch"
	"autobackup/local/gate"
)

// mail is what an alarm told a topic.
type mail struct{ topic, subject, message string }

// telling has alarms tell, and refuses it where err says so.
func telling(s *cloudwatch.Service, err *error) (told *[]mail, failed *[]error) {
	told, failed = &[]mail{}, &[]error{}
	s.Publish = func(_ gate.Caller, topicARN, subject, message string) error {
		if *err == nil {
			*told = append(*told, mail{topicARN, subject, message})
		}
		return *err
	}
	s.Failed = func(err error) { *failed = append(*failed, err) }
	return told, failed
}

// goes has an alarm, which has these actions, ring and be quiet again.
func goes(t *testing.T, changed map[string]any, refused error) (subjects []string, mails []mail, failed []error) {
	t.Helper()
	s, now := service(t, alarm("a", changed))
	told, errs := telling(s, &refused)
	*now = now.Add(time.Minute)
	evaluate(t, s)
	line(t, s, at.Region, failedLine)
	*now = now.Add(time.Minute)
	evaluate(t, s)
	*now = now.Add(10 * time.Minute)
	evaluate(t, s)
	for _, m := range *told {
		subjects = append(subjects, m.topic+" "+m.subject)
	}
	return subjects, *told, *errs
}

const failedLine = failed + `3}`

func TestAnAlarmTellsTheTopicsOfTheStateThatItGoesInto(t *testing.T) {
	for _, c := range []struct {
		name    string
		changed map[string]any
		want    []string
	}{
		{"nobody", nil, nil},
		{"of ALARM", map[string]any{"AlarmActions": []any{"t"}}, []string{`t ALARM: "a" in eu-central-1`}},
		{"two topics", map[string]any{"AlarmActions": []any{"t", "u"}}, []string{`t ALARM: "a" in eu-central-1`, `u ALARM: "a" in eu-central-1`}},
		{"of OK, as soon as it is known", map[string]any{"OKActions": []any{"t"}}, []string{`t OK: "a" in eu-central-1`, `t OK: "a" in eu-central-1`}},
		{"of no data", map[string]any{"InsufficientDataActions": []any{"t"}, "TreatMissingData": "missing"}, []string{`t INSUFFICIENT_DATA: "a" in eu-central-1`}},
		{"actions are disabled", map[string]any{"AlarmActions": []any{"t"}, "ActionsEnabled": false}, nil},
	} {
		subjects, _, failed := goes(t, c.changed, nil)
		assert.Equal(t, c.want, subjects, c.name)
		assert.Empty(t, failed, c.name)
	}
}

func TestTheMessageOfAnAlarmSaysWhatItIsAboutAndSince(t *testing.T) {
	_, mails, _ := goes(t, map[string]any{"AlarmActions": []any{"t"}, "AlarmDescription": "It broke. Runbook: here"}, nil)
	require.Len(t, mails, 1)
	assert.Equal(t, `You are receiving this email because your Amazon CloudWatch Alarm "a" in the eu-central-1 region has entered the ALARM state at "Sunday 01 March, 2026 12:02:00 UTC".

Alarm Details:
- Name:                       a
- Description:                It broke. Runbook: here
- State Change:               OK -> ALARM
- Timestamp:                  Sunday 01 March, 2026 12:02:00 UTC
- AWS Account:                123456789012
- Alarm Arn:                  arn:aws:cloudwatch:eu-central-1:123456789012:alarm:a
`, mails[0].message)
}

func TestWhatAnAlarmCanNotTellIsSaidAndNotTriedAgain(t *testing.T) {
	_, _, failed := goes(t, map[string]any{"AlarmActions": []any{"t"}}, errors.New("denied"))
	require.Len(t, failed, 1)
	assert.EqualError(t, failed[0], "alarm a: tell t of ALARM: denied")
}

func TestServicesWriteTheirDatapointsBeforeAlarmsAreEvaluated(t *testing.T) {
	s, now := service(t, alarm("a", nil))
	s.Gather = func() { line(t, s, at.Region, failedLine) }
	*now = now.Add(2 * time.Minute)
	evaluate(t, s)
	assert.Equal(t, "ALARM", s.Alarms(at.Region, account)[0].State)
}
