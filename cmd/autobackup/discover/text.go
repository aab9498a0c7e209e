package discover

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	pretty "github.com/jedib0t/go-pretty/v6/text"

	"autobackup/internal/text"
)

const mostRows = 50 // of a table, without --all

// Text writes the report for people. With all, it shows every bucket, also those that are
// fine.
func (r *Report) Text(w io.Writer, all bool) error {
	var page strings.Builder
	r.unreadAccounts(&page)
	for _, s := range states {
		if s.Blind() || all {
			r.section(&page, s, all)
		}
	}
	r.fine(&page)
	r.others(&page)
	r.unknowns(&page)
	r.coverage(&page)
	fmt.Fprintf(&page, "Result: %s; exit code %d\n", r.result(), r.Exit)
	if _, err := io.WriteString(w, page.String()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

func (r *Report) unreadAccounts(page *strings.Builder) {
	unread := r.unread()
	if len(unread) == 0 {
		return
	}
	rows := make([]table.Row, 0, len(unread))
	for _, a := range unread {
		next := "docs/discover.md#accounts-that-cannot-be-read"
		if a.Unread.Grant != "" {
			next = "grant " + a.Unread.Grant
		}
		rows = append(rows, table.Row{a.ID, text.Line(a.Unread.Why, 100), next})
	}
	fmt.Fprintf(page, "account not read: %d\n", len(unread))
	writeTable(page, table.Row{"account", "why", "next"}, rows)
	page.WriteString("\n")
}

// section is the table of the buckets in one state.
func (r *Report) section(page *strings.Builder, s State, all bool) {
	var rows []table.Row
	for i := range r.Buckets {
		if b := &r.Buckets[i]; b.State == s {
			rows = append(rows, b.cells())
		}
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(page, "%s: %s\n", s, text.Count(len(rows), "bucket"))
	more := 0
	if !all {
		more = max(0, len(rows)-mostRows)
	}
	writeTable(page, table.Row{"bucket", "account", "region", "versioning", "replicates to", "metrics", "EventBridge", "validated", "lock", "next"}, rows[:len(rows)-more])
	if more > 0 {
		fmt.Fprintf(page, "and %s; --all shows them\n", text.Count(more, "more bucket"))
	}
	page.WriteString("\n")
}

// cells are what is known of a bucket: ? is what could not be read.
func (r *Row) cells() table.Row {
	replication, metrics := r.replicates()
	validated := yes(r.Validated)
	switch {
	case r.Validated && len(r.LeftOut) > 0:
		validated = "but " + text.Line(strings.Join(r.LeftOut, ", "), 60)
	case r.Validated && len(r.Only) > 0:
		validated = "only " + text.Line(strings.Join(r.Only, ", "), 60)
	}
	if r.unseen() {
		validated = "?"
	}
	return table.Row{
		text.Name(r.Name), cmp.Or(r.Account, "?"), r.or(Region, text.Line(r.Region, 30)), r.or(Versioning, text.Line(r.Versioning, 20)), replication, metrics,
		r.or(EventBridge, onOff(r.EventBridge)), validated, r.or(Lock, text.Line(r.Lock, 40)), r.Next,
	}
}

func (r *Row) or(f Fact, known string) string {
	if r.unknown(f) {
		return "?"
	}
	return known
}

// replicates tells where to and by how many of the rules S3 publishes metrics.
func (r *Row) replicates() (to, metrics string) {
	switch {
	case r.unknown(Replication):
		return "?", "?"
	case len(r.Rules) == 0 && len(r.Of) > 0:
		return "replica of " + text.Name(r.Of[0]) + more(len(r.Of)-1), ""
	case len(r.Rules) == 0:
		return "no", ""
	}
	var lines []string
	with := 0
	for _, rule := range r.Rules {
		line := text.Name(rule.To)
		if rule.Account != "" && rule.Account != r.Account {
			line += " of " + text.Line(rule.Account, 20)
		}
		if !rule.Every {
			line += " (part: rule " + text.Name(rule.ID) + ")"
		}
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
		if rule.Metrics {
			with++
		}
	}
	if len(lines) > 3 {
		lines = append(lines[:3], fmt.Sprintf("and %d more", len(lines)-3))
	}
	metrics = fmt.Sprintf("%d of %d rules", with, len(r.Rules))
	if with == 0 || with == len(r.Rules) {
		metrics = onOff(with > 0)
	}
	return strings.Join(lines, "\n"), metrics
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func writeTable(page *strings.Builder, header table.Row, rows []table.Row) {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.Style().Format.Header = pretty.FormatDefault
	t.SuppressTrailingSpaces()
	t.AppendHeader(header)
	t.AppendRows(rows)
	page.WriteString(t.Render() + "\n")
}
