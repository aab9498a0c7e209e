package accept

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"autobackup/internal/audit"
	"autobackup/internal/text"
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
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", until, Scope(a), text.Line(a.Who, shown), text.Line(a.Why, shown)) //nolint:errcheck // Flush tells
	}
	return table.Flush()
}
