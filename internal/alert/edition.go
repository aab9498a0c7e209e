package alert

import (
	"cmp"
	"fmt"
	"slices"

	"autobackup/internal/reason"
	"autobackup/internal/text"
	"autobackup/internal/told"
)

// section is one thing that an e-mail tells: a version that failed, a cause for
// which many did, or one that is over.
type section interface {
	// rank orders the sections, the lowest first.
	rank() int
	// title names the section within a subject, in at most limit bytes.
	title(limit int) string
	// line is the section in the list.
	line() string
	// describe tells everything. brief is what is told still where enough is
	// described already; it may be empty, as line is there.
	describe() string
	brief() string
	// names are the versions that a part of the section in an e-mail names.
	names(part) []identity
	// gist is what chat says of the worst section; empty where line says everything.
	gist() words
}

// part is what an e-mail may have of a section: it is made by the method that its name has.
type part int

const (
	asLine part = iota
	asDescription
	asBrief
)

// edition is an e-mail in the making.
type edition struct {
	Context
	sections []section    // the worst first
	failed   int          // versions that failed, without those of causes that are told as one
	atLeast  bool         // failed is a lower bound
	noun     string       // what failed counts
	alike    []told.Cause // that are told as one
	over     []told.Cause // that are over
}

func edit(c Context, n told.News) edition {
	versions := named(c.Stage, n)
	e := edition{Context: c, failed: len(versions), noun: "object version"}
	if e.failed > 0 && !slices.ContainsFunc(versions, func(v version) bool { return v.object != nil }) {
		e.noun = "message"
	}
	for _, v := range versions {
		e.sections = append(e.sections, v)
	}
	for _, cause := range n.Causes {
		switch cause.Kind {
		case told.Alike:
			e.alike = append(e.alike, cause)
			e.sections = append(e.sections, newAlike(c.Stage, cause, versions))
		case told.Over:
			e.over = append(e.over, cause)
			e.sections = append(e.sections, over{cause})
		default:
			e.count(cause)
		}
	}
	slices.SortStableFunc(e.sections, func(a, b section) int { return cmp.Compare(a.rank(), b.rank()) })
	return e
}

// count takes in the versions of a cause that its examples do not name. A version
// of which two replicas failed belongs to two causes, so what causes count does
// not add up: the largest is true in any case.
func (e *edition) count(c told.Cause) {
	if c.New > len(c.Examples) {
		e.failed, e.atLeast = max(e.failed, c.New), true
		e.sections = append(e.sections, rest{c})
	}
}

// heading says in a sentence each what the e-mail is about.
func (e edition) heading() string {
	stage := show(e.Stage, 32)
	var lines string
	if e.failed > 0 {
		number := text.Count(e.failed, e.noun)
		if e.atLeast {
			number = "at least " + number
		}
		lines += fmt.Sprintf("The backup check failed for %s in stage %s.\n", number, stage)
	}
	if n := len(e.alike); n > 0 {
		lines += fmt.Sprintf("For %s, so many %ss failed in stage %s that they are told as one.\n", text.Count(n, "cause"), nouns(e.alike), stage)
	}
	if n := len(e.over); n > 0 {
		lines += fmt.Sprintf("For %s that operators were told of, no %s failed in stage %s for %s.\n", text.Count(n, "cause"), nouns(e.over), stage, quiet())
	}
	return lines
}

// nouns is what fails for some causes: messages, where none of them is about an object.
func nouns(all []told.Cause) string {
	if slices.ContainsFunc(all, func(c told.Cause) bool { return noun(c, "object version") == "object version" }) {
		return "object version"
	}
	return "message"
}

// severity is the lower the worse a reason is. A code that is not known is the
// worst: nobody can tell.
func severity(code reason.Code) int { return slices.Index(reason.Severity(), code) }
