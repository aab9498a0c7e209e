package local_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/internal/evidence"
	locals3 "autobackup/local/s3"
)

// planted is what happens to objects in a week, and how many of them the next audit finds.
type planted struct {
	do    func(w *world, key string)
	found int64
}

var weeks = map[string]planted{
	"a quiet week": {func(w *world, key string) { w.put(key, "content") }, 0},
	"a loss": {func(w *world, key string) {
		version := w.put(key, "content")
		w.settle()
		w.lose(key, version)
	}, 1},
	"damage": {func(w *world, key string) {
		w.corrupted(locals3.FlipBit)
		w.put(key, "content")
		w.settle()
		w.S3.Replicate = nil
	}, 1},
	"an erasure of one side": {func(w *world, key string) {
		version := w.put(key, "content")
		w.settle()
		w.remove(key, version)
	}, 1},
	"an erasure of both": {func(w *world, key string) {
		version := w.put(key, "content")
		w.settle()
		w.remove(key, version)
		w.lose(key, version)
	}, 0},
}

// rot is damage that no listing, ETag and checksum shows.
const rot = "damage at rest"

// everyWeek is whether a whole year goes by, and not only its first weeks:
//
//	go test ./local -run TestAYearOfAudits -every-week
var everyWeek = flag.Bool("every-week", false, "audit every week of a year, and not only the first nine")

// weeksOfAudits is how many weeks go by: by default as many as it takes for rot to be planted and
// found.
func weeksOfAudits() int {
	if *everyWeek {
		return 52
	}
	return 9
}

// scrubDays is in how many days the year's audits read all bytes once.
const scrubDays = 28

// A year of weekly audits that read bytes in turns, and of evidence: what is planted in a week is
// found by its audit, and what rotted within the days in which all is read; each is told once and
// stays a finding that nobody is told of again. The evidence of each day is as it was written, and
// has each version read at least as often as the days go into the year.
func TestAYearOfAuditsFindsWhatIsPlantedInItsTurnAndTellsItOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		kinds := []string{"a quiet week", "a loss", "damage", rot, "an erasure of one side", "an erasure of both"}
		told, open := 0, int64(0)
		planted, found := 0, 0 // of rot
		var first string       // the version that is there all the year
		weeksGo := weeksOfAudits()
		for week := range weeksGo {
			kind := kinds[week%len(kinds)]
			key := fmt.Sprintf("week-%02d", week)
			if week == 0 {
				first = w.put("first", "content")
			}
			due := planted
			if kind == rot {
				w.corrupted(locals3.Silent)
				w.put(key, "content")
				w.settle()
				w.S3.Replicate = nil
				planted++
			} else {
				weeks[kind].do(w, key)
			}
			w.settle()
			require.Empty(t, w.days(7), "week %d", week)
			summaries := w.audit()
			s := summaries[slices.IndexFunc(summaries, func(s audit.Summary) bool { return s.Bucket == w.bucket() })]
			rotten := int(s.New - weeks[kind].found)
			found += rotten
			assert.GreaterOrEqual(t, rotten, 0, "week %d", week)
			assert.LessOrEqual(t, due-found, 1, "week %d: what rotted six weeks ago or more was read", week)
			open += s.New
			assert.Equal(t, []int64{open, 0}, []int64{s.Findings, s.Unknown}, "week %d, %s", week, kind)
			if s.New > 0 {
				told++
			}
			var mails int
			for _, m := range w.published("failure-topic") {
				if strings.Contains(m.Subject, "Backup audit") {
					mails++
				}
			}
			assert.Equal(t, told, mails, "week %d", week)
			if t.Failed() {
				return
			}
		}
		assert.Empty(t, w.Gate.Refusals())
		require.Empty(t, w.days(3))
		v, records := w.kept()
		assert.GreaterOrEqual(t, v.Manifests, int64(7*weeksGo))
		assert.Equal(t, int64(len(records)), v.Records)
		read := map[string]int{}
		for _, r := range records {
			if r.Source == evidence.Scrub && r.Verdict == evidence.Verified {
				read[r.Version]++
			}
		}
		f := w.evidence()
		report, err := evidence.MakeReport(f.names(""), f.open, evidence.Options{From: v.First.Day, To: v.Last.Day, Now: w.Clock.Now()}, func(evidence.Row) error { return nil })
		require.NoError(t, err)
		assert.Empty(t, report.Without)
		assert.Equal(t, open, report.Of(evidence.Failed), "each finding of the last audit, and no other version")
		assert.Equal(t, int64(weeksGo+1), report.Seen)
		assert.GreaterOrEqual(t, read[first], 7*weeksGo/scrubDays)
		assert.Less(t, read[first], 7*weeksGo/(scrubDays-2*7)+1, "and not in every audit")
		assert.GreaterOrEqual(t, found, weeksGo/len(kinds)-1)
	}, evidenced(audited(defaults("template.yaml", "AuditSchedule", "rate(7 days)"), defaults("template.yaml", "ScrubDays", fmt.Sprint(scrubDays)), defaults("template.yaml", "EvidenceDays", "400"))...)...)
}

// days has so many days go by, at the end of each of which the function evidence runs once, and
// gives the errors that it ended with.
func (w *world) days(n int) (failed []error) {
	w.t.Helper()
	for range n {
		time.Sleep(day)
		if err := w.Events.Fire(w.region, "autobackup-evidence-dev"); err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}
