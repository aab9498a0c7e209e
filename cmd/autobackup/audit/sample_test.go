package audit_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
)

// fromBefore is a model of so many versions from before the rule.
func fromBefore(n int, now time.Time) *model {
	m := &model{now: now, markers: true, deadline: time.Hour, late: 30 * day, sides: [2]map[string][]held{{}, {}}}
	for i := range n {
		v := held{key: fmt.Sprintf("k%05d", i), id: "v", made: now.Add(-60 * day), size: 1, etag: fmt.Sprintf("%032x", i)}
		m.hold(0, v)
	}
	return m
}

func TestARangeThatIsMostlyMissingIsLookedAtBySample(t *testing.T) {
	for name, tc := range map[string]struct {
		lost           int // the version that was replicated and is gone; -1: none
		heads, sampled int
		counts         map[string]int64
	}{
		"all with one explanation":       {-1, 2 * (50 + 20), 950, map[string]int64{"expected BEFORE_RULE": 70, "unknown MISSING_NOT_LOOKED_AT": 950}},
		"the sample has another":         {40, 2 * (50 + 50 + 1000 + 1000 + 20), 0, map[string]int64{"expected BEFORE_RULE": 1019, "finding REPLICA_MISSING": 1}},
		"it is in what is no full block": {1010, 2 * (50 + 20 + 1), 950, map[string]int64{"expected BEFORE_RULE": 69, "unknown MISSING_NOT_LOOKED_AT": 950, "finding REPLICA_MISSING": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := fromBefore(1020, time.Now().UTC())
				if tc.lost >= 0 {
					m.sides[0][fmt.Sprintf("k%05d", tc.lost)][0].status = "COMPLETED"
				}
				f := m.fake(t)
				f.most = 1000
				o := of(t, f)
				audit.Unbounded(&o)
				require.NoError(t, goOn(t.Context(), o))
				_, counts := told(t, o.Folder)
				assert.Equal(t, tc.counts, counts)
				report := reports(t, o.Folder)[0]
				assert.Equal(t, int64(tc.sampled), report.Sampled)
				assert.Equal(t, tc.sampled > 0, len(report.Notes) > 0)
				assert.LessOrEqual(t, report.Requests["HeadObject"], int64(tc.heads))
			})
		})
	}
}

func TestMissingVersionsAmongOthersAreAllLookedAt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := fromBefore(1300, time.Now().UTC())
		for i := range 1300 {
			if key := fmt.Sprintf("k%05d", i); i%9 == 0 { // 145: a ninth is there, so that less than 900 of 1,000 are missing
				m.hold(1, m.sides[0][key][0])
			}
		}
		f := m.fake(t)
		f.most = 1000
		o := of(t, f)
		audit.Unbounded(&o)
		require.NoError(t, goOn(t.Context(), o))
		agree(t, m, o)
		assert.Zero(t, reports(t, o.Folder)[0].Sampled)
	})
}

func TestWhatIsWrongIsLookedAtAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := fromBefore(3, time.Now().UTC())
		m.sides[0]["k00001"][0].status = "COMPLETED"
		f := m.fake(t)
		looks := 0
		f.before = func(_ int, r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodHead && r.URL.Path == "/"+replica+"/k00001" {
				if looks++; looks == 2 { // meanwhile it came
					f.buckets[1].versions = []held{f.buckets[0].versions[1]}
				}
			}
			return nil, nil
		}
		o := of(t, f)
		require.NoError(t, goOn(t.Context(), o))
		_, counts := told(t, o.Folder)
		assert.Equal(t, map[string]int64{"expected BEFORE_RULE": 2, "compared ": 1}, counts)
	})
}
