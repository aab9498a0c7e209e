package settle

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// summary is the batch in one line: "45 objects after 2 looks: 43 verified,
// 1 failed (CONTENT_MISMATCH), 1 lagging". Outcomes that did not occur are left
// out.
func (r *round) summary() string {
	settled, open := r.batch.Summary.Objects, len(r.batch.Messages)+len(r.batch.Lagging)
	var parts []string
	for _, o := range []verdict.Outcome{verdict.Verified, verdict.Failed, verdict.Skipped, verdict.Reading} {
		if n, reasons := count(settled, o); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s%s", n, o, reasons))
		}
	}
	if r.batch.Reads && len(r.batch.Reading) > 0 {
		parts = append(parts, fmt.Sprintf("%d %s", len(r.batch.Reading), verdict.Reading))
		open += len(r.batch.Reading)
	}
	if n := len(r.batch.Lagging); n > 0 {
		parts = append(parts, fmt.Sprintf("%d %s", n, verdict.Lagging))
	}
	if n := len(r.batch.Messages); n > 0 {
		parts = append(parts, fmt.Sprintf("%d not looked at yet", n))
	}
	head := text.Count(len(settled)+open, "object") + " after " + text.Count(r.looks(), "look")
	if len(parts) == 0 {
		return head
	}
	return head + ": " + strings.Join(parts, ", ")
}

// looks is how many the message had that had the most.
func (r *round) looks() (most int) {
	for _, s := range r.batch.Summary.Objects {
		most = max(most, s.Looks)
	}
	for _, list := range [][]batch.Message{r.batch.Messages, r.batch.Lagging, r.batch.Reading} {
		for _, m := range list {
			most = max(most, m.Progress.Looks)
		}
	}
	return most
}

// count counts an outcome and names its reasons or findings: " (A, B)",
// " (2 with METADATA_DIFFERS)", or nothing.
func count(settled []batch.Settled, o verdict.Outcome) (n int, why string) {
	codes := map[reason.Code]bool{}
	findings := 0
	for _, s := range settled {
		if s.Verdict != o {
			continue
		}
		n++
		codes[s.Reason] = true
		if s.Finding != "" {
			findings++
		}
	}
	delete(codes, "")
	var names []string
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		names = append(names, string(code))
	}
	if findings > 0 {
		names = append(names, fmt.Sprintf("%d with %s", findings, reason.MetadataDiffers))
	}
	if len(names) == 0 || o == verdict.Reading {
		return n, ""
	}
	return n, " (" + strings.Join(names, ", ") + ")"
}
