package requeue

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

const (
	mostRows = 50 // of a table; --json has all
	widest   = 80 // characters of an object's name in a table
)

// plan writes what was found and would be put back.
func (r *Report) plan(w io.Writer) error {
	var page strings.Builder
	if len(r.Executions) == 0 && r.EventDLQ.Pending == 0 {
		fmt.Fprintf(&page, "Nothing to put back in stage %s (%s).\n", r.Stage, r.Region)
	} else {
		r.planTable(&page)
	}
	if r.EventDLQ.Hidden > 0 {
		fmt.Fprintf(&page, "%s of %s: held by another reader now; run this again when they show.\n", count(r.EventDLQ.Hidden, "more message"), r.EventDLQ.Queue)
	}
	if len(r.Executions) > 0 {
		fmt.Fprintf(&page, "\"before\" is what %s knows. What others put back from elsewhere is not known here; a second look at an object harms nothing.\n", r.Ledger)
	}
	if r.DryRun {
		r.left(&page)
	}
	return write(w, page.String())
}

func (r *Report) planTable(page *strings.Builder) {
	rows := []table.Row{}
	if q := r.EventDLQ; q.Pending > 0 {
		rows = append(rows, table.Row{q.Queue, "", "", "", "", "", fmt.Sprintf("about %d", q.Pending), named(q.Objects, q.Pending)})
	}
	for _, x := range r.Executions {
		rows = append(rows, table.Row{
			x.ARN[strings.LastIndex(x.ARN, ":")+1:], x.Status, x.Ended.Format("2006-01-02 15:04:05"),
			x.Messages, x.Unsettled, x.Before, x.Pending, named(x.Objects, x.Pending),
		})
	}
	writeTable(page, table.Row{"execution or queue", "status", "ended (UTC)", "messages", "unsettled", "before", "to put back", "objects"}, rows)
}

// named are the first objects, one below the other.
func named(objects []string, of int) string {
	lines := make([]string, 0, samples+1)
	for _, o := range objects {
		lines = append(lines, short(o))
	}
	if more := of - len(objects); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// short leaves out the version of an object's name in printable ASCII, and the
// middle of a long one; --json has all of it.
func short(name string) string {
	if at := strings.LastIndexByte(name, '@'); at > 0 {
		quote := name[:len(name)-len(strings.TrimLeft(name, `"`))] // what it begins with it also ends with
		name = name[:at] + quote
	}
	if len(name) <= widest {
		return name
	}
	return name[:widest-23] + "..." + name[len(name)-20:]
}

// Text writes, for people, what was done. Plan has written what was found.
func (r *Report) Text(w io.Writer) error {
	var page strings.Builder
	switch {
	case r.Declined:
		page.WriteString("Nothing was put back.\n")
	case !r.DryRun && (r.Sent() > 0 || r.Pending() > 0):
		fmt.Fprintf(&page, "Put back %s: %d of executions, %d of %s.\n", count(r.Sent(), "message"), r.Sent()-r.EventDLQ.Sent, r.EventDLQ.Sent, r.EventDLQ.Queue)
	}
	if r.Interrupted {
		page.WriteString("Interrupted: the rest is where it was. Run the same command again to go on.\n")
	}
	if !r.DryRun {
		r.left(&page)
	}
	if q := r.EventDLQ; q.Unreached > 0 {
		fmt.Fprintf(&page, "About %s of %s: not reached. Check what stays and delete it there, then run the same command again.\n", count(q.Unreached, "more message"), q.Queue)
	}
	return write(w, page.String())
}

func (r *Report) left(page *strings.Builder) {
	if len(r.Left) == 0 {
		return
	}
	rows := make([]table.Row, 0, len(r.Left))
	for _, l := range r.Left {
		rows = append(rows, table.Row{l.From[strings.LastIndex(l.From, ":")+1:], l.Message, short(l.Object), l.Why})
	}
	fmt.Fprintf(page, "\nLeft where they are: %s\n", count(len(r.Left), "message"))
	writeTable(page, table.Row{"execution or queue", "message", "object", "why"}, rows)
}

func writeTable(page *strings.Builder, header table.Row, rows []table.Row) {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(header)
	t.AppendRows(rows[:min(len(rows), mostRows)])
	page.WriteString(t.Render() + "\n")
	if more := len(rows) - mostRows; more > 0 {
		fmt.Fprintf(page, "and %s; --json has all\n", count(more, "more row"))
	}
}

func write(w io.Writer, page string) error {
	if _, err := io.WriteString(w, page); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
