package metric

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// Names of metrics of audits that a stage makes.
const (
	AuditVersions = "AuditVersions"
	AuditAlike    = "AuditAlike"
	AuditCompared = "AuditCompared"
	AuditUnknown  = "AuditUnknown"
	AuditFindings = "AuditFindings"
	AuditWhole    = "AuditWhole"
	AuditCut      = "AuditCut"
)

// Evidence is the dimension of what versions were compared by.
const Evidence = "Evidence"

var byEvidence = []string{Stage, Evidence}

// OfAudit lists the metrics that WriteAudit writes.
func OfAudit() []Definition {
	return []Definition{
		{AuditVersions, count, byStage}, {AuditAlike, count, byStage}, {AuditUnknown, count, byStage}, {AuditFindings, count, byStage},
		{AuditWhole, count, byStage}, {AuditCut, count, byStage}, {AuditFindings, count, byReason}, {AuditCompared, count, byEvidence},
	}
}

// Audit is what the audit of one bucket came to, in versions.
type Audit struct {
	Versions, Alike, Unknown, Findings int64
	ByReason                           map[reason.Code]int64 // findings
	ByEvidence                         map[verdict.Evidence]int64
	Cut                                bool // not all was listed or looked at
}

// kinds are the values of Evidence, by what begins a verdict's.
var kinds = []struct {
	begins verdict.Evidence
	value  string
}{
	{verdict.BytesRead, "BytesRead"}, {verdict.FullObjectChecksum, "FullObjectChecksum"}, {verdict.CompositeChecksum, "CompositeChecksum"},
	{verdict.SinglePartETag, "SinglePartETag"}, {verdict.MultipartETag, "MultipartETag"}, {verdict.DeleteMarker, "DeleteMarker"},
}

func kind(e verdict.Evidence) string {
	for _, k := range kinds {
		if strings.HasPrefix(string(e), string(k.begins)) {
			return k.value
		}
	}
	return "Other"
}

// WriteAudit writes the lines of the audit of one bucket: what it came to, findings by reason
// and what was compared by evidence. An audit in which nothing was cut short counts as whole.
func (s Scope) WriteAudit(w io.Writer, at time.Time, a Audit) error {
	ends := map[string]any{AuditWhole: 1, AuditCut: 0}
	if a.Cut {
		ends = map[string]any{AuditWhole: 0, AuditCut: 1}
	}
	whole := map[string]any{Stage: s.Stage, AuditVersions: a.Versions, AuditAlike: a.Alike, AuditUnknown: a.Unknown, AuditFindings: a.Findings}
	maps.Copy(whole, ends)
	lines := []line{{byStage, whole}}
	for _, code := range slices.Sorted(maps.Keys(a.ByReason)) {
		lines = append(lines, line{byReason, map[string]any{Stage: s.Stage, Reason: code, AuditFindings: a.ByReason[code]}})
	}
	compared := map[string]int64{}
	for e, n := range a.ByEvidence {
		compared[kind(e)] += n
	}
	for _, value := range slices.Sorted(maps.Keys(compared)) {
		lines = append(lines, line{byEvidence, map[string]any{Stage: s.Stage, Evidence: value, AuditCompared: compared[value]}})
	}
	encoder := json.NewEncoder(w)
	for _, l := range lines {
		if err := encoder.Encode(l.document(at)); err != nil {
			return fmt.Errorf("write metrics of an audit of stage %s: %w", s.Stage, err)
		}
	}
	return nil
}
