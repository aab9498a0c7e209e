package explain

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"autobackup/cmd/autobackup/logged"
	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// The results and exit codes, as an audit's.
const (
	asItMustBe, exitAsItMustBe = "as it must be", 0
	unknown, exitFindings      = "unknown", 1
	notAsItMustBe              = "not as it must be"
	accepted                   = "accepted by people"
	young                      = "too young to tell"
)

// conclude is the exit code of all replicas.
func (e *Explanation) conclude() {
	e.Result, e.Exit = asItMustBe, exitAsItMustBe
	for _, r := range e.Replicas {
		switch {
		case r.Item.Category == audit.Finding:
			e.Result, e.Exit = notAsItMustBe, exitFindings
		case r.Item.Category == audit.Unknown && e.Exit == exitAsItMustBe:
			e.Result, e.Exit = unknown, exitFindings
		case r.Item.Category == audit.Accepted && e.Exit == exitAsItMustBe:
			e.Result = accepted
		case r.Item.Reason == reason.Young && e.Result == asItMustBe:
			e.Result = young
		}
	}
}

// JSON writes everything for machines.
func (e *Explanation) JSON(w io.Writer) error { return report.Indented(w, e) }

// The colours of a terminal.
const (
	red    = "\x1b[1;31m"
	yellow = "\x1b[33m"
	green  = "\x1b[32m"
	plain  = "\x1b[0m"
)

// Screen writes what a person sees. Nothing of a bucket reaches the terminal as it is:
// commands are ASCII, and every other text is made visible.
func (e *Explanation) Screen(w io.Writer, colour bool) error {
	s := screen{colour: colour}
	s.line("", report.Visible("s3://"+e.Primary+"/"+e.Key))
	s.note("version", e.Version+", "+e.Which)
	for _, r := range e.Replicas {
		s.replica(r)
	}
	s.soFar(e)
	paint := red
	if e.Exit == exitAsItMustBe {
		paint = green
	}
	s.line("result", fmt.Sprintf("%s   %s", e.Result, s.paint(paint, fmt.Sprintf("exit %d", e.Exit))))
	if _, err := io.WriteString(w, s.page.String()); err != nil {
		return fmt.Errorf("write the explanation: %w", err)
	}
	return nil
}

// soFar has a line for each look, by the log, and one for each e-mail.
func (s *screen) soFar(e *Explanation) {
	if e.Unlogged != "" {
		s.page.WriteString("\n")
		s.note(labelSoFar, "? "+e.Unlogged)
	}
	if e.SoFar != nil {
		s.page.WriteString("\n")
		s.looks(*e.SoFar)
	}
	if e.Untold != "" {
		s.note(labelTold, "? "+e.Untold)
	}
	if e.Told != nil {
		s.told(*e.Told, e.Primary)
	}
}

const labelSoFar, labelTold = "so far", "e-mails"

func (s *screen) looks(f logged.Found) {
	s.note(labelSoFar, searched(f.Stage+", by its log", f.Searched, len(f.Lines) == 0, "nothing of this version"))
	for i, l := range f.Lines {
		words := []string{moment(l.At), l.Outcome, l.Reason, l.Evidence, "at look " + strconv.Itoa(l.Looks)}
		s.note("", strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " "))
		last := i+1 == len(f.Lines)
		if last || f.Lines[i+1].Execution != l.Execution {
			s.note("", "execution "+l.Execution)
		}
		if last && l.Outcome == string(verdict.Failed) {
			s.note("", "it parks the message in autobackup-validation-dlq-"+f.Stage+", where that is unless somebody has taken it since")
		}
	}
}

// searched says which part of a log was searched and, where all of what was asked for was, that there
// is nothing in it.
func searched(stage string, in logged.Searched, nothing bool, none string) string {
	said := fmt.Sprintf("stage %s from %s to %s", stage, moment(in.From), moment(in.To))
	switch {
	case in.Cut != "" && nothing:
		return said + ": " + none + "; older lines were not searched: " + in.Cut + " (--since for less)"
	case in.Cut != "":
		return said + "; older lines were not searched: " + in.Cut + " (--since for less)"
	case nothing:
		return said + ": " + none
	}
	return said
}

// told claims of no e-mail that it is about the version but of those that name it, and of none that it
// was not sent: the log has what the sender has sent.
func (s *screen) told(t logged.Told, bucket string) {
	none := "none that names this version"
	if len(t.Emails) == 0 {
		none += "; what alarms and executions send themselves is not in it"
	}
	s.note(labelTold, searched(t.Stage+", by its sender's log", t.Searched, !t.Names(), none))
	for _, e := range t.Emails {
		var causes []string
		for _, c := range e.Causes {
			words := c.Reason
			if c.Replica != "" {
				words += " in " + c.Replica
			}
			if !e.Names {
				words = fmt.Sprintf("%d for %s", c.Unnamed, words)
			}
			causes = append(causes, words)
		}
		said := "names it, " + strings.Join(causes, " and ")
		if !e.Names {
			said = "counts more versions of " + bucket + " than it names, which may include it: " + strings.Join(causes, " and ")
		}
		s.note("", moment(e.At)+` "`+e.Subject+`" `+said)
	}
}

type screen struct {
	page   strings.Builder
	colour bool
}

func (s *screen) paint(colour, words string) string {
	if !s.colour || colour == "" {
		return words
	}
	return colour + words + plain
}

// labels is how wide the column of labels is.
const labels = 11

func (s *screen) line(label, words string) {
	s.page.WriteString(strings.TrimRight(fmt.Sprintf("%-*s %s", labels, label, words), " ") + "\n")
}

// note writes text that is made visible; a label stands before the first.
func (s *screen) note(label string, all ...string) {
	for _, words := range all {
		s.line(label, report.Visible(words))
		label = ""
	}
}

var colours = map[audit.Category]string{audit.Finding: red, audit.Unknown: yellow, audit.Expected: green, audit.Compared: green}

func (s *screen) replica(r Replica) {
	s.page.WriteString("\n")
	word := s.paint(colours[r.Item.Category], fmt.Sprintf("%-*s", labels, r.Word))
	s.page.WriteString(word + " " + strings.TrimSpace(string(r.Item.Reason)+" in "+report.Visible(r.Sides[1].Bucket)) + "\n")
	s.note("means", r.Meaning)
	if r.Item.Detail != "" {
		s.note("detail", r.Item.Detail)
	}
	s.table(r)
	if r.Parts != "" {
		s.note("parts", r.Parts)
	}
	if len(r.Groups) > 0 {
		s.note("metadata", metadata(r.Groups))
	}
	s.note("rules", r.Rules...)
	s.note("may be", r.Causes...)
	for _, x := range []struct{ label, words string }{{"who", r.Who}, {"do", r.Next}} {
		if x.words != "" {
			s.note(x.label, x.words)
		}
	}
	s.note("limits", r.Notes...)
	for _, w := range r.Ways {
		s.way(w)
	}
}

// table has the facts of both sides side by side.
func (s *screen) table(r Replica) {
	rows := [][4]string{{"", "primary " + titled(r.Sides[0]), "replica " + titled(r.Sides[1])}}
	for _, f := range r.Facts {
		row := [4]string{f.Name, cmp.Or(f.Primary, "-"), cmp.Or(f.Replica, "-")}
		if f.Differs {
			row[3] = "differs"
		}
		rows = append(rows, row)
	}
	var widths [4]int
	for i := range rows {
		for j, cell := range rows[i] {
			rows[i][j] = report.Visible(cell)
			widths[j] = max(widths[j], utf8.RuneCountInString(rows[i][j]))
		}
	}
	for _, row := range rows {
		s.line(row[0], fmt.Sprintf("%-*s   %-*s   %s", widths[1], row[1], widths[2], row[2], row[3]))
	}
}

func titled(s Side) string { return s.Bucket + " (" + s.Region + ")" }

// metadata says of each group whether it is the same.
func metadata(all []verdict.Group) string {
	words := make([]string, len(all))
	for i, g := range all {
		switch {
		case g.Unread:
			words[i] = g.Name + " unknown"
		case g.Equal:
			words[i] = g.Name + " equal"
		case g.Primary && g.Replica:
			words[i] = g.Name + " different"
		case g.Primary:
			words[i] = g.Name + " on the primary only"
		default:
			words[i] = g.Name + " on the replica only"
		}
	}
	return strings.Join(words, ", ")
}

// way writes commands as they are: they are ASCII, whatever the key is.
func (s *screen) way(w Way) {
	label := w.Name
	if w.Says != "" {
		s.note(label, w.Says)
		label = ""
	}
	for line := range strings.Lines(w.Lines) {
		s.line(label, strings.TrimSuffix(line, "\n"))
		label = ""
	}
}
