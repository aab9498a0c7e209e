package overview

import (
	"fmt"
	"strings"
	"time"

	"autobackup/internal/doctor"
	"autobackup/internal/text"
)

// FormVersion is that of Report's JSON.
const FormVersion = 1

// Report is what doctor says of a stage, and what it has done lately. docs/console.md documents
// its JSON.
type Report struct {
	Version int           `json:"version"` // of this form
	Doctor  doctor.Report `json:"doctor"`  // with what could not be read of the figures
	Figures Figures       `json:"figures"`
}

// Join makes one report of both. What could not be read of the figures is a finding.
func Join(r doctor.Report, f Figures) Report {
	var more []doctor.Finding
	unknown := func(u *doctor.Unread, subject, what string) {
		if u != nil {
			mend := "autobackup policy status --stage " + r.Stage + " --region " + r.Primary.Region + " --account " + r.Primary.Account
			more = append(more, doctor.Finding{Level: doctor.Unknown, Area: "figures", Subject: text.Line(subject, 80), Text: what + ": " + Why(u), Mend: []string{mend}})
		}
	}
	unknown(f.Unread, "figures", "what was verified, how old messages are, and what audits told")
	for _, q := range f.Queues {
		unknown(q.Unread, q.Name, "how many messages it holds, and for how long")
	}
	return Report{FormVersion, r.With(more...), f}
}

// Screen is the report for people. With all, it has each line of what is fine.
func (r Report) Screen(all bool) string {
	return r.Doctor.Head() + r.Doctor.Lines(all) + r.counts() + r.queues(all) +
		"audit " + r.Figures.LastAudit() + "\nscrub " + r.Figures.LastScrub() + "\n" + r.Doctor.Result()
}

// Why says why something is not known, and what would let it be read.
func Why(u *doctor.Unread) string {
	why := text.Line(u.Why, 300)
	if u.Grant != "" {
		why += " (grant " + text.Line(u.Grant, 100) + ")"
	}
	return why
}

func (r Report) counts() string {
	var page strings.Builder
	fmt.Fprintf(&page, "%-10s %14s %14s\n", "versions", "last hour", "last 24 hours")
	for _, c := range r.Figures.Counts {
		fmt.Fprintf(&page, "%-10s %14s %14s\n", " "+strings.ToLower(c.Name), r.Figures.Sum(c, time.Hour), r.Figures.Sum(c, Lately))
	}
	return page.String()
}

// Sum is what a count came to in the time before the figures were read: "?" where it could not
// be read, and "no data" where there was no round of verdicts.
func (f Figures) Sum(c Count, before time.Duration) string {
	if f.Unread != nil {
		return "?"
	}
	n, known := c.Since(f.At.Add(-before).Truncate(Step))
	if !known {
		return "no data"
	}
	return text.Grouped(n)
}

// queues are those that hold something, and those of which that is not known; the others in a
// line.
func (r Report) queues(all bool) string {
	var page strings.Builder
	var empty []string
	fmt.Fprintf(&page, "%-*s %9s %9s %9s\n", width, "queues", "waiting", "held", "oldest")
	for _, q := range r.Figures.Queues {
		switch {
		case q.Gone:
			fmt.Fprintf(&page, " %-*s it is gone\n", width, text.Line(q.Name, width))
		case q.Unread != nil:
			fmt.Fprintf(&page, " %-*s %8s %9s %9s\n", width, text.Line(q.Name, width), "?", "?", r.Figures.Age(q))
		case q.Waiting+q.Held == 0 && !all:
			empty = append(empty, text.Line(q.Name, width))
		default:
			fmt.Fprintf(&page, " %-*s %8s %9s %9s\n", width, text.Line(q.Name, width), text.Grouped(int64(q.Waiting)), text.Grouped(int64(q.Held)), r.Figures.Age(q))
		}
	}
	if len(empty) > 0 {
		fmt.Fprintf(&page, " empty: %s\n", strings.Join(empty, ", "))
	}
	return page.String()
}

// width is that of the names of queues, with the longest name of a stage.
const width = 38

// Age is how old a queue's oldest message is.
func (f Figures) Age(q Queue) string {
	switch {
	case f.Unread != nil:
		return "?"
	case q.Gone || q.Unread == nil && q.Waiting+q.Held == 0:
		return ""
	case !q.Aged:
		return "no data"
	}
	return Span(time.Duration(q.Oldest) * time.Second)
}

// Span is a time in its largest units: "40s", "12m", "3h", "4d".
func Span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// LastAudit says what the last audits told.
func (f Figures) LastAudit() string {
	switch {
	case f.Unread != nil:
		return "?"
	case f.Audit == nil:
		return "none has told anything in 90 days"
	}
	a := f.Audit
	return fmt.Sprintf("%s: %s listed, %s, %s unknown", a.Day.Format(time.DateOnly), count(a.Versions, "version"), count(a.Findings, "finding"), text.Grouped(a.Unknown))
}

// LastScrub says what the last scrubs told.
func (f Figures) LastScrub() string {
	switch {
	case f.Unread != nil:
		return "?"
	case f.Scrub == nil:
		return "none has told anything in 90 days"
	}
	s := f.Scrub
	return fmt.Sprintf("%s: %.1f%% of the bytes that can be read were read and equal in time; the oldest reading is of %.0f days ago", s.Day.Format(time.DateOnly), s.Within, s.Oldest)
}

func count(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return text.Grouped(n) + " " + noun
}
