package retry

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a page with its file in testdata.
func golden(t *testing.T, name, page string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(file, []byte(page), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run go test ./cmd/autobackup/retry -update")
	assert.Equal(t, string(want), page)
}

const machineARN = "arn:aws:states:eu-central-1:123456789012:execution:autobackup-validation-dev:"

// found is a report that has a row of each kind.
func found() *Report {
	ended := time.Date(2026, 3, 1, 12, 4, 5, 0, time.UTC)
	return &Report{
		Command: "retry", Stage: "dev", Region: "eu-central-1", To: "autobackup-validation-queue-dev", Max: 1000,
		Executions: []*Execution{
			{ARN: machineARN + "6f1c", Status: "FAILED", Ended: ended, Messages: 25, Unsettled: 7, Before: 2, Pending: 5, Objects: []string{
				"s3://docs/a.txt@v1", `"s3://docs/b\x1b.txt@v2"`, "s3://docs/" + strings.Repeat("long", 30) + "/the-end@v3",
			}},
			{ARN: machineARN + "read-0b9e", Status: "TIMED_OUT", Ended: ended.Add(time.Hour), Messages: 1, Unsettled: 1, Pending: 1, Objects: []string{"message 0b9e"}},
			{ARN: machineARN + "77aa", Status: "ABORTED", Ended: ended.Add(2 * time.Hour), Messages: 3, Unsettled: 3, Before: 3, Objects: []string{}},
		},
		Parked: Queue{Queue: "autobackup-validation-dlq-dev", Lying: 212, Looked: 100, NotLooked: 112, Pending: 212, Groups: []*Group{
			{Reason: "CONTENT_MISMATCH", Bucket: "docs", Number: 1, Oldest: ended.Add(-time.Hour), Objects: []string{"s3://docs/photo.jpg@v1"}},
			{Reason: NoReason, Number: 99, Oldest: ended, Objects: []string{"message 1", "message 2", "message 3"}},
		}},
		EventDLQ: Queue{Queue: "autobackup-event-dlq-dev", Lying: 4, Hidden: 1, Looked: 4, Pending: 4, Groups: []*Group{
			{Reason: NoReason, Bucket: "docs", Number: 4, Oldest: ended, Objects: []string{"s3://docs/x@v1", "s3://docs/y@v1", "s3://docs/z@v1"}},
		}},
		Left: []Left{
			{From: machineARN + "6f1c", Message: "m-1", Object: "s3://docs/a.txt@v1", Why: "it has no body"},
			{From: "autobackup-event-dlq-dev", Message: "m-2", Object: "s3://docs/<large>&@v1", Why: "it has 4000 bytes, and autobackup-validation-queue-dev takes at most 2048"},
		},
	}
}

func TestAPlanShowsWhatWasFound(t *testing.T) {
	cases := map[string]func(*Report){
		"plan.txt":         func(*Report) {},
		"plan-dry-run.txt": func(r *Report) { r.DryRun = true },
		"plan-events.txt":  func(r *Report) { r.Executions, r.Parked, r.EventDLQ.Hidden = nil, Queue{}, 2 },
		"plan-executions.txt": func(r *Report) {
			r.Executions, r.Parked, r.EventDLQ, r.Left = r.Executions[1:2], Queue{}, Queue{Queue: "autobackup-event-dlq-dev"}, nil
			r.DryRun = true
		},
		"plan-nothing.txt": func(r *Report) { *r = Report{Command: "retry", Stage: "dev", Region: "eu-central-1", DryRun: true} },
		"plan-refused.txt": func(r *Report) { r.Max, r.Refused = 100, true },
		"plan-narrow.txt":  func(r *Report) { r.Parked.narrow, r.Parked.Pending = true, 100 },
		"plan-tell.txt": func(r *Report) {
			r.To, r.Executions, r.EventDLQ = "autobackup-failure-queue-dev", nil, Queue{}
		},
		"plan-discard.txt": func(r *Report) { r.Command, r.To, r.Executions, r.EventDLQ = "discard", "", nil, Queue{} },
	}
	for name, edit := range cases {
		t.Run(name, func(t *testing.T) {
			r := found()
			edit(r)
			var page strings.Builder
			require.NoError(t, r.plan(&page))
			golden(t, name, page.String())
		})
	}
}

func TestAReportSaysWhatWasDone(t *testing.T) {
	cases := map[string]func(*Report){
		"done.txt": func(r *Report) {
			r.Executions[0].Done, r.Executions[1].Done, r.EventDLQ.Done, r.Parked.Done, r.Parked.Returned = 5, 1, 4, 212, 2
			r.Operation = "20260301T120405Z-retry-6b1f8c1e"
		},
		"told.txt":      func(r *Report) { r.To, r.Parked.Done, r.Parked.Returned = "autobackup-failure-queue-dev", 212, 2 },
		"discarded.txt": func(r *Report) { r.Command, r.To, r.Parked.Done = "discard", "", 212 },
		"refused.txt":   func(r *Report) { r.Refused = true },
		"one.txt": func(r *Report) {
			*r = Report{EventDLQ: Queue{Queue: "autobackup-event-dlq-dev", Pending: 1, Done: 1}}
		},
		"more.txt": func(r *Report) {
			r.EventDLQ.Done, r.EventDLQ.Pending, r.EventDLQ.Hidden, r.Executions, r.Left = 1, 0, 0, nil, nil
		},
		"unreached.txt": func(r *Report) { r.EventDLQ.Done, r.EventDLQ.Unreached, r.EventDLQ.Hidden = 4, 1, 0 },
		"many-unreached.txt": func(r *Report) {
			*r = Report{EventDLQ: Queue{Queue: "autobackup-event-dlq-dev", Pending: 9, Done: 9, Unreached: 1200}}
		},
		"interrupted.txt": func(r *Report) { r.Executions[0].Done, r.Interrupted = 3, true },
		"declined.txt":    func(r *Report) { r.Declined = true },
		"interrupted-at-once.txt": func(r *Report) {
			*r = Report{EventDLQ: Queue{Queue: "autobackup-event-dlq-dev", Pending: 1}, Interrupted: true}
		},
		"dry-run.txt": func(r *Report) { r.DryRun = true },
		"nothing.txt": func(r *Report) { *r = Report{} },
	}
	for name, edit := range cases {
		t.Run(name, func(t *testing.T) {
			r := found()
			edit(r)
			var page strings.Builder
			require.NoError(t, r.Text(&page))
			golden(t, name, page.String())
		})
	}
}

func TestTheJSONReportHasAllOfIt(t *testing.T) {
	r := found()
	r.EventDLQ.Unreached, r.Executions[0].Done = 3, 5
	var page strings.Builder
	require.NoError(t, r.JSON(&page))
	golden(t, "report.json", page.String())
}

func TestATableHasFiftyRowsAndSaysHowManyMore(t *testing.T) {
	for rows, want := range map[int]string{50: "", 51: "and 1 more row; --json has all\n", 60: "and 10 more rows; --json has all\n"} {
		r := &Report{}
		for i := range rows {
			r.leave("queue", message{ID: fmt.Sprint("m-", i)}, "why")
		}
		var page strings.Builder
		require.NoError(t, r.Text(&page))
		assert.Equal(t, 50, strings.Count(page.String(), " message m-"))
		_, after, _ := strings.Cut(page.String(), " message m-49 ")
		_, after, _ = strings.Cut(after, "\n")
		after, _, _ = strings.Cut(after, "result ")
		assert.Equal(t, want, after)
	}
}

func TestANameInATableIsShortAndKeepsItsEnd(t *testing.T) {
	for name, want := range map[string]string{
		"s3://docs/a@v1":                "s3://docs/a",
		`"s3://docs/\x1b@v1"`:           `"s3://docs/\x1b"`,
		"message 1":                     "message 1",
		"@v1":                           "@v1",
		"s3://docs/a@b@v1":              "s3://docs/a@b",
		strings.Repeat("x", 80):         strings.Repeat("x", 80),
		strings.Repeat("x", 80) + "@v1": strings.Repeat("x", 80),
		strings.Repeat("x", 61) + "2" + strings.Repeat("y", 19): strings.Repeat("x", 57) + "..." + "2" + strings.Repeat("y", 19),
	} {
		assert.Equal(t, want, short(name))
	}
}

func TestARunIsCompleteWhereNothingStays(t *testing.T) {
	assert.True(t, (&Report{}).Complete())
	for name, r := range map[string]Report{
		"something stays":       {Left: []Left{{}}},
		"some were not reached": {EventDLQ: Queue{Unreached: 1}},
		"others hold some":      {EventDLQ: Queue{Hidden: 1}},
		"the answer was no":     {Declined: true},
		"it was interrupted":    {Interrupted: true},
		"there is too much":     {Refused: true},
	} {
		assert.False(t, r.Complete(), name)
	}
}
