package audit_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	"autobackup/cmd/autobackup/price"
	core "autobackup/internal/audit"
	"autobackup/internal/evidence"
	"autobackup/internal/scrub"
	"autobackup/internal/verdict"
)

// rotten is a stage that has found v0002 to differ.
func rotten(t *testing.T, versions ...held) (*stage, *disks) {
	t.Helper()
	s, d := scrubbing(t, 1, versions...)
	d.rotten[diskOf(replica, "v0002")] = true
	summary, _ := s.scrub(0)
	items, _ := told(t, s.folder(summary))
	require.Equal(t, map[string]string{"k0002|v0002": "finding CONTENT_MISMATCH"}, items)
	return s, d
}

// Whatever keeps a version from being read again, that it differed is not forgotten, and nobody says
// that all is as it must be.
func TestAKnownDifferenceIsNotForgottenWhereNobodyReadsIt(t *testing.T) {
	for name, keep := range map[string]func(s *stage, d *disks){
		"the part is lost": func(s *stage, _ *disks) {
			s.lose = func(step audit.Step, _ int) bool { return step.Phase == audit.PhaseLook }
		},
		"hash-bytes has a fault that stays": func(_ *stage, d *disks) { d.fail = fmt.Errorf("it knows no lists") },
		"time is over":                      func(s *stage, _ *disks) { s.Time = time.Nanosecond },
		"its class is no longer read": func(_ *stage, d *disks) {
			for _, b := range d.f.buckets {
				b.versions[2].class = "GLACIER"
			}
		},
		"it is archived":    func(_ *stage, d *disks) { d.denied[diskOf(primary, "v0002")] = verdict.Archived },
		"the money is gone": func(s *stage, _ *disks) { s.Scrub.Monthly = 1e-9 },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s, d := rotten(t, objects(4, 5)...)
				keep(s, d)
				summary, r := s.scrub(1)
				items, _ := told(t, s.folder(summary))
				assert.Equal(t, map[string]string{"k0002|v0002": "unknown BYTES_NOT_READ"}, items)
				assert.Equal(t, audit.NotAllKnown, r.Result)
				assert.Equal(t, audit.ExitFindings, r.Exit)
				assert.Equal(t, int64(1), r.Scrub.Open)
				s.lose, s.Time, d.fail, s.Scrub.Monthly = nil, 365*day, nil, 1000
				delete(d.denied, diskOf(primary, "v0002"))
				for _, b := range d.f.buckets {
					b.versions[2].class = ""
				}
				summary, _ = s.scrub(2)
				items, _ = told(t, s.folder(summary))
				assert.Equal(t, map[string]string{"k0002|v0002": "finding CONTENT_MISMATCH"}, items)
			})
		})
	}
}

func TestWhatWasToBeReadAndNobodyCameToIsNotAsItMustBe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := scrubbing(t, 1, objects(4, 5)...)
		s.lose = func(step audit.Step, _ int) bool { return step.Phase == audit.PhaseLook }
		_, r := s.scrub(0)
		assert.Equal(t, []any{audit.NotAllKnown, audit.ExitFindings, int64(4)}, []any{r.Result, r.Exit, r.Unseen})
		assert.Contains(t, strings.Join(r.Notes, "\n"), "4 versions that the listings leave open, or whose bytes had their turn, were not looked at")
	})
}

func TestCopiesThatAreDamagedAlikeStayFound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := scrubbing(t, 1, objects(4, 5)...)
		s.Plan.Level = core.AllLooked
		left := &facts{names: map[string]bool{}}
		s.Facts = keepOnly{facts: left}
		var measures bytes.Buffer
		s.Metrics = &measures
		s.Scrub.Days = 3
		for _, bucket := range []string{primary, replica} {
			d.rotten[diskOf(bucket, "v0002")] = true
		}
		found := 0
		for i := range 8 {
			summary, r := s.scrub(i)
			items, _ := told(t, s.folder(summary))
			if len(items) > 0 {
				assert.Equal(t, map[string]string{"k0002|v0002": "finding RECORD_DISAGREES"}, items)
				assert.Equal(t, int64(1), r.Scrub.Open)
				found++
			} else {
				assert.Zero(t, found, "it is found in each audit from the first time on")
			}
		}
		assert.Positive(t, found)
		assert.Equal(t, 1, strings.Count(measures.String(), `"ScrubDifferent":1`))
		for _, r := range left.records {
			if r.Version == "v0002" && r.Verdict == evidence.Failed {
				assert.Equal(t, evidence.Scrub, r.Source)
			}
		}
	})
}

func TestADifferenceRingsWhenItIsSeenAlsoWhereItCouldNotBeReadBefore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := scrubbing(t, 1, objects(4, 5)...)
		var measures bytes.Buffer
		s.Metrics = &measures
		d.denied[diskOf(replica, "v0002")], d.rotten[diskOf(replica, "v0002")] = verdict.Denied, true
		for i := range 3 {
			_, r := s.scrub(i)
			assert.Equal(t, int64(3), r.Scrub.Versions, "what did not come was not read")
			assert.InDelta(t, float64(i), r.Scrub.Oldest, 1e-9, "and is as old as it was")
			assert.NotContains(t, measures.String(), "ScrubDifferent")
		}
		delete(d.denied, diskOf(replica, "v0002"))
		for i := range 3 {
			_, r := s.scrub(3 + i)
			assert.Equal(t, int64(4), r.Scrub.Versions)
			assert.Equal(t, 1, strings.Count(measures.String(), `"ScrubDifferent":1`), "once")
		}
	})
}

func TestEverythingThatIsAskedForIsPaid(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := scrubbing(t, 1, objects(4, 1<<30)...)
		_, whole := s.scrub(0)
		d.denied[diskOf(replica, "v0002")] = verdict.Unreachable
		_, again := s.scrub(1)
		assert.InDelta(t, 2*whole.Scrub.Dollars, again.Scrub.Dollars, 1e-9, "one of four was read five times")

		large := objects(1, 1<<40)
		s, _ = scrubbing(t, 1, large...)
		s.pace(30 * time.Second)
		s.Time = 20 * time.Minute
		_, cut := s.scrub(0)
		assert.Positive(t, cut.Scrub.Dollars, "also of an object that was not read whole")
		assert.Zero(t, cut.Scrub.Versions)
		assert.Equal(t, audit.NotAllKnown, cut.Result)
	})
}

func TestWhatCannotBeReadKeepsNoSliceFromBeingRead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n = 40
		s, d := scrubbing(t, 1, objects(n, 1<<30)...)
		for i := range n / 2 {
			d.denied[diskOf(replica, fmt.Sprintf("v%04d", i))] = verdict.SSEC
		}
		s.Scrub.Monthly = scrub.MonthDays * 1.1 * n / 2 * price.Read(1<<30, false, "", "") // for what can be read, and a tenth
		for i := range 8 {
			s.scrub(i)
		}
		_, last := s.scrub(8)
		assert.Equal(t, int64(n/2), last.Scrub.Versions, "all that can be read")
		assert.Equal(t, int64(n/2), last.Scrub.Open)
	})
}

func TestASliceThatCostsMoreThanThereEverIsIsTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all := objects(4, 5)
		all[1].size = 5 << 40
		s, d := scrubbing(t, 1, all...)
		s.Scrub.Monthly = 1
		_, r := s.scrub(0)
		assert.Equal(t, 1, r.Scrub.Dear)
		assert.Positive(t, r.Scrub.Behind)
		assert.Contains(t, strings.Join(r.Notes, "\n"), "1 of them cost more than there ever is of the $1.00 a month that it may cost")
		assert.Zero(t, d.read[diskOf(primary, "v0001")])
		assert.Equal(t, int64(3), r.Scrub.Versions)
	})
}

func TestWhereNothingWasListedNothingCountsAsRead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := scrubbing(t, 1, objects(4, 5)...)
		s.lose = func(step audit.Step, _ int) bool { return step.Phase == audit.PhaseList }
		_, r := s.scrub(0)
		assert.Zero(t, r.Scrub.Within)
	})
}

func TestAnExecutionThatIsRedrivenLaterKnowsLessAndWritesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, d := scrubbing(t, 1, objects(4, 5)...)
		by := audit.Execution{ID: "arn:old", Name: "old", Start: s.Plan.Started}
		step, err := do[audit.Step](t, s.Deployed, audit.Request{Operation: audit.OpPlan, Execution: by, Order: &audit.Order{Bucket: primary}})
		require.NoError(t, err)
		for step.Phase != audit.PhaseReport {
			_, err := do[struct{}](t, s.Deployed, audit.Request{Operation: audit.OpWork, Step: &step})
			require.NoError(t, err)
			step, err = do[audit.Step](t, s.Deployed, audit.Request{Operation: audit.OpCollect, Step: &step})
			require.NoError(t, err)
		}
		s.Plan.Started = s.Plan.Started.Add(day)
		d.rotten[diskOf(primary, "v0002")] = true
		s.scrub(1)
		known := string(s.objects["audits/"+primary+"/scrub.json"])
		require.Contains(t, known, "v0002")
		_, err = do[audit.Summary](t, s.Deployed, audit.Request{Operation: audit.OpReport, Step: &step})
		require.NoError(t, err)
		assert.True(t, known == string(s.objects["audits/"+primary+"/scrub.json"]), "the newer one stands")
	})
}

func TestWhatIsDamagedOfWhatIsKnownBeginsAnewAndSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for i, damage := range []string{"", "{", "[]", `{"pairs": {"acme-invoices-dr": {"mean": 1}}, "purse": {"dollars": -5}}`} {
			s, _ := scrubbing(t, 1, objects(4, 5)...)
			s.scrub(0)
			s.objects["audits/"+primary+"/scrub.json"] = []byte(damage)
			_, r := s.scrub(1)
			assert.Equal(t, i < 3, strings.Contains(strings.Join(r.Notes, "\n"), "was damaged: when bytes were read before is not known"), damage)
			_, r = s.scrub(2)
			assert.NotContains(t, strings.Join(r.Notes, "\n"), "was damaged")
			assert.Equal(t, int64(4), r.Scrub.Versions, damage)
		}
	})
}

func TestTheOrderOfTheClassesIsNoChange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := scrubbing(t, 3, objects(200, 5)...)
		s.Plan.Classes = []string{"", "STANDARD_IA", "GLACIER_IR"}
		_, before := s.scrub(0)
		s.Plan.Classes = []string{"GLACIER_IR", "", "STANDARD_IA"}
		_, after := s.scrub(1)
		assert.Greater(t, after.Scrub.Within, before.Scrub.Within+0.1)
		s.Plan.Classes = []string{""}
		_, other := s.scrub(2)
		assert.Less(t, other.Scrub.Within, after.Scrub.Within, "what was read with other classes doesn't count")
		assert.True(t, slices.IsSorted([]float64{0, other.Scrub.Within, 1}))
	})
}
