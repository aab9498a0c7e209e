package accept

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
)

// List writes the entries for people, one a line.
func List(w io.Writer, entries []audit.Acceptance, now time.Time) error {
	if len(entries) == 0 {
		_, err := fmt.Fprintln(w, "Nothing is accepted.")
		return err
	}
	const padding = 2
	table := tabwriter.NewWriter(w, 0, 0, padding, ' ', 0)
	fmt.Fprintln(table, "UNTIL\tTAKES OUT\tWHO\tWHY") //nolint:errcheck // Flush tells
	for _, a := range entries {
		until := a.Until.UTC().Format(time.DateOnly)
		if !now.Before(a.Until) {
			until += " (over)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", until, Scope(a), visible(a.Who), visible(a.Why)) //nolint:errcheck // Flush tells
	}
	return table.Flush()
}

// JSON writes the entries for machines, as the file has them.
func JSON(w io.Writer, entries []audit.Acceptance) error {
	return report.Indented(w, file{append([]audit.Acceptance{}, entries...)})
}

// visible is what people wrote, in any script, with an escape for what is not printable.
func visible(s string) string {
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
