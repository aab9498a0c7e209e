package alert

import (
	"strconv"
	"strings"
	"time"

	"autobackup/internal/text"
)

// show makes a hostile text one printable word of at most about limit bytes:
// quoted where it is not plain, with control characters, line breaks, ANSI
// escapes and bidirectional overrides as Go escapes, and so is the colon of an address
// that a mail program would make a link of.
func show(s string, limit int) string {
	quoted := unlinked(strconv.Quote(s))
	short := text.Shorten(quoted[1:len(quoted)-1], limit)
	if short == s && s != "" && !strings.Contains(s, " ") {
		return s
	}
	return `"` + short + `"`
}

// unlinked is a text whose addresses, but for those of S3, are none to a mail program.
func unlinked(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r == ':' && webAddress(s[:i], s[i:]) {
			b.WriteString(`\x3a`)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// moment is a time for people.
func moment(t time.Time) string {
	if t.IsZero() {
		return "a time that is not known"
	}
	return t.UTC().Format(time.RFC3339)
}
