package alert

import (
	"strconv"
	"strings"
	"time"

	"autobackup/internal/text"
)

// show makes a hostile text one printable word of at most about limit bytes:
// quoted where it is not plain, with control characters, line breaks, ANSI
// escapes and bidirectional overrides as Go escapes.
func show(s string, limit int) string {
	quoted := strconv.Quote(s)
	short := text.Shorten(quoted[1:len(quoted)-1], limit)
	if short == s && s != "" && !strings.Contains(s, " ") {
		return s
	}
	return `"` + short + `"`
}

// moment is a time for people.
func moment(t time.Time) string {
	if t.IsZero() {
		return "a time that is not known"
	}
	return t.UTC().Format(time.RFC3339)
}
