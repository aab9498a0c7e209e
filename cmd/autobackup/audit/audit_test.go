package audit_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/audit"
	core "autobackup/internal/audit"
	"autobackup/internal/reason"
)

// found is how many versions a report has by category and reason.
func found(t *testing.T, r *audit.Result) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	for _, report := range r.Reports {
		sum := int64(0)
		for _, c := range report.Counts {
			counts[string(c.Category)+" "+string(c.Reason)] += c.Versions
			sum += c.Versions
		}
		assert.Equal(t, report.Listed, sum)
	}
	return counts
}

func TestAnAuditFindsExactlyWhatWasPlanted(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		w.put(fmt.Sprintf("fine/%d", i), "content")
	}
	lost := w.put("lost", "content")
	w.Remove(replica, away, "lost", lost)
	erased := w.put("erased", "content")
	w.Remove(primary, home, "erased", erased)
	w.put("marked", "content")
	w.mark("marked")
	gone := w.mark("marked")
	w.Remove(replica, away, "marked", gone)

	result, err := audit.Run(context.Background(), w.options())
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{
		"alike ": 21, "compared ": 1,
		"finding " + string(reason.ReplicaMissing): 1, "finding " + string(reason.MarkerMissing): 1, "finding " + string(reason.NotErased): 1,
	}, found(t, result))
	assert.Equal(t, int64(25), result.Reports[0].Listed)
	assert.Equal(t, core.Rest, result.Reports[0].Level)
}
