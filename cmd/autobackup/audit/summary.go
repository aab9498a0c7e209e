package audit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"autobackup/internal/alert"
	"autobackup/internal/audit"
	"autobackup/internal/metric"
	"autobackup/internal/reason"
	"autobackup/internal/shell"
	"autobackup/internal/text"
	"autobackup/internal/ticket"
	"autobackup/internal/verdict"
)

// Summary is what an audit of one bucket came to, for the one who is told.
type Summary struct {
	Bucket    string `json:"bucket"`
	Result    string `json:"result,omitempty"` // as audit.Report.Result, of the worst pair
	Exit      int    `json:"exit"`
	Listed    int64  `json:"listed"`
	Findings  int64  `json:"findings"`
	Unknown   int64  `json:"unknown"`
	New       int64  `json:"new"`                 // findings and unknown that the audit before had not; all where there was none
	Validated int    `json:"validated,omitempty"` // findings that went to the validation queue
	Open      int64  `json:"open,omitempty"`      // versions whose bytes were not equal, or could not be read, when they had their turn
	Cut       string `json:"cut,omitempty"`       // why not all was looked at
	Report    string `json:"report,omitempty"`    // s3:// of its folder
	// By is the execution that audits the bucket, where this one does not.
	By string `json:"by,omitempty"`
	// Error is what the audit of this bucket ended with.
	Error json.RawMessage `json:"error,omitempty"`
}

// summary is that of an audit with its report.
func (a stored) summary(r *Result, p progress) Summary {
	s := Summary{Bucket: a.step.Bucket, Exit: r.Exit(), Report: "s3://" + a.bucket + "/" + a.prefix + reportFolder + "/"}
	worst := -1
	for _, of := range r.Reports {
		if of.Exit > worst || of.Result == Findings {
			worst, s.Result = max(worst, of.Exit), of.Result
		}
		s.Listed += of.Listed
		if of.Scrub != nil {
			s.Open += of.Scrub.Open
		}
		for _, c := range of.Counts {
			switch c.Category {
			case audit.Finding:
				s.Findings += c.Versions
			case audit.Unknown:
				s.Unknown += c.Versions
			default:
				continue
			}
			if of.Since == "" {
				s.New += c.Versions
			} else {
				s.New += c.New
			}
		}
	}
	for _, f := range slices.Concat(p.Failed, p.Unseen) {
		s.Cut = f.Why
		break
	}
	return s
}

// Told is what an execution's audits came to, for everybody who is told.
type Told struct {
	// Tell is that something is new, or not known, or could not be audited: nothing is told
	// of an audit that found what the one before had.
	Tell    bool   `json:"tell"`
	Subject string `json:"subject"` // as SNS takes it
	Message string `json:"message"`
	Chat    string `json:"chat"` // for AWS's chat integration; empty where nobody asked for it
	// Event is for the event bus; nil where nobody asked for it.
	Event *ticket.Audit `json:"event"`
	// Failed is that some bucket could not be audited, which fails the execution.
	Failed  bool      `json:"failed"`
	Cause   string    `json:"cause"`
	Buckets []Summary `json:"buckets"`
}

// maxError is how much of an error is told, in bytes.
const maxError = 500

// summarize is for everybody who is told of an execution's audits.
func (d Deployed) summarize(r Request) Told {
	t := Told{Buckets: slices.Clone(r.Summaries)}
	var lines []string
	var news []ticket.Audited
	findings, failed := int64(0), 0
	for i := range t.Buckets {
		s := &t.Buckets[i]
		line := d.line(*s)
		switch {
		case len(s.Error) > 0:
			failed++
			// What the state machine keeps of it is in its history.
			s.Error, _ = json.Marshal(why(s.Error)) // a text always encodes
		case s.By != "", s.New == 0 && s.Cut == "":
			continue
		}
		findings += s.New
		lines, news = append(lines, line), append(news, audited(*s))
	}
	if t.Tell = len(lines) > 0; !t.Tell {
		return t
	}
	t.Failed = failed > 0
	if t.Failed {
		t.Cause = fmt.Sprintf("%s could not be audited; the output of the state Summarize says why", text.Count(failed, "bucket"))
	}
	t.Subject = text.Line(fmt.Sprintf("[%s] Backup audit: %s in %s", d.Stage, what(findings, failed), text.Count(len(lines), "bucket")), maxSubject)
	last := "autobackup audit --stage " + d.Stage + " --region " + d.Config.Region + " --last"
	t.Message = strings.Join(lines, "\n") + `
What it means: an audit compared all versions of these buckets with their replicas. What is new was not there in the audit before it.

What to do next:
1. Read the report of a bucket: the page report.html in a folder that this makes of it:
   ` + last + ` s3://BUCKET --output audit-report
2. docs/audit.md says what each reason means and what mends it; autobackup explain tells everything about one version.
3. What is known and meant, take out with autobackup accept.
Execution: ` + r.Execution.ID + "\n"
	if r.Chat == "Enabled" {
		t.Chat, _ = alert.ChatOfAudit(d.Stage, t.Subject, lines, last) // texts always encode
	}
	if r.Events == "Enabled" {
		e := ticket.OfAudits(d.Stage, r.Execution.ID, t.Subject, news, d.Now())
		t.Event = &e
	}
	return t
}

// audited is a bucket's part of the event.
func audited(s Summary) ticket.Audited {
	if len(s.Error) > 0 {
		return ticket.Audited{Bucket: s.Bucket, Error: why(s.Error)}
	}
	return ticket.Audited{
		Bucket: s.Bucket, Cut: s.Cut, Report: s.Report,
		Count: &ticket.Count{Result: s.Result, Listed: s.Listed, Findings: s.Findings, Unknown: s.Unknown, New: s.New, Validated: s.Validated},
	}
}

// maxSubject is what SNS takes, in bytes
// (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
const maxSubject = 99

func what(findings int64, failed int) string {
	switch {
	case findings > 0:
		return fmt.Sprintf("%d new", findings)
	case failed > 0:
		return "could not be made"
	default:
		return "not all is known"
	}
}

// line is a bucket's part of the message.
func (d Deployed) line(s Summary) string {
	var b strings.Builder
	fmt.Fprintf(&b, "s3://%s\n", text.Line(s.Bucket, maxBucketName))
	if len(s.Error) > 0 {
		fmt.Fprintf(&b, "  could not be audited: %s\n", why(s.Error))
		return b.String()
	}
	fmt.Fprintf(&b, "  %s: %d new of %d findings and %d unknown, of %d versions\n", s.Result, s.New, s.Findings, s.Unknown, s.Listed)
	if s.Open > 0 {
		fmt.Fprintf(&b, "  the bytes of %d were not equal, or could not be read, on both sides: they are read again in each audit\n", s.Open)
	}
	if s.Validated > 0 {
		fmt.Fprintf(&b, "  %d of these are validated again, as uploads are: what stays is told and parked\n", s.Validated)
	}
	if s.Cut != "" {
		fmt.Fprintf(&b, "  not all was looked at: %s\n", text.Line(s.Cut, maxError))
	}
	fmt.Fprintf(&b, "  report: %s\n", shell.Quote(s.Report))
	return b.String()
}

// maxBucketName is how long a bucket's name is at most, in bytes.
const maxBucketName = 63

// why is the cause of an error as Step Functions catches it: the message of a function's
// error, or what there is.
func why(caught json.RawMessage) string {
	var e struct{ Error, Cause string }
	var plain string
	if json.Unmarshal(caught, &plain) == nil {
		return plain
	}
	if json.Unmarshal(caught, &e) != nil {
		return text.Line(string(caught), maxError)
	}
	var of struct {
		ErrorMessage string `json:"errorMessage"`
	}
	if json.Unmarshal([]byte(e.Cause), &of) == nil && of.ErrorMessage != "" {
		return text.Line(of.ErrorMessage, maxError)
	}
	return text.Line(e.Error+": "+e.Cause, maxError)
}

// measured writes the metrics of an audit of one bucket.
func (a stored) measured(r *Result, cut bool) error {
	m := metric.Audit{Cut: cut, ByReason: map[reason.Code]int64{}, ByEvidence: map[verdict.Evidence]int64{}}
	for _, of := range r.Reports {
		m.Versions += of.Listed
		for _, c := range of.Counts {
			switch c.Category {
			case audit.Finding:
				m.Findings += c.Versions
				m.ByReason[c.Reason] += c.Versions
			case audit.Unknown:
				m.Unknown += c.Versions
			case audit.Compared:
				m.ByEvidence[c.Evidence] += c.Versions
			case audit.Alike:
				m.Alike += c.Versions
			}
		}
	}
	scope := metric.Scope{Stage: a.Stage}
	if err := scope.WriteAudit(a.Metrics, a.Now(), m); err != nil || a.state.Scrub == nil {
		return err
	}
	return scope.WriteScrub(a.Metrics, a.Now(), measuredScrub(r))
}

// measuredScrub is the scrub of all pairs of a bucket: of what is counted the sum, and else the
// worst.
func measuredScrub(r *Result) metric.Scrub {
	m := metric.Scrub{Within: 1}
	for _, of := range r.Reports {
		s := *of.Scrub
		m.Versions, m.Bytes, m.Open, m.Behind = m.Versions+s.Versions, m.Bytes+s.Bytes, m.Open+s.Open, m.Behind+s.Behind
		m.Oldest = max(m.Oldest, time.Duration(s.Oldest*float64(24*time.Hour)))
		m.Within = min(m.Within, s.Within)
	}
	return m
}
