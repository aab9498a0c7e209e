package report

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"autobackup/internal/text"
)

// Visible shows a text as all that an audit shows.
func Visible(s string) string { return visible(s) }

// visible shows a text with every character that is not a printable one as a Go
// escape, and a backslash as two, so that nothing is hidden and nothing is lost: no
// control character, line break, ANSI escape, bidirectional override or invalid byte
// is left (strconv.IsPrint says what is printable).
func visible(s string) string {
	quoted := strconv.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// Grouped is a count with a comma between each three digits.
func Grouped(n int64) string { return grouped(n) }

func grouped(n int64) string { return text.Grouped(n) }

// counted is a count with its noun: "1 version", "2,000 versions".
func counted(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return grouped(n) + " " + noun
}

var plainPath = regexp.MustCompile(`^[A-Za-z0-9_./][A-Za-z0-9_./:=@+-]*$`)

// pathWord is a file as one word of a command. The folder is of whoever runs the audit;
// what they could not read in it is an escape, which then names no file.
func pathWord(folder, name string) string {
	path := filepath.Join(folder, name)
	if strings.HasPrefix(folder, "s3://") { // of which Join would take a slash away
		path = strings.TrimSuffix(folder, "/") + "/" + name
	}
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	if plainPath.MatchString(path) {
		return path
	}
	if strings.ContainsFunc(path, func(r rune) bool { return !strconv.IsPrint(r) }) {
		path = visible(path)
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
