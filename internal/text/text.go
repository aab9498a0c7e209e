// Package text makes words safe and short for the places where people read
// them: the workflow's state, message attributes, logs, e-mails. Whatever comes
// from outside goes through it, because object keys are chosen by whoever may
// upload and errors may quote them.
package text

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

const ellipsis = "..."

// Line makes one line of printable ASCII, limit bytes at most, of any text.
// White space becomes a space, every other rune that is not printable ASCII a
// question mark. A limit below 3 counts as 3.
func Line(s string, limit int) string {
	limit = max(limit, len(ellipsis))
	line := strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case r < ' ', r > '~':
			return '?'
		}
		return r
	}, s)
	if len(line) <= limit {
		return line
	}
	return line[:limit-len(ellipsis)] + ellipsis
}

// Quoted is a Go string literal of printable ASCII, limit bytes at most: nothing
// in it can be taken for the text around it.
func Quoted(s string, limit int) string { return Line(strconv.QuoteToASCII(s), limit) }

// Shorten cuts a text to at most limit bytes, between the runes of valid UTF-8. It
// leaves out the middle: a key is recognized by its first folders and its file
// name. A limit below 3 counts as 3.
func Shorten(s string, limit int) string {
	limit = max(limit, len(ellipsis))
	if len(s) <= limit {
		return s
	}
	head := (limit - len(ellipsis)) * 2 / 3
	tail := len(s) - (limit - len(ellipsis) - head)
	for head > 0 && !utf8.RuneStart(s[head]) {
		head--
	}
	for tail < len(s) && !utf8.RuneStart(s[tail]) {
		tail++
	}
	return s[:head] + ellipsis + s[tail:]
}

// Count says how many there are of something: "1 object", "2 objects".
func Count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// Grouped is a count with a comma between each three digits.
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := strings.TrimRight(digits, "0123456789")
	digits = digits[len(sign):]
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}

// Encoded is how many bytes a value takes as JSON in the workflow's state, where
// <, > and & stand as they are. A value that can't be encoded takes none.
func Encoded(v any) int {
	var n counter
	encoder := json.NewEncoder(&n)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(v) != nil {
		return 0
	}
	return int(n) - len("\n")
}

type counter int

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
