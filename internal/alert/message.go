package alert

import (
	"fmt"
	"strings"
)

// MaxMessage is the length of Email.Message in bytes. SNS takes 256 KiB; nobody
// reads more than this.
const MaxMessage = 32 << 10

// detailed is how many sections are described in full at most.
const detailed = 3

// message is the e-mail's text: a heading, the list of all sections, the worst
// few in detail, and what to do with the parked messages. Heading and end are
// always there; the rest is added while there is room, the details of the worst
// before the list, so that one at least can be acted on.
func (e edition) message() string {
	top, end := e.heading(), ending(e.Context)
	left := room(MaxMessage - len(top) - len(end) - len("\n"+leftOut(len(e.sections))))

	details := left.fill(e.sections[:1], section.describe)
	list := ""
	if len(e.sections) > len(details) {
		lines := left.fill(e.sections, section.line)
		list = "\n" + strings.Join(lines, "")
		if len(lines) < len(e.sections) {
			list += leftOut(len(e.sections) - len(lines))
		}
	}
	many := min(len(e.sections), detailed)
	details = append(details, left.fill(e.sections[1:many], section.describe)...)
	details = append(details, left.fill(e.sections[many:], section.brief)...)
	return top + list + strings.Join(details, "") + end
}

// room is how many bytes are left.
type room int

// fill takes the texts of the first sections that fit.
func (r *room) fill(sections []section, text func(section) string) (texts []string) {
	for _, s := range sections {
		t := text(s)
		if len(t) > int(*r) {
			break
		}
		*r -= room(len(t))
		texts = append(texts, t)
	}
	return texts
}

func leftOut(n int) string {
	return fmt.Sprintf("  and %d more, left out here: see the parked messages\n", n)
}
