package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// summarize is the summary in one line: "25 objects after 2 looks: 23 verified,
// 1 failed (CONTENT_MISMATCH), 1 lagging". Outcomes that did not occur are left
// out.
func summarize(settled []batch.Settled, lagging, reading, looks int) string {
	var parts []string
	for _, o := range []verdict.Outcome{verdict.Verified, verdict.Failed, verdict.Skipped} {
		if n, reasons := count(settled, o); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s%s", n, o, reasons))
		}
		if n := findings(settled); n > 0 && o == verdict.Verified {
			parts[len(parts)-1] += fmt.Sprintf(" (%d with %s)", n, reason.MetadataDiffers)
		}
	}
	if lagging > 0 {
		parts = append(parts, fmt.Sprintf("%d %s", lagging, verdict.Lagging))
	}
	if reading > 0 {
		parts = append(parts, fmt.Sprintf("%d %s", reading, verdict.Reading))
	}
	head := plural(len(settled)+lagging+reading, "object") + " after " + plural(looks, "look")
	if len(parts) == 0 {
		return head
	}
	return head + ": " + strings.Join(parts, ", ")
}

// count counts an outcome and names its reasons: " (A, B)", or nothing.
func count(settled []batch.Settled, o verdict.Outcome) (n int, reasons string) {
	codes := map[reason.Code]bool{}
	for _, s := range settled {
		if s.Verdict == o {
			n++
			codes[s.Reason] = true
		}
	}
	delete(codes, "")
	if len(codes) == 0 {
		return n, ""
	}
	var names []string
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		names = append(names, string(code))
	}
	return n, " (" + strings.Join(names, ", ") + ")"
}

// findings counts the verified ones that there is a finding about.
func findings(settled []batch.Settled) (n int) {
	for _, s := range settled {
		if s.Finding != "" {
			n++
		}
	}
	return n
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
