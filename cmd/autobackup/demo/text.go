package demo

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"autobackup/cmd/autobackup/watch"
	"autobackup/local"
)

// widest is how much of a name a table shows.
const widest = 60

// Text writes the report for people: in colour on a terminal only.
func (r *Report) Text(w io.Writer) error {
	f, ok := w.(*os.File)
	p := &page{Writer: bufio.NewWriter(w), colour: ok && term.IsTerminal(int(f.Fd()))}
	p.objects(r)
	p.unread(r.Unread)
	p.alerts(r.Alerts)
	p.parked(r.Parked)
	p.undelivered(r.Undelivered)
	p.paths(r.Paths)
	p.totals(r)
	if err := p.Flush(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// page is a report on its way out; write errors show when it is flushed.
type page struct {
	*bufio.Writer
	colour bool
}

func (p *page) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(p, format, args...)
}

func (p *page) title(format string, args ...any) {
	p.printf("\n%s\n\n", fmt.Sprintf(format, args...))
}

func (p *page) table(header table.Row, rows []table.Row) {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(header)
	t.AppendRows(rows)
	p.printf("%s\n", t.Render())
}

func (p *page) objects(r *Report) {
	p.title("Objects")
	rows := make([]table.Row, 0, len(r.Objects))
	for _, o := range r.Objects {
		why := string(o.Evidence)
		if why == "" {
			why = string(o.Reason)
		}
		rows = append(rows, table.Row{cmp.Or(o.Category, o.Bucket), short(o.Object), p.verdict(o), why, o.Looks, elapsed(o.Seconds), asExpected(o.Expected)})
	}
	p.table(table.Row{"bucket", "object", "verdict", "evidence or reason", "looks", "time", "expected"}, rows)
}

func (p *page) verdict(o Row) string {
	if o.Verdict == "" {
		return "none"
	}
	if !p.colour {
		return string(o.Verdict)
	}
	return watch.Coloured(o.Verdict)
}

func asExpected(yes bool) string {
	if yes {
		return "yes"
	}
	return "NO"
}

func elapsed(seconds float64) string {
	return (time.Duration(seconds) * time.Second).String()
}

// short keeps the beginning and the end of a long name.
func short(name string) string {
	runes := []rune(name)
	if len(runes) <= widest {
		return name
	}
	return string(runes[:widest-20]) + "…" + string(runes[len(runes)-19:])
}

func (p *page) unread(all []Unread) {
	if len(all) == 0 {
		return
	}
	p.title("Files that could not be uploaded")
	rows := make([]table.Row, 0, len(all))
	for _, u := range all {
		rows = append(rows, table.Row{printable(u.Path), printable(u.Why)})
	}
	p.table(table.Row{"file", "why"}, rows)
}

func (p *page) alerts(all []Alert) {
	p.title("E-mails: %d", len(all))
	for _, a := range all {
		p.printf("Subject: %s\n\n%s\n%s\n", a.Subject, strings.TrimSpace(a.Message), strings.Repeat("─", 72))
	}
}

func (p *page) parked(all []Parked) {
	p.title("Parked messages: %d", len(all))
	if len(all) == 0 {
		return
	}
	rows := make([]table.Row, 0, len(all))
	for _, m := range all {
		rows = append(rows, table.Row{m.Queue, m.Reason, short(m.Object)})
	}
	p.table(table.Row{"queue", "reason", "message"}, rows)
}

func (p *page) undelivered(all []local.Undelivered) {
	if len(all) == 0 {
		return
	}
	p.title("Deliveries that failed")
	for _, u := range all {
		p.printf("%d × %s\n", u.Times, printable(u.What))
	}
}

func (p *page) paths(all []Path) {
	p.title("Executions and their states")
	for _, path := range all {
		p.printf("%d × %s: %s\n", path.Executions, path.Status, route(path.States))
	}
}

// permissions says that policies decide, also here: the templates', and those that
// `autobackup policy` prints for who uploads and who operates.
func (p *page) permissions(all []Refused) {
	if len(all) == 0 {
		p.printf("every call was allowed by the policies of the templates, and by those that autobackup policy prints\n")
		return
	}
	for _, r := range all {
		p.printf("REFUSED %d × %s by %s: no policy allows it\n", r.Times, r.Action, printable(r.By))
	}
}

func (p *page) totals(r *Report) {
	p.title("Totals")
	per := func(n int) float64 { return float64(n) / float64(max(r.Totals.Objects, 1)) }
	p.printf("%d objects in %d executions\n", r.Totals.Objects, r.Totals.Executions)
	p.printf("%d state transitions, %.2f per object\n", r.Totals.Transitions, per(r.Totals.Transitions))
	p.printf("%d HEAD requests, %.2f per object\n", r.Totals.Heads, per(r.Totals.Heads))
	p.permissions(r.Refused)
	if r.Expected {
		p.printf("every outcome was the expected one\n")
		return
	}
	p.printf("NOT every outcome was the expected one%s\n", r.perhaps)
}
