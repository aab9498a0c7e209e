package docs_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
)

func TestTheAuditsPageHasEveryReason(t *testing.T) {
	categories := map[audit.Category]string{audit.Finding: "finding", audit.Unknown: "unknown", audit.Expected: "expected"}
	var table strings.Builder
	table.WriteString("| reason | counted as | what it means | what to do |\n|---|---|---|---|\n")
	for _, r := range report.Reasons() {
		require.NotEmpty(t, categories[r.Category], r.Code)
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", r.Code, categories[r.Category], r.Meaning, r.Next)
	}
	want := between(t, read(t, "audit.md"), "reasons", table.String())
	generated(t, "audit.md", want)
}

// A message is not part of an audit, so it has no reason for one.
func TestAnAuditHasWordsForEveryReasonThereIs(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../internal/reason/reason.go", nil, 0)
	require.NoError(t, err)
	want := map[reason.Code]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			code, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			want[reason.Code(code)] = true
		}
		return true
	})
	require.Contains(t, want, reason.Young)
	delete(want, reason.MalformedEvent)
	delete(want, reason.AsPlanted) // no audit lists the bucket of heartbeats
	got := map[reason.Code]bool{}
	for _, r := range report.Reasons() {
		got[r.Code] = true
	}
	assert.Equal(t, want, got)
}

func TestTheFindingsOfAnAuditAreInTheOrderOfTheirSeverity(t *testing.T) {
	var got []reason.Code
	for _, r := range report.Reasons() {
		if r.Category == audit.Finding {
			got = append(got, r.Code)
		}
	}
	want := slices.DeleteFunc(audit.Severity(), func(c reason.Code) bool { return !slices.Contains(got, c) })
	assert.Equal(t, want, got)
}
