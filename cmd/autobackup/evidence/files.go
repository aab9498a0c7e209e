package evidence

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/evidence"
)

// The files of a report, beside report.SumsFile.
const (
	pageFile  = report.PageFile
	tableFile = "records.csv"
	jsonFile  = report.JSONFile
)

// maxExamples is how many versions the page shows of those that still fail or are unknown.
const maxExamples = 50

// columns are the first row of records.csv.
var columns = []string{
	"bucket", "key", "versionId", "messageId", "deleteMarker", "verdict", "reason", "evidence", "finding", "replicas", "at", "source", "run", "program", "template",
	"failed", "failedSince", "settledAt", "acceptedBy", "acceptedUntil", "acceptedWhy",
}

// writer writes the files of a report.
type writer struct {
	folder   *report.Folder
	redact   bool
	rows     *report.Table
	examples []evidence.Row
	more     int64 // that still fail or are unknown, and are no examples
}

func begin(o Options) (*writer, error) {
	f, err := report.NewFolder(o.Folder)
	if err != nil {
		return nil, fmt.Errorf("make the folder: %w; name another with --output", err)
	}
	w := &writer{folder: f, redact: o.Redact}
	table, err := f.Create(tableFile)
	if err == nil {
		w.rows = report.NewTable(table)
		err = w.rows.Row(columns...)
	}
	return w, err
}

// row writes the line of a version.
func (w *writer) row(r evidence.Row) error {
	if w.redact && r.Message == "" {
		r.Key = report.RedactedKey(r.Bucket, r.Key)
	}
	if r.Ended.Verdict == evidence.Failed || r.Ended.Verdict == evidence.Unknown {
		if len(w.examples) < maxExamples {
			w.examples = append(w.examples, r)
		} else {
			w.more++
		}
	}
	a := r.Accepted
	if a == nil {
		a = &evidence.Acceptance{}
	}
	return w.rows.Row(
		r.Bucket, r.Key, r.Version, r.Message, map[bool]string{true: "true"}[r.Marker], string(r.Ended.Verdict), string(r.Ended.Reason), string(r.Ended.Evidence), string(r.Ended.Finding),
		replicas(r.Replicas), report.Moment(r.At), string(r.Source), r.Run, r.Program, r.Template,
		string(r.Failed), report.Moment(r.Since), report.Moment(r.Settled), a.Who, report.Moment(a.Until), a.Why,
	)
}

// replicas is what was last said of each, in one cell.
func replicas(all []evidence.Replica) string {
	var words []string
	for _, r := range all {
		words = append(words, r.Bucket+" "+toldOf(r.Told))
	}
	return strings.Join(words, ", ")
}

// toldOf is a verdict with what it rests on.
func toldOf(t evidence.Told) string {
	return strings.TrimSpace(string(t.Verdict) + " " + string(t.Reason) + string(t.Evidence) + map[bool]string{true: ", " + string(t.Finding)}[t.Finding != ""])
}

// end writes the files that have all of it, and puts all in their places.
func (w *writer) end(r evidence.Report) error {
	if err := w.rows.Done(); err != nil {
		return err
	}
	for _, one := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{jsonFile, func(to io.Writer) error { return report.Indented(to, r) }},
		{pageFile, func(to io.Writer) error { return page.Execute(to, w.view(r)) }},
	} {
		f, err := w.folder.Create(one.name)
		if err == nil {
			err = one.write(f)
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", one.name, err)
		}
	}
	return w.folder.Done()
}

//go:embed evidence.html.tmpl
var templates embed.FS

var page = template.Must(report.Pages("evidence.html.tmpl").Funcs(template.FuncMap{
	"told": toldOf, "result": result, "replicas": replicas, "settled": settled, "erasing": erasing,
}).ParseFS(templates, "evidence.html.tmpl"))

// view is a report as the page shows it.
type view struct {
	evidence.Report
	Examples []evidence.Row
	More     int64
	Verdicts []evidence.Verdict
	Files    []string
}

func (w *writer) view(r evidence.Report) view {
	return view{r, w.examples, w.more, evidence.Verdicts(), []string{tableFile, jsonFile, report.SumsFile}}
}

// result is a report in one sentence.
func result(r evidence.Report) string {
	if r.Fine() {
		return "as it must be"
	}
	var words []string
	for _, v := range []evidence.Verdict{evidence.Failed, evidence.Unknown} {
		if n := r.Of(v); n > 0 {
			words = append(words, report.Grouped(n)+" "+string(v))
		}
	}
	if days := daysOf(r.Without); days > 0 {
		words = append(words, counted(days, "day")+" without a manifest")
	}
	if n := len(r.Verification.Problems); n > 0 {
		words = append(words, counted(int64(n), "problem")+" with the evidence itself")
	}
	return strings.Join(words, "; ")
}

func daysOf(spans []evidence.Span) (n int64) {
	for _, s := range spans {
		n += s.Days
	}
	return n
}

func counted(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return report.Grouped(n) + " " + noun
}

// settled is what became of failures, in words.
func settled(s evidence.Settlement) string {
	var words []string
	for _, v := range evidence.Verdicts() {
		if n := s.Became[v]; n > 0 {
			name := string(v)
			if v == evidence.Failed {
				name = "still failed"
			}
			words = append(words, report.Grouped(n)+" "+name)
		}
	}
	if s.Seconds > 0 {
		words = append(words, "settled after "+(time.Duration(s.Seconds)*time.Second).String()+" at the longest")
	}
	return strings.Join(words, ", ")
}

// erasing is whether there is anything to tell of erasures.
func erasing(b evidence.BucketReport) bool { return b.Erasures != evidence.Erasures{} }
