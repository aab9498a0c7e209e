package overview_test

import (
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/doctor"
	"autobackup/internal/overview"
	"autobackup/local/testing/page"
)

var update = flag.Bool("update", false, "write the sample of docs/console.md anew")

var noon = time.Date(2026, 11, 28, 12, 3, 0, 0, time.UTC)

func count(name string, values ...float64) overview.Count {
	c := overview.Count{Name: name}
	for i, v := range values { // the last is of now, each other four hours before the next
		c.Points = append(c.Points, overview.Point{At: noon.Truncate(overview.Step).Add(-4 * time.Hour * time.Duration(len(values)-1-i)), Value: v})
	}
	return c
}

func figures() overview.Figures {
	queue := func(kind string, waiting int, oldest float64) overview.Queue {
		return overview.Queue{Name: "autobackup-" + kind + "-prod", Waiting: waiting, Oldest: oldest, Aged: waiting > 0}
	}
	return overview.Figures{
		At:     noon,
		Counts: []overview.Count{count("Verified", 1800, 40), count("Lagging", 3), count("Failed", 1, 0), count("Skipped")},
		Queues: []overview.Queue{queue("validation-queue", 12, 95), queue("validation-dlq", 1, 4*3600), queue("failure-queue", 0, 0), queue("failure-dlq", 0, 0), queue("event-dlq", 0, 0)},
		Audit:  &overview.Audit{Day: noon.Truncate(24 * time.Hour), Versions: 41207338, Findings: 2},
		Scrub:  &overview.Scrub{Day: noon.Truncate(24 * time.Hour), Within: 99.94, Oldest: 88},
	}
}

func healthy() doctor.Report {
	r := doctor.Report{Version: 1, Stage: "prod", Primary: doctor.Side{Account: "111122223333", Region: "eu-central-1"}, Replicas: []doctor.Side{{Account: "111122223333", Region: "eu-west-1"}}, Buckets: 3}
	for _, area := range []string{"stacks", "functions", "pipe", "heartbeats", "alarms", "buckets"} {
		r.Findings = append(r.Findings, doctor.Finding{Level: doctor.OK, Area: area, Subject: area, Text: "fine"})
	}
	return r.With()
}

func parked() doctor.Report {
	return healthy().With(doctor.Finding{Level: doctor.Fail, Area: "queues", Subject: "autobackup-validation-dlq-prod", Text: "1 message parked, and waiting for a decision (docs/operations.md#when-an-e-mail-arrives)",
		Mend: []string{"aws sqs start-message-move-task --source-arn arn:aws:sqs:eu-central-1:111122223333:autobackup-validation-dlq-prod --destination-arn arn:aws:sqs:eu-central-1:111122223333:autobackup-validation-queue-prod --region eu-central-1"}})
}

func TestTheSampleOfThePageIsWhatTheScreenShows(t *testing.T) {
	page.Block(t, "../../docs/console.md", "sample", "./internal/overview", "```\n$ autobackup status --stage prod\n"+overview.Join(parked(), figures()).Screen(false)+"```\n", *update)
}

func TestWhatCouldNotBeReadIsUnknownAndNeverFine(t *testing.T) {
	denied := &doctor.Unread{Why: "Call answered 403 AccessDenied", Grant: "service:Action"}
	for name, c := range map[string]struct {
		with  func(*overview.Figures)
		shown []string
	}{
		"metrics": {func(f *overview.Figures) {
			f.Unread, f.Audit, f.Scrub = denied, nil, nil
			for i := range f.Counts {
				f.Counts[i].Points = nil
			}
		}, []string{" verified               ?              ?", "audit ?", "scrub ?", "?     figures  what was verified, how old messages are, and what audits told: Call answered 403 AccessDenied (grant service:Action)\n      mend     autobackup policy status --stage prod --region eu-central-1 --account 111122223333"}},
		"a queue": {func(f *overview.Figures) { f.Queues[2].Unread = denied }, []string{
			" autobackup-failure-queue-prod                 ?         ?   no data", "?     autobackup-failure-queue-prod  how many messages it holds, and for how long: Call answered 403"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := figures()
			c.with(&f)
			r := overview.Join(healthy(), f)
			for _, want := range c.shown {
				assert.Contains(t, r.Screen(false), want)
			}
			assert.Equal(t, 1, r.Doctor.Unknown)
			assert.Equal(t, 1, r.Doctor.Exit)
			assert.True(t, strings.HasSuffix(r.Screen(false), "0 failed, 0 warnings, 1 unknown   exit 1\n"), r.Screen(false))
		})
	}
}

func TestNoDataIsNotZero(t *testing.T) {
	screen := overview.Join(healthy(), figures()).Screen(false)
	assert.Contains(t, screen, " verified              40          1,840\n")
	assert.Contains(t, screen, " failed                 0              1\n")
	assert.Contains(t, screen, " skipped          no data        no data\n")
	f := figures()
	f.Queues[0].Aged = false
	assert.Contains(t, overview.Join(healthy(), f).Screen(false), " autobackup-validation-queue-prod             12         0   no data\n")
	f.Audit, f.Scrub = nil, nil
	assert.Contains(t, overview.Join(healthy(), f).Screen(false), "audit none has told anything in 90 days\nscrub none has told anything in 90 days\n")
}

func TestAQueueThatIsGoneIsToldSoAndEmptyOnesAreFolded(t *testing.T) {
	f := figures()
	f.Queues[3].Gone = true
	screen := overview.Join(healthy(), f).Screen(false)
	assert.Contains(t, screen, " autobackup-failure-dlq-prod            it is gone\n")
	assert.Contains(t, screen, " empty: autobackup-failure-queue-prod, autobackup-event-dlq-prod\n")
	assert.Contains(t, overview.Join(healthy(), f).Screen(true), " autobackup-event-dlq-prod                     0         0          \n")
}

func TestASpanIsInItsLargestUnits(t *testing.T) {
	for seconds, want := range map[int]string{0: "0s", 59: "59s", 60: "1m", 3599: "59m", 3600: "1h", 47 * 3600: "47h", 48 * 3600: "2d", 14 * 24 * 3600: "14d"} {
		assert.Equal(t, want, overview.Span(time.Duration(seconds)*time.Second))
	}
}

// The page documents each member of the JSON.
func TestThePageHasEachMemberOfTheReport(t *testing.T) {
	content, err := os.ReadFile("../../docs/console.md")
	require.NoError(t, err)
	for _, of := range []reflect.Type{reflect.TypeFor[overview.Report](), reflect.TypeFor[overview.Figures](), reflect.TypeFor[overview.Count](), reflect.TypeFor[overview.Point](), reflect.TypeFor[overview.Queue](), reflect.TypeFor[overview.Audit](), reflect.TypeFor[overview.Scrub]()} {
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			assert.Contains(t, string(content), "`"+name+"`", of.Name())
		}
	}
	_, err = json.Marshal(overview.Join(healthy(), figures()))
	require.NoError(t, err)
}
