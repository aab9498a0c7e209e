package local_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"autobackup/cmd/autobackup/audit"
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

// A year of weekly audits: what is planted in a week is found by its audit, is told once, and
// stays a finding that nobody is told of again.
func TestAYearOfAuditsFindsWhatIsPlantedInItsTurnAndTellsItOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		kinds := []string{"a quiet week", "a loss", "damage", "an erasure of one side", "an erasure of both"}
		told, open := 0, int64(0)
		for week := range 52 {
			kind := weeks[kinds[week%len(kinds)]]
			kind.do(w, fmt.Sprintf("week-%02d", week))
			w.settle()
			time.Sleep(7 * day)
			summaries := w.audit()
			s := summaries[slices.IndexFunc(summaries, func(s audit.Summary) bool { return s.Bucket == w.bucket() })]
			open += kind.found
			assert.Equal(t, []int64{kind.found, open, 0}, []int64{s.New, s.Findings, s.Unknown}, "week %d, %s", week, kinds[week%len(kinds)])
			if kind.found > 0 {
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
	}, audited(defaults("template.yaml", "AuditSchedule", "rate(7 days)"))...)
}
