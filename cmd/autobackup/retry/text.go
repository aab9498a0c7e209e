package retry

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

const (
	mostRows = 50 // of a table; --json has all
	widest   = 80 // characters of an object's name in a table
)

// seconds is how times are shown.
const seconds = "2006-01-02 15:04:05"

// verb is what a run does with messages.
func (r *Report) verb() (todo, done string) {
	switch {
	case r.Command == "discard":
		return "discard", "Discarded"
	case strings.Contains(r.To, "failure-queue"):
		return "tell again", "Handed over to be told again"
	}
	return "retry", "Retried"
}

// Asks says whether there is anything that the run may do.
func (r *Report) Asks() bool { return !r.Refused && (r.Pending() > 0 || r.open()) }

// Question is put before anything is changed.
func (r *Report) Question() string {
	n := count(r.Pending(), "message")
	if r.open() {
		n += " and what else is chosen"
		if !r.all {
			n += fmt.Sprintf(", up to %d", r.Max)
		}
	}
	switch todo, _ := r.verb(); todo {
	case "discard":
		return fmt.Sprintf("Put %s on record and delete them?", n)
	default:
		return fmt.Sprintf("Send %s to %s?", n, r.To)
	}
}

// plan writes what was found and would be done.
func (r *Report) plan(w io.Writer) error {
	var page strings.Builder
	todo, _ := r.verb()
	found := slices.ContainsFunc(r.queues(), func(q *Queue) bool { return len(q.Groups)+q.Hidden > 0 })
	if len(r.Executions) == 0 && !found && r.Pending() == 0 && !r.open() {
		fmt.Fprintf(&page, "Nothing to %s in stage %s (%s).\n", todo, r.Stage, r.Region)
	} else {
		r.planTable(&page)
	}
	for _, q := range r.queues() {
		if q.Hidden > 0 {
			fmt.Fprintf(&page, "%s of %s: held by another reader now; run this again when they show.\n", count(q.Hidden, "more message"), q.Queue)
		}
	}
	if r.Refused {
		fmt.Fprintf(&page, "About %s are more than --max %d: choose fewer with --reason, --bucket, --prefix or --older-than, or take all of them with --all.\n", count(r.Pending(), "message"), r.Max)
	}
	if r.DryRun {
		r.left(&page)
	}
	return write(w, page.String())
}

func (r *Report) planTable(page *strings.Builder) {
	todo, _ := r.verb()
	rows := []table.Row{}
	for _, q := range r.queues() {
		for _, g := range q.Groups {
			rows = append(rows, table.Row{q.Queue, g.Reason, g.Oldest.Format(seconds), "", "", "", g.Number, firstNamed(g.Objects, g.Number)})
		}
		switch {
		case q.open():
			rows = append(rows, table.Row{q.Queue, "", "", fmt.Sprintf("about %d", q.NotLooked), "", "", "?", "not looked at yet"})
		case q.NotLooked > 0:
			rows = append(rows, table.Row{q.Queue, "", "", "", "", "", fmt.Sprintf("about %d", q.NotLooked), "not looked at"})
		}
	}
	for _, x := range r.Executions {
		rows = append(rows, table.Row{
			x.ARN[strings.LastIndex(x.ARN, ":")+1:], x.Status, x.Ended.Format(seconds),
			x.Messages, x.Unsettled, x.Before, x.Pending, firstNamed(x.Objects, x.Pending),
		})
	}
	writeTable(page, table.Row{"execution or queue", "status or reason", "ended, or since (UTC)", "messages", "unsettled", "before", "to " + todo, "objects"}, rows)
}

// firstNamed are the first objects, one below the other.
func firstNamed(objects []string, of int) string {
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
	todo, done := r.verb()
	if !r.DryRun && !r.Declined && !r.Refused && (r.Done() > 0 || r.Pending() > 0 || r.Operation != "") {
		of := r.Done() - r.doneOfQueues()
		fmt.Fprintf(&page, "%s: %s (%d parked, %d of %s", done, count(r.Done(), "message"), r.Parked.Done, r.EventDLQ.Done, r.EventDLQ.Queue)
		if r.FailureDLQ.Done > 0 {
			fmt.Fprintf(&page, ", %d of %s", r.FailureDLQ.Done, r.FailureDLQ.Queue)
		}
		if todo == "retry" {
			fmt.Fprintf(&page, ", %d of executions", of)
		}
		page.WriteString(")\n")
	}
	if r.Parked.Returned > 0 && todo == "retry" {
		fmt.Fprintf(&page, "%s came back meanwhile: failed again, told and parked.\n", count(r.Parked.Returned, "message"))
	}
	if r.Interrupted {
		page.WriteString("Interrupted: the rest is where it was. Run the same command again to go on.\n")
	}
	if !r.DryRun {
		r.left(&page)
	}
	for _, q := range r.queues() {
		if q.Unreached > 0 {
			fmt.Fprintf(&page, "About %s of %s: not reached. Check what stays, then run the same command again.\n", count(q.Unreached, "more message"), q.Queue)
		}
		if q.Hidden > 0 && r.Operation != "" { // otherwise the plan says it
			fmt.Fprintf(&page, "About %s of %s: not reached, because another reader had them. Run the same command again: what is still there then shows.\n", count(q.Hidden, "more message"), q.Queue)
		}
	}
	if r.Operation != "" {
		fmt.Fprintf(&page, "On record, with who and why, as %s: autobackup parked --done shows it.\n", r.Operation)
	}
	if !r.failed {
		fmt.Fprintf(&page, "result  %s   exit %d\n", r.result(), r.Exit())
	}
	return write(w, page.String())
}

// result is the run in a few words.
func (r *Report) result() string {
	todo, _ := r.verb()
	switch unreached := r.unreached(); {
	case r.Refused:
		return "more than --max: nothing was changed"
	case r.Declined:
		return "the answer was no: nothing was changed"
	case r.Interrupted:
		return "interrupted after " + count(r.Done(), "message")
	case len(r.Left)+unreached > 0:
		parts := count(r.Done(), "message") + " done"
		if r.DryRun {
			parts = count(r.Pending(), "message") + " to " + todo
		}
		if n := len(r.Left); n > 0 {
			parts += fmt.Sprintf(", %d left where they are", n)
		}
		if unreached > 0 {
			parts += fmt.Sprintf(", about %d not reached", unreached)
		}
		return parts
	case r.DryRun && r.open():
		return fmt.Sprintf("%s and perhaps more to %s", count(r.Pending(), "message"), todo)
	case r.DryRun:
		return count(r.Pending(), "message") + " to " + todo
	case r.Operation == "":
		return "nothing to " + todo
	}
	return "all done, " + count(r.Done(), "message")
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
