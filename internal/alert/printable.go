package alert

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// show makes a hostile text one printable word of at most about limit bytes:
// quoted where it is not plain, with control characters, line breaks, ANSI
// escapes and bidirectional overrides as Go escapes.
func show(s string, limit int) string {
	quoted := strconv.Quote(s)
	short := shorten(quoted[1:len(quoted)-1], limit)
	if short == s && !strings.Contains(s, " ") {
		return s
	}
	return `"` + short + `"`
}

// shorten cuts a text to at most limit bytes. It leaves out the middle: a key
// is recognized by its first folders and its file name.
func shorten(s string, limit int) string {
	const gap = "..."
	if len(s) <= limit {
		return s
	}
	head := (limit - len(gap)) * 2 / 3
	tail := len(s) - (limit - len(gap) - head)
	for head > 0 && !utf8.RuneStart(s[head]) {
		head--
	}
	for tail < len(s) && !utf8.RuneStart(s[tail]) {
		tail++
	}
	return s[:head] + gap + s[tail:]
}

// size is what a text takes within a JSON text, in bytes. Sizes add up.
func size(text string) int { return encoded(text) - len(`""`) }

// encoded is what a value takes as JSON, in bytes.
func encoded(v any) int {
	text, err := json.Marshal(v)
	if err != nil { // texts always encode
		return 0
	}
	return len(text)
}
