package alert

import (
	"cmp"
	"regexp"
	"strings"

	"autobackup/internal/s3event"
	"autobackup/internal/shell"
)

// bucketName is what the name of a bucket looks like
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// side is a bucket that should hold a version.
type side struct{ bucket, region string }

// headObjects returns the shell lines that show an object version on all sides.
// What could be misread goes in as ASCII JSON, which means the same in every
// shell. It is set once, because 1,024 control characters take 7 KB so: explain uses
// it, too.
func headObjects(o s3event.ObjectVersion, sides []side) []string {
	input := map[string]string{"Key": o.Key}
	options := " --key " + shell.Quote(o.Key)
	if o.Versioned() {
		input["VersionId"] = o.VersionID
		options += " --version-id " + shell.Quote(o.VersionID)
	}
	var lines []string
	if shell.Odd(o.Key) || o.Versioned() && shell.Odd(o.VersionID) {
		lines = append(lines, "version='"+shell.ASCIIJSON(input)+"'")
		options = ` --cli-input-json "$version"`
	}
	for _, s := range sides {
		lines = append(lines, "aws s3api head-object"+shell.InRegion(s.region)+" --bucket "+shell.Quote(s.bucket)+options+" --checksum-mode ENABLED")
	}
	return lines
}

// explain is the command that explains the version, behind headObjects.
func explain(o s3event.ObjectVersion) string {
	if shell.Odd(o.Key) || o.Versioned() && shell.Odd(o.VersionID) {
		return `autobackup explain --object "$version" ` + shell.Quote("s3://"+o.Bucket)
	}
	return shell.Explain(o.Bucket, o.Key, o.VersionID)
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
