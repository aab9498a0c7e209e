package audit_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
)

// Whoever detaches a bucket takes its rule, or what lets this stage list it, away.
func TestABucketThatIsDetachedMeanwhileIsToldAndAuditedAnewOnceItIsBack(t *testing.T) {
	for name, c := range map[string]struct {
		detach func(f *fake)
		want   string
	}{
		"its rule is gone": {func(f *fake) { f.buckets[0].replication = "" }, "the configuration of acme-invoices has changed since the audit began: start it anew"},
		"another rule is there": {func(f *fake) {
			f.buckets[0].replication = strings.Replace(f.buckets[0].replication, "<ID>all</ID>", "<ID>other</ID>", 1)
		}, "has changed since the audit began: start it anew"},
		"it can no longer be listed": {func(f *fake) {
			f.before = func(_ int, r *http.Request) (*http.Response, error) {
				if strings.HasPrefix(r.URL.Path, "/"+primary) {
					return refusal(r, http.StatusForbidden, "AccessDenied"), nil
				}
				return nil, nil
			}
		}, "find the bucket acme-invoices: HeadBucket answered 403 Forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s, f, _ := small(t)
				rule := f.buckets[0].replication
				s.lose = func(step audit.Step, _ int) bool {
					if step.Round == 2 {
						c.detach(f)
					}
					return false
				}
				_, err := s.run("e1", audit.Order{Bucket: primary})
				require.ErrorContains(t, err, c.want)
				assert.Contains(t, s.objects, "audits/"+primary+"/lock.json", "as it was left")
				s.lose, f.before, f.buckets[0].replication = nil, nil, rule
				summary, err := s.run("e2", audit.Order{Bucket: primary})
				require.NoError(t, err)
				assert.Empty(t, summary.By, "who left the lock is no longer running")
				assert.Empty(t, summary.Cut)
				assert.NotContains(t, s.objects, "audits/"+primary+"/lock.json")
			})
		})
	}
}

func TestAWorkingBucketFullOfAuditsThatNeverEndedHidesNoReport(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _, _ := small(t)
		first, err := s.run("e1", audit.Order{Bucket: primary})
		require.NoError(t, err)
		for i := range 300 {
			s.objects[fmt.Sprintf("audits/%s/20991231-%06d-00000000/audit.json", primary, i)] = []byte("{}")
			s.objects[fmt.Sprintf("audits/%s/20000101-%06d-00000000/rounds/0001.json", primary, i)] = []byte("{")
		}
		s.Plan.Started = s.Plan.Started.Add(time.Second)
		again, err := s.run("e2", audit.Order{Bucket: primary})
		require.NoError(t, err)
		assert.Equal(t, first.Findings, again.Findings)
		assert.Zero(t, again.New, "the audit before is found among them")
	})
}
