package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"autobackup/cmd/autobackup/logged"
	"autobackup/internal/reason"
)

// looksAtOnce is how many looks are shown.
const looksAtOnce = 200

// findData is what the form that looks are found by shows.
type findData struct {
	Bucket, Key, Reason string
	Begins              bool // with the key
	Odd                 bool // the key has characters that a form can't show, and is in the address alone
	Reasons             []reason.Code
	Window              string
	Windows             []window
	Open                bool
}

// reasons are those that versions have, of failed verdicts and of skipped ones.
var reasons = slices.Concat(reason.Severity(), reason.Skipped())

// find is the form before anybody has asked.
func find() findData { return findData{Reasons: reasons, Window: usual, Windows: windows} }

// looksData is what the page of looks shows.
type looksData struct {
	searchedData
	Find    findData
	Unasked bool // nothing was named that looks are found by
	All     []look
}

type look struct {
	At                                        time.Time
	Outcome, Reason, Evidence, Detail, Object string
	Looks                                     int
	Execution                                 string // its name; empty where it is none of the stage's
}

// looks are what the functions logged of looks at versions.
func (c *console) looks(r *http.Request) (any, int, error) {
	searched, part, err := c.part(r, looksAtOnce)
	if err != nil {
		return nil, 0, err
	}
	d := looksData{searchedData: searched, Find: findData{
		Bucket: r.FormValue("bucket"), Key: r.FormValue("key"), Reason: r.FormValue("reason"), Begins: r.FormValue("begins") != "",
		Reasons: reasons, Window: searched.Window, Windows: windows, Open: true,
	}}
	d.Find.Odd = printed(d.Find.Key) != d.Find.Key
	wanted := logged.Wanted{Bucket: d.Find.Bucket, Key: d.Find.Key, Begins: d.Find.Begins, Reason: reason.Code(d.Find.Reason)}
	switch {
	case wanted.Reason != "" && !slices.Contains(reasons, wanted.Reason):
		return nil, 0, wrong("Versions have no such reason.")
	case wanted == logged.Wanted{Begins: wanted.Begins}:
		d.Unasked = true
		return d, 0, nil
	}
	machine, err := c.machine(r.Context())
	if err != nil {
		return nil, 0, err
	}
	all, came, err := logged.Looks(r.Context(), c.cfg, wanted, part)
	for _, l := range all {
		d.All = append(d.All, newLook(l, executionsOf(machine)))
	}
	return d, 0, d.came(came, err)
}

// newLook is what the page shows of one. Whoever may write to the log may have written all of it.
func newLook(l logged.Look, executions string) look {
	one := look{l.At, l.Outcome, l.Reason, l.Evidence, l.Detail, l.Version.URI(), l.Looks, ""}
	if name, ours := strings.CutPrefix(l.Execution, executions); ours && executionName.MatchString(name) {
		one.Execution = name
	}
	return one
}
