package console

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"strings"
	"time"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/doctor"
	"autobackup/internal/overview"
	"autobackup/internal/text"
)

// page is a template of a page, with its name in the navigation.
type page struct {
	*template.Template
	title, nav string
}

func newPage(title, nav, file string) page {
	t := report.Pages(file).Funcs(template.FuncMap{
		"why": overview.Why, "span": overview.Span, "clock": clock, "mood": mood, "short": short, "count64": func(n int) string { return text.Grouped(int64(n)) },
		"address": address, "pretty": pretty, "screen": screen, "printed": printed, "took": took, "itoa": itoa, "looks": func(n int) string { return text.Count(n, "look") }, "navigation": func() []link { return navigation },
		"dict": func(pairs ...any) map[string]any {
			return map[string]any{pairs[0].(string): pairs[1], pairs[2].(string): pairs[3]}
		}, //nolint:forcetypeassert // of this package's templates
	})
	return page{template.Must(t.ParseFS(files, "pages/layout.html.tmpl", "pages/"+file)), title, nav}
}

// link is one of the navigation.
type link struct{ Path, Name string }

var navigation = []link{{"/", "Overview"}, {"/executions", "Executions"}, {"/parked", "Parked"}, {"/done", "What people did"}, {"/emails", "E-mails"}, {"/audits", "Audits"}}

var (
	overviewPage   = newPage("Overview", "/", "overview.html.tmpl")
	executionsPage = newPage("Executions", "/executions", "executions.html.tmpl")
	executionPage  = newPage("Execution", "/executions", "execution.html.tmpl")
	stayPage       = newPage("A state's data", "/executions", "stay.html.tmpl")
	looksPage      = newPage("Looks", "/executions", "looks.html.tmpl")
	mailsPage      = newPage("E-mails", "/emails", "emails.html.tmpl")
	parkedPage     = newPage("Parked messages", "/parked", "parked.html.tmpl")
	actionPage     = newPage("Plan", "/parked", "action.html.tmpl")
	donePage       = newPage("What people did", "/done", "done.html.tmpl")
	auditsPage     = newPage("Audits", "/audits", "audits.html.tmpl")
	enterPage      = newPage("Entered", "", "enter.html.tmpl")
	refusedPage    = newPage("Refused", "", "refused.html.tmpl")
)

// view is what a page is made of.
type view struct {
	Stage, Title, Nav string
	Region, Account   string
	At                string
	Live              int // seconds until it is fetched again; 0: it is not
	Data              any
}

// wrong is a request for what is not there.
type wrong string

func (w wrong) Error() string { return string(w) }

// shows makes a handler of what reads a page's data, and says how many seconds they are new for.
func (c *console) shows(p page, read func(*http.Request) (data any, live int, err error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		at, err := c.here(r.Context())
		if err != nil {
			refuse(w, http.StatusBadGateway, "Nothing can be read", err.Error())
			return
		}
		data, live, err := read(r)
		if err != nil {
			unable(w, err)
			return
		}
		write(w, http.StatusOK, p, view{Stage: c.Stage, Title: p.title, Nav: p.nav, Region: at.Region, Account: at.AccountID, At: clock(c.Now()), Live: live, Data: data})
	}
}

// unable says why a request came to nothing.
func unable(w http.ResponseWriter, err error) {
	var none wrong
	var form amiss
	switch {
	case errors.As(err, &none):
		refuse(w, http.StatusNotFound, "There is no such page", none.Error())
	case errors.As(err, &form):
		refuse(w, http.StatusBadRequest, "Nothing was done", form.Error())
	default:
		refuse(w, http.StatusBadGateway, "Nothing can be read", err.Error())
	}
}

func refuse(w http.ResponseWriter, status int, title, why string) {
	write(w, status, refusedPage, view{Title: title, Data: [2]string{title, why}})
}

// write sends a page as a whole, or says that it could not be made.
func write(w http.ResponseWriter, status int, p page, v view) {
	var b bytes.Buffer
	if err := p.ExecuteTemplate(&b, "layout.html.tmpl", v); err != nil {
		http.Error(w, "the page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the browser has gone away
}

// style is that of reports, with what the page has beside it.
func style(w http.ResponseWriter, _ *http.Request) {
	own, _ := files.ReadFile("style.css") // it is embedded
	send(w, "text/css; charset=utf-8", append([]byte(report.Style()), own...))
}

func script(w http.ResponseWriter, _ *http.Request) {
	own, _ := files.ReadFile("live.js") // it is embedded
	send(w, "text/javascript; charset=utf-8", own)
}

func send(w http.ResponseWriter, kind string, content []byte) {
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(content) // the browser has gone away
}

// clock is a moment, in UTC and to the second.
func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

// mood is the class that a word is shown in: what is not known is never shown as fine.
func mood(word any) string {
	switch w := word.(type) {
	case doctor.Level:
		return map[doctor.Level]string{doctor.Fail: "finding", doctor.Warn: "unknown", doctor.Unknown: "unknown", doctor.OK: "fine"}[w]
	case string:
		return cmp.Or(map[string]string{
			"SUCCEEDED": "fine", "FAILED": "finding", "TIMED_OUT": "finding", "ABORTED": "finding",
			"verified": "fine", "skipped": "fine", "failed": "finding",
		}[w], "unknown")
	}
	return "unknown"
}

// most is how much of a text a page shows beside others.
const most = 2000

// short is the beginning of a text, and whether it is all.
func short(s string) map[string]any {
	if len(s) <= most {
		return map[string]any{"Text": pretty(s), "Whole": true}
	}
	return map[string]any{"Text": report.Visible(strings.ToValidUTF8(s[:most], "")), "Whole": false, "Length": int64(len(s))}
}

// screen is what a command prints, in its lines, with nothing hidden.
func screen(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(report.Visible(line), `\\`, `\`) // it is printable already where a command has made it so
	}
	return strings.Join(lines, "\n")
}

// printed is a text of lines as it was sent, so that what is copied of it is the same. What is not
// printable is an escape: nothing is hidden.
func printed(s string) string { return string(text.EscapeJSON([]byte(s))) }

// pretty is JSON in lines, and any other text as it is, with nothing hidden.
func pretty(s string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(s), "", "  ") != nil {
		return report.Visible(s)
	}
	return string(text.EscapeJSON(b.Bytes()))
}
