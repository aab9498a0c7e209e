package alert

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"

	"autobackup/internal/reason"
	"autobackup/internal/s3event"
)

var (
	// word needs no quotes in any shell and can't be taken for an option.
	word = regexp.MustCompile(`^[A-Za-z0-9_./+][A-Za-z0-9_./:=@+-]*$`)
	// odd could be misread: by an eye or a shell (anything but printable ASCII,
	// a single quote), or by the AWS CLI as an option or as a file or page to
	// load instead:
	// https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-file.html
	odd = regexp.MustCompile(`[^ -&(-~]|^-|^$|(?i)^(fileb?|https?)://`)
	// region is what a region's name may look like.
	region = regexp.MustCompile(`^[a-z0-9-]+$`)
)

// headObjects returns the shell lines that show an object version on all sides.
// What could be misread goes in as ASCII JSON, which means the same in every
// shell. It is set once, because 1,024 control characters take 7 KB so.
func headObjects(o s3event.ObjectVersion, sides []side) []string {
	var lines []string
	version := fmt.Sprintf("--key %s --version-id %s", quote(o.Key), quote(o.VersionID))
	if odd.MatchString(o.Key) || odd.MatchString(o.VersionID) {
		lines = append(lines, "version='"+asciiJSON(map[string]string{"Key": o.Key, "VersionId": o.VersionID})+"'")
		version = `--cli-input-json "$version"`
	}
	for _, s := range sides {
		lines = append(lines, fmt.Sprintf("aws s3api head-object%s --bucket %s %s --checksum-mode ENABLED",
			inRegion(s.region), quote(s.bucket), version))
	}
	return lines
}

// asciiJSON is v as JSON in printable ASCII without a single quote.
func asciiJSON(v map[string]string) string {
	text, err := json.Marshal(v)
	if err != nil { // texts always encode
		return "{}"
	}
	var b strings.Builder
	for _, r := range string(text) {
		if r <= '~' && r != '\'' {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// quote makes one shell word of a text that is not odd; of any other it makes
// one printable word.
func quote(s string) string {
	if word.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(reason.Line(s, max(len(s), 3)), "'", `'\''`) + "'"
}

// inRegion is the option that names a region, or nothing where none is known.
func inRegion(name string) string {
	if !region.MatchString(name) {
		return ""
	}
	return " --region " + name
}
