package docs_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	command "autobackup/cmd/autobackup/audit"
	list "autobackup/cmd/autobackup/price"
	"autobackup/internal/audit"
	"autobackup/internal/metric"
	"autobackup/internal/scrub"
)

// Of the example on the page.
const (
	scrubDays  = 90
	everyDays  = 7
	untilDay   = 250
	oneDay     = 24 * time.Hour
	objectByte = 1e6
)

// turnsTable is what audits at equal distances read, where money is no matter.
func turnsTable() string {
	var b strings.Builder
	b.WriteString("| audit on day | slices that are due and read | oldest byte before it, in days | after it |\n|---:|---:|---:|---:|\n")
	start, turns := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC), scrub.Turns{}
	for day := 0; day <= untilDay; day += everyDays {
		now := start.Add(time.Duration(day) * oneDay)
		before, due := turns.Oldest(now), turns.Due(now, scrubDays)
		turns = turns.After(now, due, nil, 0)
		if slices.Contains([]int{0, 7, 14, 21, 77, 84, 91, 98, 175, 182}, day) {
			fmt.Fprintf(&b, "| %d | %d | %.0f | %.0f |\n", day, len(due), before.Hours()/24, turns.Oldest(now).Hours()/24)
		}
	}
	return b.String()
}

// inBucket is what is in a bucket, and in its replica.
type inBucket struct {
	what    string
	objects float64
	size    int64
	kms     bool
	class   string
}

func (of inBucket) once() float64 {
	return of.objects * list.Read(of.size, of.kms, of.class, of.class)
}

func moneyTable() string {
	var b strings.Builder
	days := []int{30, scrubDays, 365}
	b.WriteString("| what is on each side | once |")
	for _, d := range days {
		fmt.Fprintf(&b, " a month, with `ScrubDays=%d` |", d)
	}
	b.WriteString("\n|---|---:|" + strings.Repeat("---:|", len(days)) + "\n")
	for _, of := range []inBucket{
		{"a million objects of 1 MB", million, objectByte, false, ""},
		{"100 million objects of 1 MB", 100 * million, objectByte, false, ""},
		{"1 TB in objects of 1 GB", 1000, 1000 * objectByte, false, ""},
		{"1 PB in objects of 1 GB", million, 1000 * objectByte, false, ""},
		{"a million objects of 1 MB under AWS KMS without bucket keys", million, objectByte, true, ""},
		{"a million objects of 1 MB in STANDARD_IA or ONEZONE_IA", million, objectByte, false, "STANDARD_IA"},
		{"a million objects of 1 MB in GLACIER_IR", million, objectByte, false, "GLACIER_IR"},
	} {
		fmt.Fprintf(&b, "| %s | %s |", of.what, dollars(of.once()))
		for _, d := range days {
			fmt.Fprintf(&b, " %s |", dollars(of.once()/float64(d)*scrub.MonthDays))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestThePageOnScrubsHasTheTurnsAndThePricesOfTheCode(t *testing.T) {
	want := between(t, read(t, "scrub.md"), "turns", turnsTable())
	generated(t, "scrub.md", between(t, want, "money", moneyTable()))
}

// The two classes of a row of the table cost the same, and those without a charge as STANDARD.
func TestClassesThatThePageNamesTogetherCostTheSame(t *testing.T) {
	for name, other := range map[string]string{"ONEZONE_IA": "STANDARD_IA", "INTELLIGENT_TIERING": "", "REDUCED_REDUNDANCY": ""} {
		assert.InDelta(t, list.Read(objectByte, false, other, other), list.Read(objectByte, false, name, name), 0, name)
	}
}

// What the pages say in words and numbers is what templates and code have.
func TestThePagesOnScrubsSayTheNumbersOfTheTemplateAndTheCode(t *testing.T) {
	_, known := parameters(t, "../template.yaml")
	said := func(page string) string { return strings.Join(strings.Fields(read(t, page)), " ") }
	page := said("scrub.md")
	assert.Contains(t, page, fmt.Sprintf("for each bucket with all its replicas; %s by default", *known["ScrubDollarsPerMonth"].Default))
	assert.Equal(t, "0", *known["ScrubDays"].Default)
	assert.Empty(t, *known["ScrubClasses"].Default)
	for class := range strings.FieldsFuncSeq(known["ScrubClasses"].AllowedPattern, func(r rune) bool { return strings.ContainsRune("|(),*", r) }) {
		assert.Contains(t, page, class)
	}
	assert.Contains(t, page, fmt.Sprintf("every version is read once in %d days", scrubDays/everyDays*everyDays))
	assert.Contains(t, page, fmt.Sprintf("in one of %s slices", grouped(scrub.Slices)))
	rate, hours := figure(t, *known["AuditRate"].Default)/2, figure(t, *known["AuditHours"].Default)
	assert.Contains(t, page, fmt.Sprintf("%g objects a second on each side, so %.0f million objects in", rate, math.Floor(rate*hours*3600/million)))
	assert.Contains(t, page, fmt.Sprintf("by %.0f parts of 4 readings of 75 MB, 1.5 GB a second", 2*rate/command.LookRate))
	assert.Contains(t, page, grouped(scrub.MaxOpen)+" open versions")
	decision := said("decisions/0067-scrubs-are-a-part-of-audits.md")
	one := inBucket{objects: million, size: objectByte}
	assert.Contains(t, decision, fmt.Sprintf("%s for a million objects of 1 MB", dollars(one.once())))
	assert.Contains(t, decision, dollars(inBucket{objects: 1000, size: 1000 * objectByte}.once())+" for a TB of them")
	assert.Contains(t, decision, fmt.Sprintf("and %s for the listings", dollars(ofLevel(audit.Listed, million, false).Dollars)))
	d := ofDefaults(t)
	assert.Contains(t, decision, dollars(d.readings(t, million, 1).dollars)+" for the same by an execution for each")
	assert.Contains(t, decision, fmt.Sprintf("%s of it requests", dollars(2*getPrice)))
	costs := said("costs.md")
	assert.Contains(t, costs, fmt.Sprintf("With `ScrubDays`, two alarms, for %.2f a month. An audit writes %s metrics more", float64(len(ofScrubs(t, "full")))*alarmPrice, map[int]string{7: "seven"}[len(metric.OfScrub())]))
}

// The object scrub of report.json is told name by name.
func TestThePageOnScrubsNamesAllThatReportsHaveOfThem(t *testing.T) {
	_, table, found := strings.Cut(read(t, "scrub.md"), "\n## What the report says\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n## ")
	text, err := json.Marshal(audit.Scrub{Why: "said"})
	require.NoError(t, err)
	var names map[string]any
	require.NoError(t, json.Unmarshal(text, &names))
	for name := range names {
		assert.Contains(t, table, "`"+name+"`")
	}
}

// ofScrubs are the alarms that a form of the stack has for scrubs beside those of audits.
func ofScrubs(t *testing.T, form string) (all []alarm) {
	t.Helper()
	audits := ofAudits(t, form)
	with := beside(t, form, map[string]string{"AuditLevel": "rest", "AuditOverdueDays": "2", "AuditSchedule": "rate(1 day)", "ScrubDays": fmt.Sprint(scrubDays)})
	return slices.DeleteFunc(with, func(a alarm) bool {
		return slices.ContainsFunc(audits, func(b alarm) bool { return b.ID == a.ID })
	})
}

func TestScrubsHaveAnAlarmOfWhatDiffersAndOneOfWhatIsBehindInEachForm(t *testing.T) {
	for _, form := range []string{"full", "lean"} {
		of := map[string]string{}
		for _, a := range ofScrubs(t, form) {
			of[a.AlarmName] = a.MetricName
			assert.True(t, a.exists(), a.ID)
			assert.Equal(t, []string{"FailureTopic"}, a.AlarmActions, a.ID)
			assert.Equal(t, []any{"GreaterThanThreshold", "0", "1", "notBreaching", "Sum"}, []any{a.ComparisonOperator, a.Threshold.String(), a.DatapointsToAlarm.String(), a.TreatMissingData, a.Statistic}, a.ID)
			assert.InDelta(t, 3600, figure(t, a.Period.String())*figure(t, a.EvaluationPeriods.String()), 0, "%s ends an hour after the last one", a.ID)
		}
		assert.Equal(t, map[string]string{"autobackup-scrub-different-dev": metric.ScrubDifferent, "autobackup-scrub-behind-dev": metric.ScrubBehind}, of)
	}
}

// The least ScrubDays that the page names can be kept to.
func TestThreeTimesTheDaysBetweenAuditsCanBeKeptTo(t *testing.T) {
	const days = 3 * everyDays
	start, turns := time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC), scrub.Turns{}
	for day := 0; day <= untilDay; day += everyDays {
		now := start.Add(time.Duration(day) * oneDay)
		if day > days+2*everyDays {
			require.LessOrEqual(t, turns.Oldest(now), days*oneDay)
		}
		turns = turns.After(now, turns.Due(now, days), nil, 0)
	}
}
