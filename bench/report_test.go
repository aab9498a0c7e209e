package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestARowTellsRateAndRatioAndWhetherTheTargetIsMet(t *testing.T) {
	ten := func(result) float64 { return 10 }
	results := map[string]result{"ours": {best: time.Second}, "slow": {best: 5 * time.Second}, "none": {missing: "no compiler"}}
	for name, c := range map[string]struct {
		row  row
		want []string
	}{
		"ours has a rate alone":            {row{tool: "ours", unit: "objects/s", amount: ten}, []string{"10 objects/s", "", "", ""}},
		"exactly the target is met":        {row{tool: "slow", unit: "objects/s", amount: ten, rival: "ours", atLeast: 5}, []string{"2 objects/s", "5.00", "5.00", "yes"}},
		"less than the target is told":     {row{tool: "slow", unit: "objects/s", amount: ten, rival: "ours", atLeast: 5.1}, []string{"2 objects/s", "5.00", "5.10", "NO"}},
		"without a target there is none":   {row{tool: "slow", unit: "objects/s", amount: ten, rival: "ours"}, []string{"2 objects/s", "5.00", "", ""}},
		"what did not run is not measured": {row{tool: "none", amount: ten, rival: "ours", atLeast: 1}, []string{"not run: no compiler", "", "1.00", "not measured"}},
	} {
		assert.Equal(t, c.want, c.row.cells(results), name)
	}
}

func TestAmountsAreThoseOfTheIssue(t *testing.T) {
	amounts := map[string]float64{}
	for _, r := range rows(options{objects: 5000, mib: 4096}) {
		amounts[r.tool+" "+r.unit] = r.amount(result{heads: 10001})
	}
	assert.InDelta(t, 5000, amounts[boto3+" objects/s"], 0)
	assert.InDelta(t, 10001, amounts[verdicts+" HEAD/s"], 0)
	assert.InDelta(t, 8.589934592, amounts[withCRC+" GB/s"], 0, "both sides")
}

func TestTheResultReplacesWhatIsBetweenTheMarkersAndNothingElse(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(page, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o600))
	require.NoError(t, insert(page, "new\n"))
	require.NoError(t, insert(page, "newer\n"))
	got, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Equal(t, "before\n"+begin+"\nnewer\n\n"+end+"after\n", string(got))

	require.NoError(t, os.WriteFile(page, []byte(begin), 0o600))
	assert.ErrorContains(t, insert(page, "new"), "to write between")
}

// What is measured and wanted is in the code; the page must be of that code.
func TestThePageHasEveryRowWithItsTarget(t *testing.T) {
	page, err := os.ReadFile("../docs/benchmarks.md")
	require.NoError(t, err)
	var lines []string
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "| ") && strings.HasSuffix(line, "|\n") {
			lines = append(lines, line)
		}
	}
	all := rows(options{})
	require.Len(t, lines, 1+len(all), "run bench/run --peers --write")
	for i, r := range all {
		cells := strings.Split(lines[1+i], " | ")
		assert.Equal(t, []string{"| " + r.tool, r.what}, cells[:2])
		assert.Equal(t, r.cells(nil)[2], cells[4])
	}
}

func TestFactsAreFoundOrUnknown(t *testing.T) {
	assert.Equal(t, "AMD EPYC", found(`(?m)^model name\s*: (.*)$`, "processor\t: 0\nmodel name\t: AMD EPYC\n"))
	assert.Equal(t, "unknown", found(`(?m)^model name\s*: (.*)$`, ""))
}

func TestABusyMachineIsTold(t *testing.T) {
	assert.Empty(t, busy("2.00", 2))
	assert.Empty(t, busy("", 2), "unknown")
	assert.Contains(t, busy("2.01", 2), "Run it again")
}
