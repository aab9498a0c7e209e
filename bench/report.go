package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// row is a line of the table: what a tool does a second, and how many times as
// much ours, the rival, does.
type row struct {
	tool, what, unit string
	amount           func(result) float64 // of the unit, in one run
	rival            string               // empty: this is ours
	atLeast          float64              // what is wanted of the rival's rate over this one; 0: nothing
}

func rows(o options) []row {
	objects := func(result) float64 { return float64(o.objects) }
	heads := func(r result) float64 { return float64(r.heads) }
	gigabytes := func(result) float64 { return 2 * float64(o.mib<<20) / 1e9 }
	const bothHeads, bytes = "HEAD of both sides at the version", "all bytes of both sides"
	const bothLists = "lists of all versions of both sides"
	return []row{
		{verdicts, bothHeads, "objects/s", objects, "", 0},
		{boto3, bothHeads, "objects/s", objects, verdicts, 5},
		{check, "lists of both sides", "objects/s", objects, verdicts, 0},
		{listed, bothLists, "objects/s", objects, "", 0},
		{check, "lists of both sides", "objects/s", objects, listed, 1},
		{listing1, bothLists + ", dropped", "objects/s", objects, listed, 0},
		{looked, bothLists + ", and HEAD", "objects/s", objects, "", 0},
		{verdicts, bothHeads, "objects/s", objects, looked, 1},
		{verdicts, bothHeads, "HEAD/s", heads, "", 0},
		{s3sync, "list of one side, HEAD of the other", "HEAD/s", heads, verdicts, 1},
		{withCRC, bytes, "GB/s", gigabytes, "", 0},
		{download, bytes, "GB/s", gigabytes, withCRC, 1},
		{plainGET, bytes + ", dropped", "GB/s", gigabytes, withCRC, 1 / 1.3},
		{cmpGET, bytes + ", one GET a side", "GB/s", gigabytes, withCRC, 0},
		{withSHA, bytes, "GB/s", gigabytes, "", 0},
		{sha256One, "as many bytes, in memory", "GB/s", gigabytes, withSHA, 1 / 1.2},
	}
}

// report is the result as Markdown.
func report(rows []row, results map[string]result, facts string) string {
	var text strings.Builder
	text.WriteString(facts + "\n| tool | reads | rate | ours to it | target | met |\n|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&text, "| %s | %s | %s |\n", r.tool, r.what, strings.Join(r.cells(results), " | "))
	}
	return text.String()
}

// cells are the rate, the ratio, the target and whether it is met.
func (r row) cells(results map[string]result) []string {
	target := ""
	if r.atLeast > 0 {
		target = fmt.Sprintf("%.2f", r.atLeast)
	}
	its := results[r.tool]
	if its.missing != "" {
		return []string{"not run: " + its.missing, "", target, "not measured"}
	}
	rate := r.rate(its)
	ratio, met := "", ""
	if r.rival != "" {
		times := r.rate(results[r.rival]) / rate
		ratio = fmt.Sprintf("%.2f", times)
		if r.atLeast > 0 {
			met = map[bool]string{true: "yes", false: "NO"}[times >= r.atLeast]
		}
	}
	return []string{fmt.Sprintf("%.4g %s", rate, r.unit), ratio, target, met}
}

func (r row) rate(its result) float64 { return r.amount(its) / its.best.Seconds() }

// The result is put between these lines of a document.
const (
	begin = "<!-- written by bench/run -->\n"
	end   = "<!-- end -->\n"
)

func insert(path, text string) error {
	page, err := os.ReadFile(path) //nolint:gosec // G304: the caller's own document
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(page), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return errors.New(path + ` has no lines "` + begin + `" and "` + end + `" to write between`)
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+text+"\n"+end+after), 0o600)
}
