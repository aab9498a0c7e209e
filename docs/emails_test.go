package docs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

// sent is when failure-notifier sends e-mails while something new fails every ten
// seconds for so long, each time for another cause.
func sent(lasts time.Duration) (at []time.Duration) {
	var m told.Memory
	begin := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for passed := time.Duration(0); passed < lasts; passed += 10 * time.Second {
		now := begin.Add(passed)
		f := batch.Failed{ID: "id", Body: fmt.Sprint(passed), Reason: reason.Unreachable, Detail: "none", Verdict: verdict.Verdict{
			Outcome: verdict.Failed, Reason: reason.Unreachable, Replicas: []verdict.Entry{{
				Bucket: fmt.Sprintf("replica-%d", passed), Outcome: verdict.Failed, Reason: reason.Unreachable}}}}
		m = m.Add(now, told.Findings(f, "", 0)).Next(now, "by")
		if _, mine := m.Claimed("by"); mine {
			at = append(at, passed)
			m = m.Sent(now, "by")
		}
	}
	return at
}

func TestAStormIsAsFewEMailsAsTheDocumentsSay(t *testing.T) {
	words := map[int]string{2: "two", 7: "seven", 8: "eight", 9: "nine"}
	at := sent(5 * time.Hour)
	within := func(from, to time.Duration) (n int) {
		for _, passed := range at {
			if from <= passed && passed < to {
				n++
			}
		}
		return n
	}
	assert.Zero(t, at[0], "the first goes at once")
	first, later := within(0, time.Hour), within(4*time.Hour, 5*time.Hour)
	text := strings.Join(strings.Fields(read(t, "decisions/0018-few-e-mails.md")), " ")
	assert.Contains(t, text, fmt.Sprintf("at most %s in the first hour, then %s an hour", words[first], words[later]))
	assert.Contains(t, text, fmt.Sprintf("%s and more versions that fail for one reason", map[int]string{10: "Ten"}[told.Many]))
	assert.Contains(t, strings.Join(strings.Fields(read(t, "operations.md")), " "), fmt.Sprintf("Of %s and more versions", map[int]string{10: "ten"}[told.Many]))
}
