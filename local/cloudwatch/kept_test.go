package cloudwatch_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/cloudwatch"
	"autobackup/local/cloudwatch/alarms"
	"autobackup/local/gate"
	"autobackup/local/store"
	"autobackup/local/template"
)

// lives are services with the same alarms, one after the other, that keep what they come to in one
// store.
type lives struct {
	*cloudwatch.Service
	t         *testing.T
	store     *store.Store
	now       time.Time
	resources []template.Resource
}

func keeping(t *testing.T, resources ...template.Resource) *lives {
	t.Helper()
	kept, err := store.Open(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, kept.Broken()); require.NoError(t, kept.Close()) })
	l := &lives{t: t, store: kept, resources: resources, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	l.killed()
	return l
}

// killed goes on with another service. The one before is not told: it might as well be killed.
func (l *lives) killed() {
	l.t.Helper()
	l.Service = &cloudwatch.Service{Account: account, Now: func() time.Time { return l.now }}
	create(l.t, l.Service, l.resources...)
	require.NoError(l.t, l.Load(l.store))
}

var failures = alarms.NewMetric("N", "Failed", map[string]string{"Stage": "dev"})

func (l *lives) fails(value float64) {
	l.Put(at.Region, account, failures, alarms.Datapoint{At: l.now, Value: value})
}

// minutes are those of which there are records of values.
func (l *lives) minutes() (all []string) {
	l.t.Helper()
	require.NoError(l.t, store.Each(l.store, "cloudwatch data", func(key string, _ []float64) error {
		all = append(all, key[strings.LastIndex(key, "\x00")+1:])
		return nil
	}))
	return all
}

func TestAlarmsAndTheirDatapointsGoOnAfterEachKill(t *testing.T) {
	live := func(kills bool) (changes []cloudwatch.Change, told []mail) {
		l := keeping(t, alarm("a", map[string]any{"Period": 300, "Threshold": 14, "AlarmActions": []any{"t"}}), both(`ALARM("a")`))
		for minute := range 20 {
			if kills {
				l.killed()
			}
			mails, _ := telling(l.Service, new(error))
			if minute < 10 {
				l.fails(1)
				l.fails(2)
			}
			if l.now = l.now.Add(time.Minute); minute%3 == 2 { // nobody asks each minute
				changes = append(changes, evaluate(t, l.Service)...)
			}
			told = append(told, *mails...)
		}
		return changes, told
	}
	changes, told := live(false)
	require.Contains(t, changes, cloudwatch.Change{At: time.Date(2026, 3, 1, 12, 5, 0, 0, time.UTC), Name: "both", State: "ALARM"}, "five times three make the sum")
	killed, toldOfKilled := live(true)
	assert.Equal(t, changes, killed)
	assert.Equal(t, told, toldOfKilled)
}

func TestAnAlarmThatCouldNotTellBeforeAKillTellsAfterIt(t *testing.T) {
	l := keeping(t, alarm("a", map[string]any{"AlarmActions": []any{"t"}}))
	l.fails(3)
	l.now = l.now.Add(time.Minute)
	l.Publish = func(gate.Caller, string, string, string) error { panic("killed") }
	assert.Panics(t, func() { _, _ = l.Evaluate(at.Region, account) })
	l.killed()
	told, _ := telling(l.Service, new(error))
	assert.Equal(t, []cloudwatch.Change{{At: l.now, Name: "a", State: "ALARM"}}, evaluate(t, l.Service))
	assert.Len(t, *told, 1)
}

func TestAnAlarmThatLeftTheTemplateIsForgottenAndANewOneBegins(t *testing.T) {
	l := keeping(t, alarm("a", nil), alarm("b", nil))
	l.fails(3)
	l.now = l.now.Add(time.Minute)
	evaluate(t, l.Service)
	states := func() map[string]string {
		all := map[string]string{}
		for _, a := range l.Alarms(at.Region, account) {
			all[a.Name] = a.State
		}
		return all
	}
	l.resources = []template.Resource{alarm("b", nil), alarm("c", nil)}
	l.killed()
	assert.Equal(t, map[string]string{"b": "ALARM", "c": "INSUFFICIENT_DATA"}, states())
	require.NoError(t, l.Set(at.ARN("cloudwatch", "alarm:c"), func(a *cloudwatch.Alarm) { a.State = "ALARM" }))
	l.killed()
	assert.Equal(t, map[string]string{"b": "ALARM", "c": "ALARM"}, states())
}

func TestDatapointsAreKeptAsLongAsCloudWatchHasThoseOfAMinute(t *testing.T) {
	l := keeping(t, alarm("a", nil))
	day := 24 * time.Hour
	for range 20 {
		l.fails(1)
		l.fails(1)
		l.now = l.now.Add(day)
	}
	assert.Len(t, l.minutes(), 16)
	assert.Equal(t, "20260305T1200", l.minutes()[0])
	l.killed()
	l.now = l.now.Add(14 * day) // 15 after the last
	l.fails(1)
	assert.Equal(t, []string{"20260320T1200", "20260404T1200"}, l.minutes())
}

func TestWhatComesAgainAfterAKillTakesThePlaceOfWhatIsThere(t *testing.T) {
	l := keeping(t, alarm("a", nil))
	told := cloudwatch.Measured{Region: at.Region, Account: account, Of: failures, Datapoint: alarms.Datapoint{At: l.now, Value: 2}}
	l.Replace(told)
	l.killed()
	l.Replace(told)
	l.now = l.now.Add(time.Minute)
	assert.Equal(t, "OK", evaluate(t, l.Service)[0].State, "it has not failed four times")
}
