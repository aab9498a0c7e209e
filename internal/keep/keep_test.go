package keep

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/evidence"
)

func TestFactsOfAnHourAreOneFileOnceTheHourIsOver(t *testing.T) {
	s := newStage(t, "29 09:00:00")
	s.limits = limits{} // which are the usual ones then
	s.put("a", 2)
	s.to("29 09:59:59")
	s.put("b", 0)
	s.to("29 10:00:01")
	s.put("c", 1)
	assert.Equal(t, Kept{Waiting: 3}, s.run("29 10:09:59"), "the hour was over for ten minutes only at 10:10")
	assert.Empty(t, s.evidence.names())
	assert.Equal(t, Kept{Facts: 2, Files: 1, Waiting: 1}, s.run("29 10:15:00"))
	assert.Equal(t, []string{"evidence/2026/11/29/09-1.jsonl.gz"}, s.evidence.names())
	assert.Equal(t, Kept{Facts: 1, Files: 1}, s.run("29 11:15:00"))
	assert.Equal(t, Kept{}, s.run("29 12:15:00"), "nothing is due")
	assert.Equal(t, Kept{}, s.run("30 01:59:59"))
	assert.Equal(t, Kept{Manifests: 1}, s.run("30 02:00:00"))
	s.complete()
}

func TestFactsThatArePutAgainChangeNothing(t *testing.T) {
	s := newStage(t, "29 09:59:00")
	s.put("a", 2)
	before := s.work.names()
	s.to("29 10:00:30")
	require.NoError(t, Put(t.Context(), s.work, s.records("a", 2)), "in the next hour")
	assert.Equal(t, before, s.work.names())
	again := s.records("a", 2)
	for i := range again {
		again[i].Program, again[i].Template = "a newer one", "u"
	}
	require.NoError(t, Put(t.Context(), s.work, again), "after a deployment")
	assert.Equal(t, before, s.work.names())
	require.NoError(t, Put(t.Context(), s.work, s.records("b", 2)), "of another execution")
	assert.Len(t, s.work.names(), 2)
	s.seen += 3
	s.run("29 11:15:00")
	s.run("30 02:15:00")
	s.complete()
}

func TestAnErrorOfPuttingFactsIsTold(t *testing.T) {
	s := newStage(t, "29 09:00:00")
	s.work.fault = func(string, string) error { return errNetwork }
	err := Put(t.Context(), s.work, s.records("a", 2))
	assert.ErrorIs(t, err, errNetwork)
	assert.ErrorContains(t, err, "leave facts for the evidence: ")
}

// Facts that one version of the program left are found by the next, so the name is not to change.
func TestFactsAreNamedAfterTheirRecordsInAnyOrder(t *testing.T) {
	s := newStage(t, "29 09:00:00")
	records := s.records("a", 2)
	require.NoError(t, Put(t.Context(), s.work, records))
	slices.Reverse(records)
	require.NoError(t, Put(t.Context(), s.work, records))
	assert.Equal(t, []string{"facts/57c4f194de51f2fd8f6d03a478d4041695244865f80fd7866f62264ad540299f.jsonl.gz"}, s.work.names())
}

func TestARecordThatNoFileTakesIsNoFact(t *testing.T) {
	s := newStage(t, "29 09:00:00")
	records := s.records("a", 2)
	records[1].Run = ""
	assert.EqualError(t, Put(t.Context(), s.work, records), "leave facts for the evidence: record 2 of 3: run is missing")
	assert.Empty(t, s.work.names())
}

func TestARecordThatNoFileTakesEndsItsHour(t *testing.T) {
	s := newStage(t, "29 09:00:00")
	r := run{Keeper: s.keeper(), hours: map[time.Time]*hour{}}
	_, err := r.hour(t.Context(), s.at, []evidence.Record{{}})
	assert.ErrorContains(t, err, "write record 1 of 1 as evidence: ")
	assert.Empty(t, s.evidence.names())
}

func TestManyRecordsAreSeveralObjectsOfFactsAndOneFile(t *testing.T) {
	s := newStage(t, "29 09:00:00")
	s.put("audit", 2*Most)
	assert.Len(t, s.work.names(), 3)
	assert.Equal(t, Kept{Facts: 3, Files: 1}, s.run("29 10:15:00"))
	s.run("30 02:15:00")
	s.complete()
}

func TestAnHourThatDoesNotFitIsSeveralParts(t *testing.T) {
	s := newStage(t, "29 09:00:00")
	s.limits.records, s.limits.atOnce = 10, 2
	for i := range 7 {
		s.at = s.at.Add(time.Minute)
		s.put(fmt.Sprint(i), 3)
	}
	assert.Equal(t, Kept{Facts: 7, Files: 4}, s.run("29 10:15:00"))
	s.run("30 02:15:00")
	s.complete()
}

func TestLateFactsAreAFurtherPart(t *testing.T) {
	s := newStage(t, "29 09:30:00")
	s.put("a", 2)
	s.run("29 10:15:00")
	s.to("29 09:45:00")
	late := s.records("b", 1)
	s.to("29 10:20:00")
	require.NoError(t, Put(t.Context(), s.work, late))
	s.seen += 2
	s.run("29 11:15:00")
	assert.Equal(t, []string{"evidence/2026/11/29/09-1.jsonl.gz", "evidence/2026/11/29/09-2.jsonl.gz"}, s.evidence.names())
	s.run("30 02:15:00")
	s.complete()
}

// Whatever call a run ends at, the next run completes what it began, and nothing is written twice.
func TestARunThatEndsAnywhereIsCompletedByTheNext(t *testing.T) {
	for _, alone := range []bool{false, true} { // alone: the calls after it are answered
		for ended := 1; ; ended++ {
			s := newStage(t, "29 09:00:00")
			s.limits.records, s.limits.atOnce = 10, 1
			for i := range 5 {
				s.put(fmt.Sprint(i), 3)
			}
			s.to("29 23:59:59")
			s.put("the last of the day", 1)
			calls := 0
			fault := func(string, string) error {
				if calls++; calls == ended || calls > ended && !alone {
					return errNetwork
				}
				return nil
			}
			s.work.fault, s.evidence.fault = fault, fault
			s.to("30 03:15:00")
			_, err := s.keeper().Run(t.Context())
			s.work.fault, s.evidence.fault = nil, nil
			if err == nil {
				s.complete()
				assert.Greater(t, ended, 20)
				break
			}
			require.ErrorIs(t, err, errNetwork)
			s.to("30 03:20:00")
			s.put("meanwhile", 0)
			s.run("30 04:15:00")
			s.seen--
			v := s.verified()
			assert.Equal(t, int64(s.seen), v.Records, "ended at call %d", ended)
			assert.Equal(t, int64(1), v.Waiting, "the file of 3 o'clock")
		}
	}
}

// The first of two runs is done as a whole before any write of the second.
func TestTwoRunsAtOnceWriteEverythingOnce(t *testing.T) {
	for before := 1; ; before++ {
		s := newStage(t, "29 09:00:00")
		s.limits.records, s.limits.atOnce = 10, 1
		for i := range 5 {
			s.put(fmt.Sprint(i), 3)
		}
		s.to("30 03:15:00")
		writes, overtaken := 0, false
		s.evidence.meanwhile = func(string) {
			if writes++; writes == before {
				s.evidence.meanwhile = nil
				overtaken = true
				_, err := s.keeper().Run(t.Context())
				require.NoError(t, err)
			}
		}
		_, err := s.keeper().Run(t.Context())
		require.NoError(t, err)
		s.evidence.meanwhile = nil
		s.complete()
		if !overtaken {
			assert.Greater(t, before, 3)
			return
		}
	}
}

func TestRunsBesideEachOtherWriteEverythingOnce(t *testing.T) {
	s := newStage(t, "29 09:00:00")
	s.limits.records, s.limits.atOnce = 50, 4
	for i := range 100 {
		s.put(fmt.Sprint(i), 3)
	}
	s.to("30 03:15:00")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			_, err := s.keeper().Run(t.Context())
			assert.NoError(t, err)
		})
	}
	all.Wait()
	s.complete()
}

func TestAFileThatCannotBeReadIsNotCalledDamaged(t *testing.T) {
	s := newStage(t, "29 09:00:00")
	s.put("a", 1)
	s.run("29 10:15:00")
	s.to("29 09:50:00")
	s.put("b", 1)
	s.evidence.fault = func(operation, _ string) error {
		if operation == "open" {
			return errNetwork
		}
		return nil
	}
	assert.Equal(t, errNetwork.Error(), s.refused("29 11:15:00"))
	s.evidence.fault = nil
	s.run("30 03:15:00")
	s.complete()
}

func TestDaysWithoutFilesHaveManifestsSoThatTheChainHasNoHole(t *testing.T) {
	s := newStage(t, "25 09:00:00")
	s.put("a", 1)
	s.run("25 10:15:00")
	assert.Equal(t, Kept{Manifests: 4}, s.run("30 01:15:00"), "yesterday was over for an hour only")
	assert.Equal(t, Kept{Manifests: 1}, s.run("30 02:15:00"))
	s.complete()
	assert.Equal(t, int64(5), s.verified().Manifests)
}

func TestAfterMonthsWithoutARunTheChainGoesOnInSeveralRuns(t *testing.T) {
	s := newStage(t, "01 09:00:00")
	s.put("a", 1)
	s.run("02 10:15:00")
	s.at = s.at.AddDate(0, 0, 70)
	for _, made := range []int{31, 31, 8, 0} {
		kept, err := s.keeper().Run(t.Context())
		require.NoError(t, err)
		assert.Equal(t, made, kept.Manifests)
	}
	s.complete()
}

func TestNothingIsWrittenWhereNothingWasSeen(t *testing.T) {
	s := newStage(t, "29 09:00:00")
	assert.Equal(t, Kept{}, s.run("30 09:15:00"))
	assert.Empty(t, s.evidence.names())
}

func TestWhatIsNoFactsIsNamedAndStaysAndNothingElseWaits(t *testing.T) {
	s := newStage(t, "29 09:00:00")
	_, whole, err := facts(s.records("torn", 3))
	require.NoError(t, err)
	var empty bytes.Buffer
	require.NoError(t, gzip.NewWriter(&empty).Close())
	for name, content := range map[string][]byte{"facts/a": []byte("{}"), "facts/b": whole[:len(whole)-9], "facts/c": empty.Bytes(), "facts/d\n": nil} {
		s.work.objects[name] = stored{content, s.at}
	}
	s.put("a", 1)
	assert.Equal(t, `4 problems:
"facts/a" is no facts: it is no gzip file: it ends in the middle. Nothing was made of it, and it stays: find out who put it there, or what it was of, and delete it
"facts/b" is no facts: line 5: it ends in the middle. Nothing was made of it, and it stays: find out who put it there, or what it was of, and delete it
"facts/c" is no facts: it has no records. Nothing was made of it, and it stays: find out who put it there, or what it was of, and delete it
"facts/d\n" is no facts: it is no gzip file: it ends in the middle. Nothing was made of it, and it stays: find out who put it there, or what it was of, and delete it`, s.refused("29 10:15:00"))
	assert.Equal(t, []string{"evidence/2026/11/29/09-1.jsonl.gz"}, s.evidence.names())
	assert.Equal(t, []string{"facts/a", "facts/b", "facts/c", "facts/d\n"}, s.work.names())
	s.refused("30 02:15:00")
	assert.Equal(t, int64(2), s.verified().Records, "the day has its manifest all the same")
}

func TestAClockThatIsWrongIsTold(t *testing.T) {
	t.Run("of who leaves facts of tomorrow", func(t *testing.T) {
		s := newStage(t, "30 09:00:00")
		ahead := s.records("a", 1)
		s.to("29 09:00:00")
		require.NoError(t, Put(t.Context(), s.work, ahead))
		assert.Contains(t, s.refused("29 10:15:00"), "has a record of 2026-11-30T09:00:00Z, which was yet to come when it was put: the clock of who wrote it was wrong.")
		assert.Empty(t, s.evidence.names())
		assert.Len(t, s.work.names(), 1)
	})
	t.Run("of who leaves facts of a day that has its manifest", func(t *testing.T) {
		s := newStage(t, "28 09:00:00")
		s.put("a", 1)
		behind := s.records("b", 1)
		s.run("29 02:15:00")
		require.NoError(t, Put(t.Context(), s.work, behind))
		assert.Equal(t, "the facts of the hour of 2026-11-28T09:00:00Z stay, 2 records: the manifest of its day was made already, so nothing would vouch for them. "+
			"The clock of who wrote them was wrong, or they came a day late", s.refused("29 03:15:00"))
		assert.Len(t, s.work.names(), 1)
		s.verified()
		s.refused("30 02:15:00")
		assert.Equal(t, int64(2), s.verified().Manifests, "the chain goes on")
	})
	t.Run("of the keeper, which goes back", func(t *testing.T) {
		s := newStage(t, "27 09:00:00")
		s.put("a", 1)
		s.run("29 04:15:00")
		s.put("b", 1)
		assert.Equal(t, Kept{Waiting: 1}, s.run("29 02:15:00"), "what was just put is of an hour to come")
		delete(s.evidence.objects, evidence.ManifestName(s.at.AddDate(0, 0, -1)))
		assert.NotEmpty(t, s.evidence.names())
		s.evidence.objects[evidence.ManifestName(s.at.AddDate(0, 0, -2))] = stored{newManifest(t, s), s.at}
		assert.Equal(t, "make evidence/2026/11/28/manifest.json: it is 2026-11-29T02:15:00Z, and the one before was made at 2026-11-29T04:15:00Z: a clock is wrong", s.refused("29 02:15:00"))
	})
}

// newManifest is one of the 27th that was made late on the 29th.
func newManifest(t *testing.T, s *stage) []byte {
	t.Helper()
	c, err := evidence.CountFile("evidence/2026/11/27/09-1.jsonl.gz", bytes.NewReader(s.evidence.objects["evidence/2026/11/27/09-1.jsonl.gz"].content))
	require.NoError(t, err)
	m, err := evidence.Make(s.at.AddDate(0, 0, -2), of, s.at.Add(2*time.Hour), []evidence.Counted{c}, nil)
	require.NoError(t, err)
	text, err := m.Encode()
	require.NoError(t, err)
	return text
}

func TestFactsThatAreLeftOfAClosedDayAreDeletedWhereItsFilesHaveThem(t *testing.T) {
	s := newStage(t, "28 09:00:00")
	s.put("a", 1)
	left := map[string]stored{}
	for name, o := range s.work.objects {
		left[name] = o
	}
	s.run("29 02:15:00")
	s.work.objects = left
	assert.Equal(t, Kept{Facts: 1}, s.run("29 03:15:00"))
	s.complete()
}

func TestAFileThatSomebodyDamagedKeepsItsDayFromBeingClosed(t *testing.T) {
	s := newStage(t, "28 09:00:00")
	s.put("a", 1)
	s.run("28 10:15:00")
	const file = "evidence/2026/11/28/09-1.jsonl.gz"
	was := s.evidence.objects[file]
	s.evidence.objects[file] = stored{[]byte("torn"), s.at}
	s.to("28 09:50:00")
	s.put("b", 1)
	assert.Contains(t, s.refused("28 11:15:00"), "the facts of the hour of 2026-11-28T09:00:00Z stay, 2 records: "+file+" is no file of evidence: ")
	assert.Contains(t, s.refused("29 02:15:00"), "is no file of evidence")
	assert.Equal(t, []string{file}, s.evidence.names(), "no manifest")
	s.evidence.objects[file] = was
	s.run("29 03:15:00")
	s.complete()
}

func TestADamagedFileIsVouchedForByNoManifest(t *testing.T) {
	s := newStage(t, "28 09:00:00")
	s.put("a", 1)
	s.run("28 10:15:00")
	s.evidence.objects["evidence/2026/11/28/09-1.jsonl.gz"] = stored{[]byte("torn"), s.at}
	assert.Contains(t, s.refused("29 02:15:00"), "make the manifest of 2026-11-28: evidence/2026/11/28/09-1.jsonl.gz is broken")
}

func TestAnHourWhosePartsAreAllTakenIsToldAndItsDayIsNotClosed(t *testing.T) {
	s := newStage(t, "28 09:00:00")
	s.limits.records = 1
	for i := range 100 {
		s.put(fmt.Sprint(i), 0)
	}
	const told = "the facts of the hour of 2026-11-28T09:00:00Z stay, 1 record: there are 99 files of it, and no name for one more"
	assert.Equal(t, told, s.refused("28 10:15:00"))
	assert.Equal(t, told, s.refused("29 02:15:00"))
	assert.Len(t, s.evidence.names(), 99)
	assert.Len(t, s.work.names(), 1)
}

func TestARunThatIsOutOfTimeLeavesTheRestToTheNextAndClosesNoDay(t *testing.T) {
	s := newStage(t, "28 09:00:00")
	s.limits.records, s.limits.atOnce = 2, 2
	for i := range 10 {
		s.put(fmt.Sprint(i), 0)
	}
	s.to("28 12:15:00")
	slow := func(operation, _ string) error {
		if operation == "open" {
			s.at = s.at.Add(3 * time.Minute)
		}
		return nil
	}
	s.work.fault = slow
	s.limits.atOnce = 1
	assert.Equal(t, Kept{Facts: 4, Files: 2, Waiting: 6}, s.run("28 12:15:00"), "without an error: facts of an hour or two may wait")
	assert.Contains(t, s.refused("29 02:15:00"), "6 objects of facts wait, since 2026-11-28T09:00:00Z, because more come than one run makes files of: give the function evidence more memory"[2:])
	for _, name := range s.evidence.names() {
		assert.NotContains(t, name, "manifest")
	}
	s.work.fault = nil
	s.run("29 03:15:00")
	s.complete()
}

// Nobody who may send messages keeps others out of the evidence.
func TestWhatS3NeverSaysIsWritableAllTheSame(t *testing.T) {
	s := newStage(t, "29 09:00:00")
	hostile := s.records("a", 5)
	hostile[0].Key = strings.Repeat("a\xff", 512)
	hostile[1].Version = "\xff"
	hostile[2].Bucket, hostile[2].Key, hostile[2].Version = "", "", ""
	hostile[2].Told = evidence.Told{Verdict: evidence.Failed, Reason: "MALFORMED_EVENT"}
	hostile[3].Told = evidence.Told{Verdict: evidence.Accepted, Reason: "NOT_ERASED"}
	hostile[3].Accepted = &evidence.Acceptance{Who: strings.Repeat("w\xff", 2000), Why: strings.Repeat("w", 5000), Until: s.at}
	twice := evidence.Replica{Bucket: "docs-r", Told: hostile[4].Told}
	hostile[4].Replicas = []evidence.Replica{twice, twice}
	usual := evidence.Replica{Bucket: "docs-r", Told: hostile[5].Told}
	hostile[5].Replicas = []evidence.Replica{usual}
	require.NoError(t, Put(t.Context(), s.work, hostile))
	s.seen += 6
	s.run("29 10:15:00")
	written, err := read(s.evidence.objects[s.evidence.names()[0]].content)
	require.NoError(t, err)
	var replicas []evidence.Replica
	for _, r := range written {
		replicas = append(replicas, r.Replicas...)
	}
	assert.Equal(t, []evidence.Replica{usual}, replicas, "those that are as they may be stay")
	s.run("30 02:15:00")
	s.complete()
}
