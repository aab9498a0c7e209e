package audit

import (
	"fmt"
	"slices"
	"strings"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/text"
)

// FailOn is what an audit fails on: any of the words of Fails.
type FailOn []string

// The words of FailOn.
const (
	FailFindings = "findings" // any finding
	FailNew      = "new"      // findings and unknown that the audit before did not have
	FailUnknown  = "unknown"  // what was not, or could not be, looked at
	FailExpected = "expected" // what rules, lifecycle or age explain, such as versions from before the rule
)

// Fails lists the words.
func Fails() []string { return []string{FailFindings, FailNew, FailUnknown, FailExpected} }

// ParseFailOn reads words between commas; "nothing" is none.
func ParseFailOn(s string) (FailOn, error) {
	if s == "nothing" {
		return FailOn{}, nil
	}
	words := strings.Split(s, ",")
	for _, w := range words {
		if !slices.Contains(Fails(), w) {
			return nil, fmt.Errorf("--fail-on %q: it is nothing, or some of %s between commas", s, strings.Join(Fails(), ", "))
		}
	}
	return words, nil
}

// The results of a report, which say what was found, and its exit codes, which FailOn
// decides.
const (
	AsItMustBe     = "all as it must be"
	NothingFound   = "nothing is found" // but for what people accepted, or what is too young to tell
	Differences    = "expected differences"
	NotAllKnown    = "not all is known"
	NothingListed  = "nothing was listed"
	ExitAsItMustBe = 0
	Findings       = "findings"
	ExitFindings   = 1
	ExitNothing    = 2 // no key has the prefix: nothing can be said
)

// Exit is the worst exit code of all pairs.
func (r *Result) Exit() (code int) {
	for _, report := range r.Reports {
		code = max(code, report.Exit)
	}
	return code
}

func (f FailOn) result(r audit.Report) (string, int) {
	words, exit := AsItMustBe, ExitAsItMustBe
	if r.Listed == 0 {
		words = NothingListed
		if r.Prefix != "" {
			exit = ExitNothing
		}
	}
	if len(r.NotListed) > 0 || r.Unseen > 0 {
		words = NotAllKnown
		if slices.Contains(f, FailUnknown) {
			exit = ExitFindings
		}
	}
	for _, c := range r.Counts {
		switch {
		case c.Category == audit.Finding:
			words = Findings
		case c.Category == audit.Unknown && words != Findings:
			words = NotAllKnown
		}
		if f.fails(c, r.Since == "") {
			exit = ExitFindings
		}
		switch fine := words == AsItMustBe || words == NothingFound; {
		case fine && exit == ExitFindings:
			words = Differences
		case words == AsItMustBe && (c.Category == audit.Accepted || c.Reason == reason.Young):
			words = NothingFound
		}
	}
	return words, exit
}

// fails says whether a count makes the exit code 1. Where no audit was before, all is
// new.
func (f FailOn) fails(c audit.Count, first bool) bool {
	has := func(word string) bool { return slices.Contains(f, word) }
	switch c.Category {
	case audit.Finding:
		return has(FailFindings) || has(FailNew) && (first || c.New > 0)
	case audit.Unknown:
		return has(FailUnknown) || has(FailNew) && (first || c.New > 0)
	case audit.Expected:
		return has(FailExpected)
	default:
		return false
	}
}

// mostRanges is how many ranges that were not listed are told one by one.
const mostRanges = 5

// unlisted tells which keys were not listed. A redacted report tells no key.
func unlisted(r audit.Report) (all []string) {
	border := func(key, none string) string {
		switch {
		case key == "":
			return none
		case r.Redacted:
			return report.RedactedKey(r.Primary.Bucket, key)
		default:
			return text.Quoted(key, maxBorder)
		}
	}
	for i, n := range r.NotListed {
		if i == mostRanges {
			return append(all, fmt.Sprintf("%d more ranges of keys were not listed: report.json has them", len(r.NotListed)-i))
		}
		all = append(all, "the keys behind "+border(n.After, "the beginning")+" up to "+border(n.Upto, "the end")+" were not listed, and nothing is known of them: "+n.Why)
	}
	return all
}

// maxBorder bounds a key in a note, in bytes.
const maxBorder = 200

// notes tells what bounds the claims of a report.
func notes(r audit.Report) (all []string) {
	all = unlisted(r)
	if r.Sampled > 0 {
		all = append(all, fmt.Sprintf("%d versions stand where nearly everything is missing from the replica: of every %d there, %d were looked at, "+
			"all with one explanation, and the others were not", r.Sampled, usual.block, sampleRows))
	}
	for _, side := range []audit.SideReport{r.Primary, r.Replica} {
		if side.Versioning != "Enabled" && !strings.HasPrefix(side.Versioning, "unknown") {
			all = append(all, side.Bucket+": versioning is "+side.Versioning+": what is written without it is not replicated")
		}
		if strings.HasPrefix(side.Encryption, "aws:kms") {
			all = append(all, side.Bucket+": the default encryption is "+side.Encryption)
		}
	}
	if slices.ContainsFunc(r.Counts, func(c audit.Count) bool { return c.Category == audit.Alike }) {
		all = append(all, "a listing shows no encryption: of alike objects under keys of AWS KMS or of customers, equal ETags are no evidence of content")
	}
	return all
}
