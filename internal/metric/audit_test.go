package metric_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/metric"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

func TestAnAuditIsALineAndOneForEachReasonAndEvidence(t *testing.T) {
	w := &lines{}
	require.NoError(t, metric.Scope{Stage: "test"}.WriteAudit(w, at, metric.Audit{
		Versions: 20, Alike: 9, Unknown: 2, Findings: 3,
		ByReason: map[reason.Code]int64{reason.ReplicaMissing: 2, reason.ContentMismatch: 1},
		ByEvidence: map[verdict.Evidence]int64{
			verdict.FullObjectChecksum + " CRC64NVME": 3, verdict.FullObjectChecksum + " SHA256": 1, verdict.DeleteMarker: 2, "another": 1,
		},
	}))
	got := record{}
	for _, text := range *w {
		for name, values := range readLine(t, text, at) {
			require.NotContains(t, got, name)
			got[name] = values
		}
	}
	assert.Equal(t, record{
		"AuditVersions Stage=test": {20}, "AuditAlike Stage=test": {9}, "AuditUnknown Stage=test": {2}, "AuditFindings Stage=test": {3},
		"AuditWhole Stage=test": {1}, "AuditCut Stage=test": {0},
		"AuditFindings Stage=test Reason=REPLICA_MISSING": {2}, "AuditFindings Stage=test Reason=CONTENT_MISMATCH": {1},
		"AuditCompared Stage=test Evidence=FullObjectChecksum": {4}, "AuditCompared Stage=test Evidence=DeleteMarker": {2}, "AuditCompared Stage=test Evidence=Other": {1},
	}, got)
}

func TestAnAuditThatWasCutShortIsNotWhole(t *testing.T) {
	w := &lines{}
	require.NoError(t, metric.Scope{Stage: "test"}.WriteAudit(w, at, metric.Audit{Cut: true}))
	require.Len(t, *w, 1)
	got := readLine(t, (*w)[0], at)
	assert.Equal(t, []float64{0}, got["AuditWhole Stage=test"])
	assert.Equal(t, []float64{1}, got["AuditCut Stage=test"])
}
