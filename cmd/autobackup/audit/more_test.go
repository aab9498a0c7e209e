package audit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	core "autobackup/internal/audit"
	"autobackup/internal/local/s3"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

func (w *world) run(change ...func(*audit.Options)) *audit.Result {
	result, err := audit.Run(context.Background(), w.options(change...))
	require.NoError(w.t, err)
	return result
}

func level(l core.Level) func(*audit.Options) { return func(o *audit.Options) { o.Level = l } }

func TestALockThatOneSideAloneHasIsAFindingWhereItIsAskedFor(t *testing.T) {
	w := newLocked(t, s3.ObjectLock{Mode: "GOVERNANCE", Days: 1})
	w.put("retained on the replica", "v")
	w.mark("marked")
	locks := func(o *audit.Options) { o.Level, o.Locks = core.AllLooked, true }
	result := w.run(locks)
	assert.Equal(t, map[string]int64{"finding LOCK_DIFFERS": 1, "compared ": 1}, found(t, result))
	assert.Equal(t, "one side alone has: retention", result.Reports[0].Counts[0].Examples[0].Detail)

	assert.Equal(t, map[string]int64{"compared ": 2}, found(t, w.run(level(core.AllLooked))), "nobody asked")

	w.Fault = func(r s3.Request) *s3.Fault {
		if r.Operation == "GetObjectRetention" {
			return &s3.Fault{Status: 403}
		}
		return nil
	}
	result = w.run(locks)
	assert.Equal(t, map[string]int64{"unknown ACCESS_DENIED": 1, "compared ": 1}, found(t, result))
	assert.Equal(t, "reading the retention in acme-invoices answered 403 AccessDenied", result.Reports[0].Counts[0].Examples[0].Detail)
}

func TestNothingIsWrittenToABucketThatIsAudited(t *testing.T) {
	w := newWorld(t)
	lost := w.put("lost", "v")
	w.put("there", "v")
	w.Remove(replica, away, "lost", lost)
	var lock sync.Mutex
	var called []string
	w.Fault = func(r s3.Request) *s3.Fault {
		lock.Lock()
		defer lock.Unlock()
		called = append(called, r.Operation)
		return nil
	}
	for _, l := range []core.Level{core.Listed, core.Rest, core.AllLooked} {
		w.run(level(l), func(o *audit.Options) { o.Metadata, o.Locks = true, true })
	}
	assert.Contains(t, called, "HeadObject")
	for _, operation := range called {
		assert.True(t, strings.HasPrefix(operation, "Get") || strings.HasPrefix(operation, "Head") || strings.HasPrefix(operation, "List"), operation)
	}
}

func TestTheLevelListedNeverLooksAndSaysSo(t *testing.T) {
	w := newWorld(t)
	lost := w.put("lost", "v")
	w.put("there", "v")
	w.Remove(replica, away, "lost", lost)
	var lock sync.Mutex
	var called []string
	w.Fault = func(r s3.Request) *s3.Fault {
		lock.Lock()
		defer lock.Unlock()
		called = append(called, r.Operation)
		return nil
	}
	assert.Equal(t, map[string]int64{"alike ": 1, "unknown MISSING_NOT_LOOKED_AT": 1}, found(t, w.run(level(core.Listed))))
	assert.False(t, slices.Contains(called, "HeadObject"))
}

func TestWhatTheAuditBeforeDidNotHaveIsNew(t *testing.T) {
	w := newWorld(t)
	old, fresh := w.put("old", "v"), w.put("fresh", "v")
	w.Remove(replica, away, "old", old)
	folder := t.TempDir()
	first := w.run(func(o *audit.Options) { o.Folder = filepath.Join(folder, "first") })
	assert.Zero(t, first.Reports[0].Counts[0].New, "nothing is new where nothing was before")

	w.Remove(replica, away, "fresh", fresh)
	since := audit.Latest(folder, primary, "", nil)
	assert.Equal(t, filepath.Join(folder, "first"), since)
	second := w.run(func(o *audit.Options) { o.Since = since })
	count := second.Reports[0].Counts[0]
	assert.Equal(t, reason.ReplicaMissing, count.Reason)
	assert.Equal(t, []int64{2, 1}, []int64{count.Versions, count.New})
	assert.Equal(t, since, audit.Latest(folder, primary, "", []string{replica}))
	assert.Empty(t, audit.Latest(folder, "another", "", nil), "of another bucket")
	assert.Empty(t, audit.Latest(folder, primary, "2026/", nil), "of other keys")
	assert.Empty(t, audit.Latest(folder, primary, "", []string{"another"}), "of another replica")
}

func TestWhatPeopleAcceptedIsCountedForItself(t *testing.T) {
	w := newWorld(t)
	lost, other := w.put("tmp/lost", "v"), w.put("lost", "v")
	w.Remove(replica, away, "tmp/lost", lost)
	w.Remove(replica, away, "lost", other)
	file := filepath.Join(t.TempDir(), "accepted.json")
	accepted := core.Acceptance{Primary: primary, Prefix: "tmp/", Why: "scratch", Who: "me", At: later, Until: later.AddDate(0, 1, 0)}
	write := func() {
		text, err := json.Marshal(map[string]any{"accepted": []core.Acceptance{accepted}})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, text, 0o600))
	}
	write()
	use := func(o *audit.Options) { o.Accepted = file }
	assert.Equal(t, map[string]int64{"accepted REPLICA_MISSING": 1, "finding REPLICA_MISSING": 1}, found(t, w.run(use)))

	accepted.Until = later
	write()
	assert.Equal(t, map[string]int64{"finding REPLICA_MISSING": 2}, found(t, w.run(use)), "it is over")
}

func TestAReportIsNeverWrittenIntoABucketThatIsAudited(t *testing.T) {
	w := newWorld(t)
	for _, bucket := range []string{primary, replica} {
		_, err := audit.Run(context.Background(), w.options(func(o *audit.Options) { o.Output = "s3://" + bucket + "/x" }))
		assert.ErrorContains(t, err, "the bucket is audited, and nothing is written there: name another")
	}
}

func TestTheSampleOfBytesFitsItsBudgetAndIsTheSameHoweverItIsFound(t *testing.T) {
	w := newWorld(t)
	for i := range 60 {
		w.put(fmt.Sprintf("k%02d", i), strings.Repeat("x", 100))
	}
	all := found(t, w.run(level(core.Bytes), func(o *audit.Options) {
		o.Bytes = verdict.ByteVerification{Inconclusive: true, PerMille: 1000}
	}))
	assert.Equal(t, map[string]int64{"compared ": 60}, all, "all bytes were read")

	within := func(budget int64) (read int64) {
		result := w.run(level(core.Bytes), func(o *audit.Options) {
			o.BytesBudget = budget
			o.Bytes = verdict.ByteVerification{Inconclusive: true}
		})
		for _, c := range result.Reports[0].Counts {
			if c.Evidence == verdict.BytesRead {
				read = c.Versions
			}
		}
		return read
	}
	half := within(200 * 30)
	assert.LessOrEqual(t, half, int64(30))
	assert.GreaterOrEqual(t, half, int64(25), "two versions may draw the same number")
	assert.Equal(t, half, within(200*30), "the draw is the version's own")
	assert.Zero(t, within(199))
	assert.Equal(t, int64(60), within(200*60))
}

func TestAnAuditThatIsFinishedDoesNotGoOn(t *testing.T) {
	w := newWorld(t)
	w.put("k", "v")
	o := w.options()
	_, err := audit.Run(context.Background(), o)
	require.NoError(t, err)
	o.Resume = true
	_, err = audit.Run(context.Background(), o)
	assert.ErrorContains(t, err, "is finished, and "+filepath.Join(o.Folder, "report.html")+" is its report: start a new one")
	o.Folder = t.TempDir()
	_, err = audit.Run(context.Background(), o)
	assert.ErrorContains(t, err, "name the folder that the audit was writing")
}

func TestTheResultSaysWhatWasFoundWhateverTheExitCode(t *testing.T) {
	w := newWorld(t)
	empty := w.run()
	assert.Equal(t, "nothing was listed", empty.Reports[0].Result)
	lost := w.put("lost", "v")
	w.put("there", "v")
	assert.Equal(t, "all as it must be", w.run().Reports[0].Result)
	w.Remove(replica, away, "lost", lost)
	for words, exit := range map[string]int{"nothing": 0, "findings": 1, "unknown": 0, "new": 1, "expected": 0, "findings,unknown": 1} {
		failOn, err := audit.ParseFailOn(words)
		require.NoError(t, err)
		result := w.run(func(o *audit.Options) { o.FailOn = failOn })
		assert.Equal(t, "findings", result.Reports[0].Result)
		assert.Equal(t, exit, result.Exit(), "%s: where no audit was before, all is new", words)
	}
	unknown := w.run(level(core.Listed), func(o *audit.Options) { o.FailOn = audit.FailOn{audit.FailFindings} })
	assert.Equal(t, "not all is known", unknown.Reports[0].Result)
	assert.Zero(t, unknown.Exit())
	_, err := audit.ParseFailOn("finding")
	assert.ErrorContains(t, err, "it is nothing, or some of findings, new, unknown, expected between commas")
}
