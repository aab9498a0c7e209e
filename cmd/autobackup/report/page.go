package report

import (
	"bytes"
	"cmp"
	_ "embed" // of the style
	"encoding/json"
	"html/template"
	"io"
	"strings"

	"autobackup/internal/audit"
	"autobackup/internal/text"
)

//go:embed style.css
var style string

// Style is how pages look.
func Style() string { return style }

// Pages begins a template of a page that shows texts which others chose: it escapes for
// HTML what visible has made visible. A page has no script and loads nothing, and says so
// to the browser with "meta", which then refuses both; "style" is how it looks.
func Pages(name string) *template.Template {
	return template.Must(template.New(name).Funcs(template.FuncMap{
		"css":     func() template.CSS { return template.CSS(style) }, //nolint:gosec // a file of this package's
		"grouped": grouped, "counted": counted, "visible": visible, "moment": moment,
	}).ParseFS(templates, "head.html.tmpl"))
}

var pageTemplate = template.Must(Pages("report.html.tmpl").Funcs(template.FuncMap{
	"pretty": pretty, "name": name, "category": categoryOf, "pair": pair,
}).ParseFS(templates, "report.html.tmpl"))

// page writes report.html.
func page(w io.Writer, reports []audit.Report, o Options) error {
	result, exit := outcome(reports)
	_, _, listed := sums(reports)
	views := make([]pairView, 0, len(reports))
	for _, r := range reports {
		views = append(views, view(r, o))
	}
	files := []string{JSONFile, FindingsFile, tableFile, mendFile}
	return pageTemplate.Execute(w, map[string]any{
		"Pairs": views, "Result": result, "Exit": exit, "Mood": mood(reports), "Sum": summed(reports), "Listed": listed, "Names": pairs(reports), "Redacted": o.RedactKeys, "Files": append(files, SumsFile),
	})
}

// pairView is one pair on the page.
type pairView struct {
	audit.Report
	Level     level
	How       string
	LevelName audit.Level
	Sides     []side
	Lines     []audit.Count // all counts, failures first: what Listed is the sum of
	Problems  []group       // findings, then what is unknown
	Others    []group       // accepted and expected
	Alike     int64
	Limits    []string
	Accept    string
	Missing   bool
}

type side struct {
	Role string
	audit.SideReport
}

// group is what is told of one reason.
type group struct {
	audit.Count
	Reason
	Examples []example
}

// Shown says how many of its versions are examples, where those are not all.
func (g group) Shown() string {
	if g.Versions == int64(len(g.Examples)) {
		return ""
	}
	words := grouped(int64(len(g.Examples))) + " of " + grouped(g.Versions) + " shown; "
	if (audit.Item{Category: g.Count.Category}).Listed() {
		return words + "all are in " + tableFile + " and " + FindingsFile
	}
	return words + "the others are only counted"
}

type example struct {
	audit.Item
	Command string
}

// Told is the status, where the detail does not tell it.
func (e example) Told() string {
	if strings.Contains(e.Detail, "; replication status "+e.Status) {
		return ""
	}
	return e.Status
}

func view(r audit.Report, o Options) pairView {
	v := pairView{
		Report: r, Level: levelOf(r.Level), How: how(r), LevelName: r.Level, Alike: total(r, audit.Alike).Versions, Limits: limits(r), Missing: lacks(r), Accept: accepting(r, o),
		Sides: []side{{"primary", r.Primary}, {"replica", r.Replica}},
	}
	for _, c := range audit.Categories() {
		all := counts(r, c)
		v.Lines = append(v.Lines, all...)
		switch c {
		case audit.Finding, audit.Unknown:
			v.Problems = append(v.Problems, groups(r, all, o)...)
		case audit.Accepted, audit.Expected:
			v.Others = append(v.Others, groups(r, all, o)...)
		}
	}
	return v
}

func groups(r audit.Report, all []audit.Count, o Options) (told []group) {
	for _, n := range all {
		g := group{Count: n, Reason: Explain(n.Category, n.Reason)}
		for _, i := range n.Examples {
			g.Examples = append(g.Examples, example{i, explain(r, i, o)})
		}
		told = append(told, g)
	}
	return told
}

// categoryOf is a category in words.
func categoryOf(c audit.Category) string {
	return cmp.Or(map[audit.Category]string{
		audit.Finding:  "finding",
		audit.Unknown:  "unknown: not looked at, or could not be compared",
		audit.Accepted: "accepted by people",
		audit.Expected: "expected, as rules, lifecycle or age explain it",
		audit.Compared: "compared, equal",
		audit.Alike:    "alike in both listings: size and ETag only",
	}[c], visible(string(c)))
}

// pretty is a configuration as it was read, in lines.
func pretty(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return visible(string(raw))
	}
	return strings.TrimSpace(string(text.EscapeJSON(b.Bytes())))
}
