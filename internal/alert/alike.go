package alert

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"autobackup/internal/text"
	"autobackup/internal/told"
)

// alike is a cause for which so many versions failed that they are told as one.
type alike struct {
	told.Cause
	example   *version // nil where the news has none
	described bool     // as a version of its own, elsewhere in the e-mail
}

// newAlike chooses an example that is not described anyway, where there is one.
func newAlike(stage string, c told.Cause, versions []version) alike {
	a := alike{Cause: c}
	for _, x := range c.Examples {
		v := newVersion(stage, []told.Example{x})
		a.example = &v
		a.described = slices.ContainsFunc(versions, func(v version) bool { return identify(v.examples[0]) == identify(x) })
		if !a.described {
			break
		}
	}
	return a
}

func (a alike) rank() int { return severity(a.Reason) }

func (a alike) title(limit int) string { return causeTitle(a.Cause, a.Total, limit) }

func (a alike) line() string {
	return causeLine(a.Cause, counted(a.Cause, a.Total, "version")+", told as one")
}

// paragraph claims nothing of what did not fail: only failures are counted.
func (a alike) paragraph() string {
	return causeHeading(a.Cause) + fmt.Sprintf(
		"  %s failed for this cause since %s, %d of them new, the latest at %s.\n"+
			"  They are told as one: each further one is parked and counted, and no e-mail tells of it until none has come\n"+
			"  for %s. What fails for another cause is told as ever. Only failures are counted here: other versions may\n"+
			"  have been verified in that time.\n",
		counted(a.Cause, a.Total, "object version"), moment(a.Since), a.New, moment(a.Latest), quiet())
}

// brief tells of the cause what its example shows.
func (a alike) brief() string {
	if a.example == nil {
		return a.paragraph()
	}
	var b strings.Builder
	a.example.explain(&b)
	return a.paragraph() + a.one() + b.String()
}

// names is its example, which all but the line has.
func (a alike) names(p part) []identity {
	if a.example == nil || a.example.object == nil || p == asLine {
		return nil
	}
	return []identity{identify(a.example.examples[0])}
}

func (a alike) gist() words {
	if a.example == nil {
		return words{}
	}
	return a.example.gist()
}

func (a alike) describe() string {
	if a.example == nil || a.described {
		return a.brief()
	}
	return a.paragraph() + a.one() + a.example.details()
}

func (a alike) one() string { return "  One of them: " + show(a.example.name(), 200) + "\n\n" }

// quiet is for how long no version has failed for a cause that is over.
func quiet() string { return text.Count(int(told.Quiet.Minutes()), "minute") }

// over is a cause for which no version has failed for some time.
type over struct{ told.Cause }

// rank puts what is over after all that failed.
func (o over) rank() int { return math.MaxInt }

func (o over) title(limit int) string {
	return "over: " + causeTitle(o.Cause, o.Total, limit-len("over: "))
}

func (o over) line() string {
	return causeLine(o.Cause, "over, "+counted(o.Cause, o.Total, "version")+" failed")
}

// describe tells that nothing failed, which is not that anything was verified.
func (o over) describe() string {
	return causeHeading(o.Cause) + fmt.Sprintf(
		"  Over: no %s failed for this cause for %s since %s. That may also be because nothing was\n"+
			"  uploaded. %s failed for it since %s. They are parked, and stay so until they are looked at\n"+
			"  again: once the cause is gone, have that done as said at the end.\n",
		noun(o.Cause, "object version"), quiet(), moment(o.Latest), counted(o.Cause, o.Total, "object version"), moment(o.Since))
}

func (o over) brief() string { return o.describe() }

func (o over) names(part) []identity { return nil }

func (o over) gist() words { return words{} }
