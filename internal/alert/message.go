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
	message, _ := e.written()
	return message
}

// written is the message with the versions that it names: those of the sections that had room.
func (e edition) written() (message string, named []identity) {
	top, end := e.heading(), ending(e.Context)
	left := room(MaxMessage - len(top) - len(end) - len("\n"+leftOut(len(e.sections))))
	fill := func(sections []section, p part, text func(section) string) []string {
		texts := left.fill(sections, text)
		for _, s := range sections[:len(texts)] {
			named = append(named, s.names(p)...)
		}
		return texts
	}

	details := fill(e.sections[:1], asDescription, section.describe)
	list := ""
	if len(e.sections) > len(details) {
		lines := fill(e.sections, asLine, section.line)
		list = "\n" + strings.Join(lines, "")
		if len(lines) < len(e.sections) {
			list += leftOut(len(e.sections) - len(lines))
		}
	}
	many := min(len(e.sections), detailed)
	details = append(details, fill(e.sections[1:many], asDescription, section.describe)...)
	details = append(details, fill(e.sections[many:], asBrief, section.brief)...)
	return top + list + strings.Join(details, "") + end, named
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
