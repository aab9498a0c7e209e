package report

import (
	"strconv"
	"strings"
)

// visible shows a text with every character that is not a printable one as a Go
// escape, and a backslash as two, so that nothing is hidden and nothing is lost: no
// control character, line break, ANSI escape, bidirectional override or invalid byte
// is left (strconv.IsPrint says what is printable).
func visible(s string) string {
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// grouped is a count with a comma between each three digits.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := strings.TrimRight(digits, "0123456789")
	digits = digits[len(sign):]
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}
