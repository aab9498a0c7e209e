package alert

import (
	"fmt"
	"strings"
)

// detailed is how many failures are described at most. The others are listed.
const detailed = 3

// message is the alert's text: a heading, the list of all failures, the first
// few in detail, and what to do with the parked messages. Heading and end are
// always there; the rest is added while it fits into limit bytes of JSON, the
// first failure's details before the list, so that one at least can be acted on.
func message(top, end string, items []item, limit int) string {
	left := room(limit - size(top) - size(end) - size("\n"+leftOut(len(items))))

	details := left.fill(items[:1], item.describe)
	var list string
	if len(items) > len(details) {
		lines := left.fill(items, item.line)
		list = "\n" + strings.Join(lines, "")
		if len(lines) < len(items) {
			list += leftOut(len(items) - len(lines))
		}
	}
	details = append(details, left.fill(items[1:min(len(items), detailed)], item.describe)...)
	return top + list + strings.Join(details, "") + end
}

// room is how many bytes of JSON are left.
type room int

// fill takes the texts of the first items that fit.
func (r *room) fill(items []item, text func(item) string) []string {
	var texts []string
	for _, i := range items {
		t := text(i)
		if size(t) > int(*r) {
			break
		}
		*r -= room(size(t))
		texts = append(texts, t)
	}
	return texts
}

func heading(c Context, items []item) string {
	text := fmt.Sprintf("The backup check failed for %s in stage %s.\n", objects(len(items)), show(c.Stage, 32))
	if c.Alerted > 0 {
		text += fmt.Sprintf("This is alert %d of at most %d about it.\n", c.Alerted+1, MaxAlerts)
	}
	return text
}

func leftOut(n int) string {
	return fmt.Sprintf("  and %d more, left out here: see the parked messages and the execution below\n", n)
}
