package docs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"autobackup/cmd/autobackup/audit"
	core "autobackup/internal/audit"
)

const defaultRate = 500 // requests a second, as autobackup audit --help says

func ofLevel(level core.Level, versions int64, kms bool) audit.Estimate {
	return audit.EstimateOf(level, audit.Size{Versions: [2]int64{versions, versions}, Known: true}, 0, kms, defaultRate)
}

// auditPrices is what levels cost, from the estimate that an audit makes itself.
func auditPrices() string {
	var b strings.Builder
	b.WriteString("| versions a side | `listed` | at 500 requests a second | `rest`, with 1 % left open | `all` | `all`, under KMS without bucket keys |\n|---:|---:|---:|---:|---:|---:|\n")
	for _, versions := range []int64{1_000_000, 100_000_000, 1_000_000_000} {
		listed, all, kms := ofLevel(core.Listed, versions, false), ofLevel(core.AllLooked, versions, false), ofLevel(core.AllLooked, versions, true)
		open := audit.EstimateOfLooks(versions/100, false, defaultRate)
		fmt.Fprintf(&b, "| %s million | $%.2f | %s | $%.2f | $%.2f | $%.2f |\n", grouped(float64(versions/1_000_000)), listed.Dollars, hours(listed.Time),
			listed.Dollars+open.Dollars, all.Dollars, kms.Dollars)
	}
	return b.String()
}

func hours(d time.Duration) string {
	if d < time.Hour {
		return fmt.Sprintf("%.1f minutes", d.Minutes())
	}
	return fmt.Sprintf("%.1f hours", d.Hours())
}

func TestTheAuditPageHasThePricesThatAnAuditEstimates(t *testing.T) {
	want := between(t, read(t, "audit.md"), "prices", auditPrices())
	generated(t, "audit.md", want)
}

func TestABillionVersionsThatListingDecidesCostAtMostTwentyFiveDollars(t *testing.T) {
	assert.LessOrEqual(t, ofLevel(core.Listed, 1_000_000_000, false).Dollars, 25.0)
}
