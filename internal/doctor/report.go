package doctor

import (
	"fmt"
	"slices"
	"strings"

	"autobackup/internal/text"
)

// Level says how bad a finding is.
type Level string

// The levels, the worst first.
const (
	Fail    Level = "FAIL"
	Warn    Level = "WARN"
	Unknown Level = "?"
	OK      Level = "ok"
)

var levels = []Level{Fail, Warn, Unknown, OK}

// Finding is what follows from a fact.
type Finding struct {
	Level   Level    `json:"level"`
	Area    string   `json:"area"` // what it is about, as the line of what is fine names it
	Subject string   `json:"subject"`
	Text    string   `json:"text"`
	Mend    []string `json:"mend,omitempty"` // commands, or where the steps are
	// Changed is the newest change of what it is about that CloudTrail tells of.
	Changed *Change `json:"changed,omitempty"`
	// Trail is what CloudTrail may tell of it: nil where that is nothing.
	Trail *Trail `json:"-"`
	// Rings says that an alarm that rings tells of it already.
	Rings bool `json:"-"`
}

// Trail is where CloudTrail is asked who changed a bucket.
type Trail struct {
	Bucket, Region string
	Events         []string // any of these changes it
}

// Change is a call that changed something.
type Change struct {
	Event string `json:"event"`
	At    string `json:"at"` // RFC 3339
	By    string `json:"by"` // ARN
}

// Side is where a stack is deployed.
type Side struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// from names the region, and the account where it is another one than that of the primary.
func (s Side) from(account string) string {
	if s.Account == account {
		return s.Region
	}
	return s.Region + " of " + s.Account
}

// Report is what was found out. docs/doctor.md documents its JSON.
type Report struct {
	Version  int       `json:"version"` // of this form
	Stage    string    `json:"stage"`
	Primary  Side      `json:"primary"`
	Replicas []Side    `json:"replicas"`
	Buckets  int       `json:"buckets"`
	Findings []Finding `json:"findings"` // the worst first
	// History is why it is not known who changed what is not as it must be; empty where
	// CloudTrail was not asked, or answered.
	History  string `json:"history,omitempty"`
	Failed   int    `json:"failed"`
	Warnings int    `json:"warnings"`
	Unknown  int    `json:"unknown"`
	Fine     int    `json:"fine"`
	Exit     int    `json:"exit"`
}

// FormVersion is that of Report's JSON.
const FormVersion = 1

func (j *judge) report() Report {
	f := j.Facts
	r := Report{Version: FormVersion, Stage: f.Stage.Name, Primary: Side{f.Stage.Account, f.Stage.Region}, Replicas: []Side{}, Buckets: len(f.Buckets), Findings: j.found}
	for _, s := range f.Stacks[1:] {
		r.Replicas = append(r.Replicas, Side{s.Account, s.Region})
	}
	return r.With()
}

// With is the report with findings of others.
func (r Report) With(more ...Finding) Report {
	r.Findings = append(slices.Clone(r.Findings), more...)
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return slices.Index(levels, a.Level) - slices.Index(levels, b.Level) })
	count := map[Level]int{}
	for _, one := range r.Findings {
		count[one.Level]++
	}
	r.Failed, r.Warnings, r.Unknown, r.Fine = count[Fail], count[Warn], count[Unknown], count[OK]
	r.Exit = min(1, r.Failed+r.Unknown)
	return r
}

// Untold is how many findings fail that no alarm tells of. An alarm that rings for days would
// hide what fails next, if what it tells were counted.
func (r Report) Untold() (n int) {
	for _, f := range r.Findings {
		if f.Level == Fail && !f.Rings {
			n++
		}
	}
	return n
}

// widest is how far a subject moves what stands behind it.
const widest = 52

// Screen is the report for people. With all, it has each line of what is fine.
func (r Report) Screen(all bool) string { return r.Head() + r.Lines(all) + r.Result() }

// Head is the line that says what the report is about.
func (r Report) Head() string {
	return fmt.Sprintf("%s  %s %s%s   %s\n", r.Stage, r.Primary.Account, r.Primary.Region, r.to(), text.Count(r.Buckets, "bucket"))
}

// Result is the line that says what came of it.
func (r Report) Result() string {
	return fmt.Sprintf("%d failed, %s, %d unknown   exit %d\n", r.Failed, text.Count(r.Warnings, "warning"), r.Unknown, r.Exit)
}

// Lines are those between the two.
func (r Report) Lines(all bool) string {
	var page strings.Builder
	width := 0
	for _, f := range r.Findings {
		if f.Level != OK || all {
			width = max(width, min(len(f.Subject), widest))
		}
	}
	shown := map[string]bool{}
	for _, f := range r.Findings {
		if f.Level == OK && !all {
			continue
		}
		fmt.Fprintf(&page, "%-4s  %-*s  %s\n", f.Level, width, f.Subject, f.Text)
		if c := f.Changed; c != nil {
			fmt.Fprintf(&page, "      %-*s  the last %s was %s, by %s\n", width, "changed", text.Line(c.Event, 60), text.Line(c.At, 40), text.Line(c.By, 200))
		}
		mend := f.Mend
		if long := strings.Join(mend, "\n"); len(mend) > 1 && shown[long] { // they are long, and one cause may have many findings
			mend = []string{"as above"}
		} else {
			shown[long] = true
		}
		for i, line := range mend {
			fmt.Fprintf(&page, "      %-*s  %s\n", width, map[bool]string{true: "mend"}[i == 0], line)
		}
	}
	if !all && r.Fine > 0 {
		fmt.Fprintf(&page, "ok    %d more: %s   (--all)\n", r.Fine, strings.Join(r.Areas(), ", "))
	}
	if r.History != "" {
		fmt.Fprintf(&page, "note  who changed it, and when, is not known: %s\n", r.History)
	}
	return page.String()
}

func (r Report) to() string {
	var all []string
	for _, side := range r.Replicas {
		all = append(all, side.from(r.Primary.Account))
	}
	if len(all) == 0 {
		return ""
	}
	return " → " + strings.Join(all, ", ")
}

// Areas are those of what is fine, in the order of the findings.
func (r Report) Areas() (all []string) {
	for _, f := range r.Findings {
		if f.Level == OK && !slices.Contains(all, f.Area) {
			all = append(all, f.Area)
		}
	}
	return all
}
