package alert

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"

	"autobackup/internal/s3event"
	"autobackup/internal/text"
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
	// bucketName is what the name of a bucket looks like
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	// plainVersion is what a version id of S3 looks like.
	plainVersion = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
)

// side is a bucket that should hold a version.
type side struct{ bucket, region string }

// headObjects returns the shell lines that show an object version on all sides.
// What could be misread goes in as ASCII JSON, which means the same in every
// shell. It is set once, because 1,024 control characters take 7 KB so.
func headObjects(o s3event.ObjectVersion, sides []side) []string {
	input := map[string]string{"Key": o.Key}
	options := " --key " + quote(o.Key)
	if o.Versioned() {
		input["VersionId"] = o.VersionID
		options += " --version-id " + quote(o.VersionID)
	}
	var lines []string
	if odd.MatchString(o.Key) || o.Versioned() && odd.MatchString(o.VersionID) {
		lines = append(lines, "version='"+asciiJSON(input)+"'")
		options = ` --cli-input-json "$version"`
	}
	for _, s := range sides {
		lines = append(lines, "aws s3api head-object"+inRegion(s.region)+" --bucket "+quote(s.bucket)+options+" --checksum-mode ENABLED")
	}
	return lines
}

// maxCopy is what one CopyObject takes, in bytes
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html).
const maxCopy = 5 << 30

// copyObject returns the shell lines that copy a version onto its own key: that
// makes a new version, which is replicated. S3 takes such a copy where it names a
// storage class. There are none for a version that one request can't copy.
func copyObject(o s3event.ObjectVersion) []string {
	if o.Size > maxCopy || !plainVersion.MatchString(o.VersionID) || strings.Contains(o.Key, "?versionId=") {
		return nil // the AWS CLI takes what follows ?versionId= for the version
	}
	source := o.Bucket + "/" + o.Key + "?versionId=" + o.VersionID
	line := "aws s3api copy-object" + inRegion(o.Region) + " --bucket " + quote(o.Bucket)
	if odd.MatchString(o.Key) {
		return []string{
			"copy='" + asciiJSON(map[string]string{"Key": o.Key, "CopySource": source}) + "'",
			line + ` --cli-input-json "$copy" --storage-class STANDARD`,
		}
	}
	return []string{line + " --key " + quote(o.Key) + " --copy-source " + quote(source) + " --storage-class STANDARD"}
}

// asciiJSON is v as JSON in printable ASCII without a single quote.
func asciiJSON(v map[string]string) string {
	encoded, err := json.Marshal(v)
	if err != nil { // texts always encode
		return "{}"
	}
	var b strings.Builder
	for _, r := range string(encoded) {
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
	return "'" + strings.ReplaceAll(text.Line(s, len(s)), "'", `'\''`) + "'"
}

// inRegion is the option that names a region, or nothing where none is known.
func inRegion(name string) string {
	if !region.MatchString(name) {
		return ""
	}
	return " --region " + name
}

// regionOf is the region in an ARN, or empty.
func regionOf(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 3 {
		return parts[3]
	}
	return ""
}

// nameOf is the last part of a queue's ARN.
func nameOf(arn string) string {
	return cmp.Or(arn[strings.LastIndex(arn, ":")+1:], "dead-letter queue")
}
