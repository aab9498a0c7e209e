package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"autobackup/internal/audit"
)

// Screen writes what a person sees first after a run. Nothing of a bucket reaches the
// terminal as it is: keys are in commands, which are ASCII, and every other text goes
// through visible.
func Screen(w io.Writer, reports []audit.Report, folder string, o Options) error {
	if err := check(reports); err != nil {
		return err
	}
	if o.RedactKeys {
		reports = Redacted(reports)
	}
	s := screen{folder: folder, o: o}
	for _, r := range reports {
		s.pair(r)
	}
	s.end(reports)
	if _, err := io.WriteString(w, s.page.String()); err != nil {
		return fmt.Errorf("write the first screen: %w", err)
	}
	return nil
}

type screen struct {
	page   strings.Builder
	folder string
	o      Options
}

// The colours, which are used where Options.Colour is set.
const (
	red    = "\x1b[1;31m"
	yellow = "\x1b[33m"
	green  = "\x1b[32m"
	plain  = "\x1b[0m"
)

func (s *screen) paint(colour, words string) string {
	if !s.o.Colour || colour == "" {
		return words
	}
	return colour + words + plain
}

// count writes one line of the sum.
func (s *screen) count(colour, label string, n int64, words string) {
	line := fmt.Sprintf("%s%15s  %s", s.paint(colour, fmt.Sprintf("%-9s", label)), grouped(n), words)
	s.page.WriteString(strings.TrimRight(line, " ") + "\n")
}

// note writes a line without a number.
func (s *screen) note(colour, label, words string) {
	s.page.WriteString(s.paint(colour, fmt.Sprintf("%-9s", label)) + " " + words + "\n")
}

func (s *screen) pair(r audit.Report) {
	fmt.Fprintf(&s.page, "%s   %s\n", pair(r), how(r))
	s.findings(r)
	if t := total(r, audit.Unknown); t.Versions > 0 {
		words := parts(counts(r, audit.Unknown), every)
		if t.New > 0 {
			words += " (" + grouped(t.New) + " new)"
		}
		s.count(yellow, "unknown", t.Versions, words)
	}
	if t := total(r, audit.Accepted); t.Versions > 0 {
		s.count("", "accepted", t.Versions, parts(counts(r, audit.Accepted), every))
	}
	s.fine(r)
	s.count("", "listed", r.Listed, "all versions and delete markers of both sides, each once: the sum")
	s.problems(r)
	s.bounds(r)
}

// findings leads with what is new, where an audit was before.
func (s *screen) findings(r audit.Report) {
	t, all := total(r, audit.Finding), counts(r, audit.Finding)
	switch {
	case t.Versions == 0:
	case r.Since == "":
		s.count(red, "FINDINGS", t.Versions, parts(all, every))
	default:
		if t.New > 0 {
			s.count(red, "NEW", t.New, "not in "+visible(r.Since)+": "+parts(all, fresh))
		}
		if old := t.Versions - t.New; old > 0 {
			s.count(red, "FINDINGS", old, "as in "+visible(r.Since)+": "+parts(all, known))
		}
	}
}

// fine is what is as it must be, in one line. What is expected is told for itself: it
// has an explanation, and maybe no copy.
func (s *screen) fine(r audit.Report) {
	if t := total(r, audit.Expected); t.Versions > 0 {
		s.count("", "expected", t.Versions, parts(counts(r, audit.Expected), every))
	}
	alike, compared := total(r, audit.Alike), total(r, audit.Compared)
	var words []string
	if alike.Versions > 0 {
		words = append(words, "alike in size and ETag only "+grouped(alike.Versions))
	}
	if compared.Versions > 0 {
		words = append(words, "compared "+grouped(compared.Versions)+" ("+parts(counts(r, audit.Compared), every)+")")
	}
	n, colour := alike.Versions+compared.Versions, green
	if n == 0 {
		colour = ""
	}
	s.count(colour, "fine", n, strings.Join(words, ", "))
}

// problems has a command for each.
func (s *screen) problems(r audit.Report) {
	label, colour := "worst", red
	for _, n := range counts(r, audit.Finding) {
		s.problem(r, label, colour, n)
		label = "then"
	}
	for _, n := range counts(r, audit.Unknown) {
		s.problem(r, "unknown", yellow, n)
	}
	s.mend(r)
	if command := accepting(r, s.o); command != "" {
		s.note("", "accept", "what is meant to be so, with who, why and until when; --prefix, --key or --reason take more:")
		s.note("", "", command)
	}
}

func (s *screen) problem(r audit.Report, label, colour string, n audit.Count) {
	s.note(colour, label, name(n)+" "+grouped(n.Versions)+": "+Explain(n.Category, n.Reason).Meaning)
	if i, ok := worst(n); ok {
		s.note("", "", explain(r, i, s.o))
	}
}

func (s *screen) mend(r audit.Report) {
	missing := lacks(r)
	again := "S3 can replicate " + grouped(r.Replicable) + " again"
	switch {
	case r.Replicable == 0 && !missing:
	case s.o.RedactKeys:
		if r.Replicable > 0 {
			again += "; "
		} else {
			again = ""
		}
		s.note("", "mend", again+"all mending needs the keys: audit without --redact-keys")
	case r.Replicable == 0:
		s.note("", "mend", s.file(mendFile)+": the copy in place, as S3 can replicate none of it again")
	case missing:
		s.note("", "mend", s.file(mendFile)+": "+again+" ("+manifestFile+"); the copy in place for what it can't")
	default:
		s.note("", "mend", s.file(mendFile)+": "+again+" ("+manifestFile+")")
	}
}

// bounds says what the claims above don't reach.
func (s *screen) bounds(r audit.Report) {
	for _, words := range limits(r) {
		s.note(yellow, "limits", visible(words))
	}
}

// end is what holds for all pairs. The last line is the result.
func (s *screen) end(reports []audit.Report) {
	s.note("", "report", s.file(PageFile)+", "+strings.Join([]string{FindingsFile, tableFile, SumsFile}, ", "))
	result, exit := outcome(reports)
	colour := map[string]string{"finding": red, "unknown": yellow, "fine": green}[mood(reports)]
	s.note("", "result", fmt.Sprintf("%s (%s)   %s", visible(result), summed(reports), s.paint(colour, fmt.Sprintf("exit %d", exit))))
}

func (s *screen) file(name string) string { return pathWord(s.folder, name) }

// limits are the notes of a report, and what could not be read of its buckets where no
// note says so.
func limits(r audit.Report) []string {
	all := slices.Clone(r.Notes)
	for _, side := range []audit.SideReport{r.Primary, r.Replica} {
		for _, words := range side.Unread {
			if !slices.ContainsFunc(r.Notes, func(note string) bool { return strings.Contains(note, words) }) {
				all = append(all, side.Bucket+": "+words)
			}
		}
	}
	return all
}
