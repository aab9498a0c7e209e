package report_test

import (
	"fmt"
	"testing"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
)

// BenchmarkWrite has a version each time: what a line of all lists and of the manifest
// costs.
func BenchmarkWrite(b *testing.B) {
	r := sample()
	r.Replicable, r.Listed = int64(b.N), int64(b.N)
	r.Counts = []audit.Count{{Category: audit.Finding, Reason: reason.ReplicationFailed, Versions: r.Listed}}
	err := report.Write(b.TempDir(), []audit.Report{r}, func(yield func(audit.Item, error) bool) {
		for v := range b.N {
			i := failed()
			i.Key = fmt.Sprintf("2026/11/28/invoice-%012d.pdf", v)
			if !yield(i, nil) {
				return
			}
		}
	}, everything)
	if err != nil {
		b.Fatal(err)
	}
}
