package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"autobackup/internal/audit"
)

// columns are the first row of findings.csv.
var columns = []string{
	"primary", "replica", "key", "versionId", "deleteMarker", "size", "modified", "listedOn", "category", "reason", "evidence",
	"replicationStatus", "lifecycleRule", "damaged", "new", "detail", "acceptedBy", "acceptedUntil", "acceptedWhy",
}

func row(i audit.Item) []string {
	a := i.Accepted
	if a == nil {
		a = &audit.Acceptance{}
	}
	return []string{
		i.Primary, i.Replica, i.Key, i.Version, flag(i.Marker), strconv.FormatInt(i.Size, 10), moment(i.Modified), i.On,
		string(i.Category), string(i.Reason), string(i.Evidence), i.Status, i.Expires, i.Damaged, flag(i.New), i.Detail,
		a.Who, moment(a.Until), a.Why,
	}
}

// Table is a file for spreadsheets: what is in a cell is shown, and never run.
type Table struct{ rows *csv.Writer }

// NewTable begins one.
func NewTable(w io.Writer) *Table {
	rows := csv.NewWriter(w)
	rows.UseCRLF = true // as RFC 4180 has it
	return &Table{rows}
}

// Row writes a row. Each text is as cell has it.
func (t *Table) Row(texts ...string) error {
	for i := range texts {
		texts[i] = cell(texts[i])
	}
	return t.rows.Write(texts)
}

// Done writes what is left.
func (t *Table) Done() error {
	t.rows.Flush()
	return t.rows.Error()
}

// runs is what a spreadsheet takes for a formula: one that begins with =, +, - or @,
// also as a full-width character and after white space. What begins with an apostrophe
// is told apart from what one was put before.
var runs = regexp.MustCompile(`^[\s'"]*[=+\-@＝＋－＠]|^'`)

// runsAfter is where a spreadsheet may part the row, with what could be a formula after
// it: at a semicolon in a country that writes 1,5, and at a comma where it does not read
// the quotes around it.
var runsAfter = regexp.MustCompile(`[;,][\s'"]*[=+\-@＝＋－＠]`)

// cell is a text that a spreadsheet shows and does not run. An apostrophe stands
// before what could be a formula, and a semicolon or comma before such is an escape.
// So is everything that is not printable, such as tabs and line breaks, as visible has
// it. To get the text back: take one apostrophe from the beginning, then read the
// escapes, which are those of Go.
func cell(s string) string {
	if plainCell(s) {
		return s
	}
	s = runsAfter.ReplaceAllStringFunc(visible(s), func(m string) string { return fmt.Sprintf(`\x%02x`, m[0]) + m[1:] })
	if runs.MatchString(s) {
		return "'" + s
	}
	return s
}

// plainCell says whether a text needs nothing done to it, as most don't: there may be
// millions.
func plainCell(s string) bool {
	for n := range len(s) {
		letter := s[n] >= '0' && s[n] <= '9' || s[n] >= 'A' && s[n] <= 'Z' || s[n] >= 'a' && s[n] <= 'z'
		if !letter && (n == 0 || !strings.Contains("_-./: ", s[n:n+1])) {
			return false
		}
	}
	return true
}

// Moment is a time as all reports show it, or nothing where there is none.
func Moment(t time.Time) string { return moment(t) }

// moment is a time, or nothing where there is none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func flag(set bool) string {
	if set {
		return "true"
	}
	return ""
}
