// Package shell writes command lines that people paste: each means the same in every
// POSIX shell and to the AWS CLI, whatever an object's key is, and nothing in it can be
// taken for something else by the eye (docs/decisions/0009-odd-keys-in-commands.md).
package shell

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"

	"autobackup/internal/text"
)

var (
	// word needs no quotes in any shell and can't be taken for an option.
	word = regexp.MustCompile(`^[A-Za-z0-9_./+][A-Za-z0-9_./:=@+-]*$`)
	// odd could be misread: by an eye or a shell (anything but printable ASCII,
	// a single quote), by the AWS CLI as an option or as a file or page to load instead
	// (https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-file.html),
	// or by a mail program as an address that it makes a link of: who may upload must
	// not have operators click.
	odd = regexp.MustCompile(`[^ -&(-~]|^-|^$|(?i)[a-z]://|mailto:`)
	// region is what a region's name may look like.
	region = regexp.MustCompile(`^[a-z0-9-]+$`)
	// plainVersion is what a version id of S3 looks like.
	plainVersion = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
)

// Odd says whether a text could be misread as an argument: then it goes in as
// ASCIIJSON.
func Odd(s string) bool { return odd.MatchString(s) }

// Quote makes one shell word of a text that is not odd; of any other it makes
// one printable word.
func Quote(s string) string {
	if word.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(text.Line(s, len(s)), "'", `'\''`) + "'"
}

// InRegion is the option that names a region, or nothing where none is known.
func InRegion(name string) string {
	if !region.MatchString(name) {
		return ""
	}
	return " --region " + name
}

// unlinked writes addresses so that JSON reads them as they are, and a mail program makes no link
// of them.
var unlinked = strings.NewReplacer("://", `:\/\/`, "mailto:", `mailto\u003a`, "MAILTO:", `MAILTO\u003a`)

// ASCIIJSON is v as JSON in printable ASCII without a single quote and without what becomes a link.
func ASCIIJSON(v map[string]string) string {
	encoded, err := json.Marshal(v)
	if err != nil { // texts always encode
		return "{}"
	}
	var b strings.Builder
	for _, r := range unlinked.Replace(string(encoded)) {
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

// Bytes is the line that sets a shell variable to a text and a full stop, in ASCII: $()
// takes line breaks off an end, so that whoever uses it takes the stop off.
func Bytes(name, s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if plainByte.MatchString(string(rune(c))) {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, `\%04o`, c)
	}
	return name + `=$(printf %b '` + b.String() + `.')`
}

var plainByte = regexp.MustCompile(`^[A-Za-z0-9/_.-]$`)

// CutVersion parts what stands behind s3://BUCKET/ into the key and a version id; named
// says whether one is named, which may be empty.
func CutVersion(rest string) (key, version string, named bool) {
	if at := strings.LastIndex(rest, Versioned); at >= 0 {
		return rest[:at], rest[at+len(Versioned):], true
	}
	return rest, "", false
}

// Versioned stands in an s3:// URI before a version id, for autobackup explain.
const Versioned = "?versionId="

// Explain is the command that explains a version; the newest of the key where none is
// named. What could be misread as a part of an s3:// URI goes in as ASCII JSON.
func Explain(bucket, key, version string) string {
	if Odd(key) || version != "" && Odd(version) || strings.Contains(key+version, Versioned) {
		return "autobackup explain --object '" + ASCIIJSON(map[string]string{"Bucket": bucket, "Key": key, "VersionId": version}) + "'"
	}
	uri := "s3://" + bucket + "/" + key
	if version != "" {
		uri += Versioned + version
	}
	return "autobackup explain " + Quote(uri)
}

// MaxCopy is what one CopyObject takes, in bytes
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html).
const MaxCopy = 5 << 30

// CopyObject returns the shell lines that copy a version onto its own key: that
// makes a new version, which is replicated. S3 takes such a copy where it names a
// storage class. There are none for a version that one request can't copy.
func CopyObject(region, bucket, key, version string, size int64) []string {
	if size > MaxCopy || !plainVersion.MatchString(version) || strings.Contains(key, Versioned) {
		return nil // the AWS CLI takes what follows ?versionId= for the version
	}
	source := bucket + "/" + key + Versioned + version
	line := "aws s3api copy-object" + InRegion(region) + " --bucket " + Quote(bucket)
	if Odd(key) {
		return []string{
			"copy='" + ASCIIJSON(map[string]string{"Key": key, "CopySource": source}) + "'",
			line + ` --cli-input-json "$copy" --storage-class STANDARD`,
		}
	}
	return []string{line + " --key " + Quote(key) + " --copy-source " + Quote(source) + " --storage-class STANDARD"}
}
