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
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	core "autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/s3"
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
	latest := func(primary, prefix string, level core.Level, replicas ...string) string {
		return audit.Latest(folder, audit.Plan{Primary: primary, Prefix: prefix, Level: level, Replicas: replicas})
	}
	since := latest(primary, "", core.Rest)
	assert.Equal(t, filepath.Join(folder, "first"), since)
	second := w.run(func(o *audit.Options) { o.Since = since })
	count := second.Reports[0].Counts[0]
	assert.Equal(t, reason.ReplicaMissing, count.Reason)
	assert.Equal(t, []int64{2, 1}, []int64{count.Versions, count.New})
	assert.Equal(t, since, latest(primary, "", core.Rest, replica))
	assert.Empty(t, latest("another", "", core.Rest), "of another bucket")
	assert.Empty(t, latest(primary, "2026/", core.Rest), "of other keys")
	assert.Empty(t, latest(primary, "", core.Rest, "another"), "of another replica")
	assert.Empty(t, latest(primary, "", core.Listed), "of another level, which has other reasons")
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

	before := filepath.Join(t.TempDir(), "before")
	w.run(use, func(o *audit.Options) { o.Folder = before })
	since := func(o *audit.Options) { o.Since = before }
	assert.Zero(t, w.run(use, since).Reports[0].Counts[0].New)

	accepted.Until = later
	write()
	over := w.run(use, since)
	assert.Equal(t, map[string]int64{"finding REPLICA_MISSING": 2}, found(t, over), "it is over")
	assert.Equal(t, int64(1), over.Reports[0].Counts[0].New, "what was accepted is found anew")

	accepted.Prefix, accepted.Until = "", later.AddDate(0, 1, 0)
	accepted.Reason = reason.ReplicaMissing
	write()
	all := w.run(use)
	assert.Equal(t, "nothing is found", all.Reports[0].Result, "which is not that all is as it must be")
	assert.Zero(t, all.Exit())
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
	told := func(change func(*audit.Options)) string { return w.run(level(core.Bytes), change).Reports[0].Sample }
	assert.Equal(t, "10 of 1,000 versions, and all that is inconclusive; of STANDARD, STANDARD_IA", told(func(o *audit.Options) {
		o.Bytes, o.Classes = verdict.ByteVerification{Inconclusive: true, PerMille: 10}, []string{"", "STANDARD_IA"}
	}))
	assert.Equal(t, "as many versions as fit into 5 GB; of STANDARD", told(func(o *audit.Options) { o.BytesBudget = 5 << 30 }))
	assert.Empty(t, w.run().Reports[0].Sample)
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
	assert.Zero(t, empty.Exit(), "an empty bucket is as it must be")
	mistyped := w.run(func(o *audit.Options) { o.Prefix = "2062/" })
	assert.Equal(t, "nothing was listed", mistyped.Reports[0].Result)
	assert.Equal(t, 2, mistyped.Exit(), "nothing can be said of keys that are not there")
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
	young := w.run(level(core.Listed), func(o *audit.Options) { o.Started = time.Now() })
	assert.Equal(t, "nothing is found", young.Reports[0].Result)
	expected := w.run(level(core.Listed), func(o *audit.Options) {
		o.Started, o.FailOn = time.Now(), audit.FailOn{audit.FailExpected}
	})
	assert.Equal(t, "expected differences", expected.Reports[0].Result)
	assert.Equal(t, 1, expected.Exit())
	_, err := audit.ParseFailOn("finding")
	assert.ErrorContains(t, err, "it is nothing, or some of findings, new, unknown, expected between commas")
}

func TestWhatASideListsAndDoesNotFindIsUnknownAndNoChangeOfAnybodys(t *testing.T) {
	w := newWorld(t)
	lost := w.put("lost", "v")
	w.Remove(replica, away, "lost", lost)
	w.put("lost-and-found", "v")
	w.Fault = func(r s3.Request) *s3.Fault {
		if r.Operation == "HeadObject" && r.Bucket == replica && r.Key == "lost-and-found" {
			return &s3.Fault{Status: 404}
		}
		return nil
	}
	result := w.run(level(core.AllLooked))
	assert.Equal(t, map[string]int64{"finding REPLICA_MISSING": 1, "unknown UNREACHABLE": 1}, found(t, result))
	assert.Equal(t, "the replica lists the version, and HeadObject does not find it", result.Reports[0].Counts[1].Examples[0].Detail)
	w.Fault = func(r s3.Request) *s3.Fault {
		if r.Operation == "HeadObject" && r.Bucket == primary && r.Key == "lost" {
			return &s3.Fault{Status: 404}
		}
		return nil
	}
	result = w.run()
	assert.Equal(t, map[string]int64{"unknown UNREACHABLE": 1, "alike ": 1}, found(t, result))
	assert.Equal(t, "the primary lists the version, and HeadObject does not find it", result.Reports[0].Counts[0].Examples[0].Detail)

	var once sync.Once
	w.Fault = func(r s3.Request) *s3.Fault {
		if r.Operation == "HeadObject" && r.Bucket == primary {
			once.Do(func() { w.Remove(primary, home, "lost", lost) })
		}
		return nil
	}
	assert.Equal(t, map[string]int64{"expected CHANGED_MEANWHILE": 1, "alike ": 1}, found(t, w.run()))
}

func TestOneAuditAtATimeWorksInAFolder(t *testing.T) {
	w := newWorld(t)
	w.put("k", "v")
	folder := filepath.Join(t.TempDir(), "kept")
	in := func(o *audit.Options) { o.Folder = folder }
	var second error
	var once sync.Once
	w.Fault = func(r s3.Request) *s3.Fault {
		if r.Operation == "ListObjectVersions" {
			once.Do(func() {
				_, second = audit.Run(context.Background(), w.options(in, func(o *audit.Options) { o.Resume = true }))
			})
		}
		return nil
	}
	w.run(in, func(o *audit.Options) { o.Workers = 1 })
	assert.EqualError(t, second, "an audit is at work in "+folder+": wait for it, or name another folder")
	assert.NoFileExists(t, filepath.Join(folder, "audit.lock"))

	folder = filepath.Join(t.TempDir(), "refused")
	_, err := audit.Run(context.Background(), w.options(in, func(o *audit.Options) { o.Primary = "no-such-bucket" }))
	require.Error(t, err)
	assert.NoDirExists(t, folder, "nothing of it is kept")
}
