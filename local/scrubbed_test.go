package local_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	core "autobackup/internal/audit"
	"autobackup/internal/evidence"
	"autobackup/local/gate"
	locals3 "autobackup/local/s3"
)

// scrubbed is a stage that reads the bytes of everything once in so many days, by daily audits.
func scrubbed(days int, more ...change) []change {
	return audited(append([]change{defaults("template.yaml", "ScrubDays", fmt.Sprint(days))}, more...)...)
}

// report is that of the last audit of the bucket.
func (w *world) report() core.Report {
	w.t.Helper()
	all := w.audit()
	s := all[slices.IndexFunc(all, func(s audit.Summary) bool { return s.Bucket == w.bucket() })]
	require.Empty(w.t, s.Error)
	name := strings.TrimPrefix(s.Report, "s3://autobackup-dev-work-"+account+"/") + "report.json"
	r, err := w.work().open(name)
	require.NoError(w.t, err)
	defer r.Close() //nolint:errcheck // read only
	var reports struct{ Reports []core.Report }
	require.NoError(w.t, json.NewDecoder(r).Decode(&reports))
	return reports.Reports[0]
}

func count(r core.Report, category core.Category) (n int64) {
	for _, c := range r.Counts {
		if c.Category == category {
			n += c.Versions
		}
	}
	return n
}

// metricLines are what functions write that run beside each other.
type metricLines struct {
	lock sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (m *metricLines) Write(line []byte) (int, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.text.Write(line)
}

// String is all lines.
func (m *metricLines) String() string {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.text.String()
}

func TestSettingScrubDaysFindsBytesThatRottedWhileEverythingElseStayedEqual(t *testing.T) {
	for _, name := range []string{"SSE-KMS", "attached", "another account"} {
		t.Run(name, func(t *testing.T) {
			changes := slices.Clone(configurations[name])
			if name == "another account" {
				changes = append(changes, defaults("replica.yaml", "AuditLevel", "rest"))
			}
			var lines metricLines
			functionMetrics = &lines
			defer func() { functionMetrics = nowhere }()
			inWorld(t, func(w *world) {
				const days, fine = 4, 12
				for i := range fine {
					w.put(fmt.Sprintf("fine/%d", i), "content")
				}
				w.settle()
				w.corrupted(locals3.Silent)
				w.put("rotten", "content")
				w.settle()
				w.S3.Replicate = nil
				read, found := int64(0), 0
				for range days {
					time.Sleep(day)
					r := w.report()
					require.NotNil(t, r.Scrub)
					read += r.Scrub.Versions
					assert.Zero(t, r.Scrub.Behind)
					assert.Less(t, r.Scrub.Versions, int64(fine+1), "in turns")
					if n := count(r, core.Finding); n > 0 {
						assert.Equal(t, int64(1), n)
						found++
						assert.Contains(t, fmt.Sprint(r.Counts), "CONTENT_MISMATCH")
					}
				}
				assert.GreaterOrEqual(t, read, int64(fine+1))
				assert.Positive(t, found)
				var mails int
				for _, m := range w.published("failure-topic") {
					if strings.Contains(m.Subject, "Backup audit:") {
						mails++
					}
				}
				assert.Equal(t, 1, mails, "it is told once")
				pairs := map[string]float64{"attached": 2}[name]
				assert.InDelta(t, max(pairs, 1), metricsIn(t, lines.String())["ScrubDifferent Stage=dev"], 0, "each is measured at once, and once")
				assert.Empty(t, w.Gate.Refusals())
			}, scrubbed(4, changes...)...)
		})
	}
}

// Every version of a bucket is read within the days, and the evidence says so of each.
func TestTheEvidenceOfAScrubHasEachVersionThatWasRead(t *testing.T) {
	inWorld(t, func(w *world) {
		want := map[string]bool{}
		for i := range 8 {
			want[w.put(fmt.Sprint(i), "content")] = true
		}
		w.settle()
		for range 4 {
			time.Sleep(day)
			w.audit()
		}
		require.Empty(t, w.hours(51))
		_, records := w.kept()
		read := map[string]bool{}
		for _, r := range records {
			if r.Source == evidence.Scrub {
				assert.Equal(t, evidence.Verified, r.Verdict)
				assert.Equal(t, "bytes read on both sides", string(r.Evidence))
				read[r.Version] = true
			}
		}
		assert.Equal(t, want, read)
		assert.Empty(t, w.Gate.Refusals())
	}, evidenced(scrubbed(3)...)...)
}

func TestSettingScrubDollarsPerMonthBoundsWhatIsReadAndTellsTheRest(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("fine", "content")
		w.settle()
		time.Sleep(day)
		w.audit()
		var known struct {
			Purse struct{ Dollars float64 }
		}
		r, err := w.work().open("audits/" + w.bucket() + "/scrub.json")
		require.NoError(t, err)
		defer r.Close() //nolint:errcheck // read only
		require.NoError(t, json.NewDecoder(r).Decode(&known))
		assert.InDelta(t, 7/30.4375, known.Purse.Dollars, 1e-5, "a day of seven dollars a month")
	}, scrubbed(1, defaults("template.yaml", "ScrubDollarsPerMonth", "7"))...)
}

func TestSettingScrubClassesNamesWhatIsReadBesideStandard(t *testing.T) {
	for classes, want := range map[string]int64{"": 1, "STANDARD_IA,GLACIER_IR": 2} {
		t.Run(classes, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.put("standard", "content")
				w.put("rare", "content", func(in *s3.PutObjectInput) { in.StorageClass = types.StorageClassStandardIa })
				w.settle()
				time.Sleep(day)
				r := w.report()
				require.NotNil(t, r.Scrub)
				assert.Equal(t, want, r.Scrub.Equal)
				assert.Len(t, r.Scrub.LeftOut, 2-int(want))
			}, scrubbed(1, defaults("template.yaml", "ScrubClasses", `"`+classes+`"`))...)
		})
	}
}

// A bucket's replicas that can't be read are unknown, with what to grant, and nobody says corrupt.
func TestAScrubThatMayNotReadIsUnknownAndNamesTheGrant(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("fine", "content")
		w.settle()
		time.Sleep(day)
		w.Gate.Fault = func(c gate.Call) error {
			if c.Action == "s3:GetObjectVersion" && strings.Contains(c.By.Role, "HashBytes") && strings.Contains(c.Resource, "-replica-") {
				return &gate.Refused{Call: c}
			}
			return nil
		}
		r := w.report()
		assert.Zero(t, count(r, core.Finding))
		assert.Equal(t, int64(1), count(r, core.Unknown))
		assert.Equal(t, int64(1), r.Scrub.Open)
		assert.Contains(t, fmt.Sprint(r.Counts), "reading the bytes of the replica shows denied")
		w.Gate.Fault = nil
		time.Sleep(day)
		r = w.report()
		assert.Zero(t, count(r, core.Unknown))
		assert.Zero(t, r.Scrub.Open)
	}, scrubbed(1)...)
}

func TestScrubsNeedAScheduleAndNothingIsMadeForThemWithout(t *testing.T) {
	_, err := stack(t, "default", map[string]string{"AuditLevel": "rest", "ScrubDays": "90"})
	require.ErrorContains(t, err, "ScrubDays needs audits on a schedule, which read the bytes. Set AuditSchedule=rate(1 day), or leave ScrubDays out.")
	parameters := map[string]string{"AuditLevel": "rest", "AuditSchedule": "rate(1 day)"}
	s, err := stack(t, "default", parameters)
	require.NoError(t, err)
	for _, r := range s.Resources {
		assert.NotContains(t, r.LogicalID, "Scrub")
	}
	with := maps.Clone(parameters)
	with["ScrubDays"] = "90"
	s, err = stack(t, "default", with)
	require.NoError(t, err)
	var made []string
	for _, r := range s.Resources {
		if strings.Contains(r.LogicalID, "Scrub") {
			made = append(made, r.LogicalID)
		}
	}
	assert.ElementsMatch(t, []string{"ScrubDifferentAlarm", "ScrubBehindAlarm"}, made)
}
