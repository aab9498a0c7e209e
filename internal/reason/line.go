package reason

import "strings"

const ellipsis = "..."

// Line makes one line of printable ASCII, limit bytes at most, of any text, so
// that an error can travel where a reason is told: in the workflow's state, a
// message attribute, a mail. White space becomes a space, every other rune that
// is not printable ASCII a question mark. A limit is at least 3.
func Line(text string, limit int) string {
	line := strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case r < ' ', r > '~':
			return '?'
		}
		return r
	}, text)
	if len(line) <= limit {
		return line
	}
	return line[:limit-len(ellipsis)] + ellipsis
}
