package look_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/look"
	"autobackup/internal/verdict"
)

// uploaded is a message about docs/a.txt, uploaded at a time.
func uploaded(at time.Time) string {
	return eventAt(at.Format(time.RFC3339Nano), "docs", "docs/a.txt")
}

func TestRulesReadBeforeAnUploadNeverJudgeIt(t *testing.T) {
	const never = `0001-01-01T00:00:00Z`
	for name, tt := range map[string]struct {
		uploaded time.Duration // after the rules were read; looked at two minutes after they were
		believed bool
	}{
		"long before the rules were read":    {-time.Hour, true},
		"half a minute before":               {-look.Settling, true},
		"so late that they may not show yet": {-look.Settling + 1, false},
		"just then":                          {0, false},
		"a minute after":                     {time.Minute, false},
		"later than now":                     {time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(t, replicatedTo("copy", "second"), map[string]answer{
					headObject("docs", home): object, headObject("copy", away): object, headObject("second", away): object,
				})
				f.set(getReplication("docs"), rules(rule("copy")))
				looker, read := f.looker(), time.Now()
				looker.Look(t.Context(), messages(event("docs", "docs/a.txt")))
				f.set(getReplication("docs"), rules(rule("copy"), rule("second")))
				time.Sleep(2 * time.Minute)
				got := looker.Look(t.Context(), messages(uploaded(read.Add(tt.uploaded)))).Messages[0].Look
				require.NotNil(t, got)
				if tt.believed {
					assert.Len(t, got.Replicas, 1)
				} else {
					assert.Len(t, got.Replicas, 2)
				}
			})
		})
	}
	t.Run("of an event without a time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(t, unreplicated, map[string]answer{headObject("docs", home): object})
			looker := f.looker()
			for i := range 3 {
				looker.Look(t.Context(), messages(eventAt(never, "docs", "docs/a.txt")))
				assert.Equal(t, i+1, f.asked[getReplication("docs")], "the rules are read every time")
				assert.Equal(t, 1, f.asked[headBucket("docs")], "the region stays")
				time.Sleep(time.Second)
			}
		})
	})
}

// A second destination is added; an object uploaded a minute later must be in both
// replicas.
func TestADestinationThatWasAddedIsLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		same := answer{status: 200, header: map[string]string{"ETag": `"9b2cf535f27731c974343645a3985328"`, "Content-Length": "3"}}
		f := newFake(t, replicated, map[string]answer{headObject("docs", home): same, headObject("copy", away): same})
		looker := f.looker()
		looker.Look(t.Context(), messages(uploaded(time.Now().Add(-time.Minute)))) // the function is warm
		time.Sleep(10 * time.Second)
		f.set(getReplication("docs"), rules(rule("copy"), rule("second")))
		f.set(headBucket("second"), inAway)
		f.set(headObject("second", away), answer{status: 404}) // S3 has not made it
		time.Sleep(time.Minute)
		upload := uploaded(time.Now())
		time.Sleep(2 * time.Minute) // its delay and its batch
		seen := looker.Look(t.Context(), messages(upload)).Messages[0].Look
		v := verdict.Judge(verdict.Event{}, *seen, verdict.Progress{Looks: 1}, verdict.Policy{Deadline: time.Hour})
		assert.Len(t, seen.Replicas, 2)
		assert.NotEqual(t, verdict.Verified, v.Outcome)
	})
}

// The first rule is added to a bucket that a warm function knows.
func TestARuleThatWasAddedAfterWarmUpReplicates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, unreplicated, map[string]answer{headObject("docs", home): object, headBucket("copy"): inAway, headObject("copy", away): object})
		looker := f.looker()
		looker.Look(t.Context(), messages(uploaded(time.Now().Add(-time.Minute))))
		f.set(getReplication("docs"), rules(rule("copy")))
		upload := uploaded(time.Now().Add(time.Minute))
		time.Sleep(2 * time.Minute)
		var p verdict.Progress
		for range verdict.GraceLooks {
			seen := looker.Look(t.Context(), messages(upload)).Messages[0].Look
			p = p.Add(*seen)
			assert.Len(t, seen.Replicas, 1)
			time.Sleep(verdict.NextWait(p.Looks))
		}
	})
}

// Uploads that come all the time don't have the rules read for each.
func TestRulesServeTheUploadsOfHalfAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t, unreplicated, map[string]answer{headObject("docs", home): object})
		looker := f.looker()
		for range 120 {
			looker.Look(t.Context(), messages(uploaded(time.Now().Add(-time.Minute))))
			time.Sleep(time.Second)
		}
		assert.Equal(t, 4, f.asked[getReplication("docs")])
	})
}
