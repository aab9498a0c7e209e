package report

import (
	"strings"

	"autobackup/internal/audit"
	"autobackup/internal/reason"
	"autobackup/internal/shell"
)

// mostCopies bounds how many commands mend.md has: people read it before they paste.
const mostCopies = 1000

// copies are the versions that only a copy in place brings back.
type copies struct {
	items []audit.Item
	count int64
	once  once
}

// add notes an object that is gone from the replica. S3 Batch Replication does not
// replicate again what was deleted there by its version id
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-batch-replication-batch.html).
func (c *copies) add(i audit.Item) {
	if i.Category != audit.Finding || i.Reason != reason.ReplicaMissing || i.Marker || i.On == audit.OnReplica || !c.once.first(i) {
		return
	}
	c.count++
	if len(c.items) < mostCopies {
		c.items = append(c.items, i)
	}
}

func (c copies) commands(primary audit.SideReport) string {
	var b strings.Builder
	if primary.Endpoint != "" {
		b.WriteString("export AWS_ENDPOINT_URL=" + shell.Quote(primary.Endpoint) + "\n")
	}
	for _, i := range c.items {
		b.WriteString(CopyInPlace(primary.Region, i))
	}
	return b.String()
}

// CopyInPlace is the command that copies a version onto its key if it still is the latest one: a copy of
// an older one would bring old content back for everybody who reads the key.
func CopyInPlace(region string, i audit.Item) string {
	lines := shell.CopyObject(region, i.Primary, i.Key, i.Version, i.Size)
	if i.Size > shell.MaxCopy {
		lines = copyParts(region, i)
	}
	if len(lines) == 0 {
		// Not as a comment: zsh has none where people type.
		return ": 'no command names it safely: " + shell.ASCIIJSON(map[string]string{"Key": i.Key, "VersionId": i.Version}) + "'\n"
	}
	key := " --key " + shell.Quote(i.Key)
	if shell.Odd(i.Key) {
		lines = append([]string{"key='" + shell.ASCIIJSON(map[string]string{"Key": i.Key}) + "'"}, lines...)
		key = ` --cli-input-json "$key"`
	}
	last := len(lines) - 1
	lines[last] = `[ "$(aws s3api head-object` + shell.InRegion(region) + " --bucket " + shell.Quote(i.Primary) + key +
		` --query VersionId --output text)" = ` + shell.Quote(i.Version) + " ] &&\n  " + lines[last]
	return strings.Join(lines, "\n") + "\n"
}

// copyParts copies what is too large for one request: s3 cp does so in parts, of the
// latest version. It takes a key as a word only, and one that ends with a slash as a
// folder.
func copyParts(region string, i audit.Item) []string {
	if shell.Odd(i.Key) || strings.HasSuffix(i.Key, "/") || shell.Odd(i.Version) {
		return nil
	}
	uri := shell.Quote("s3://" + i.Primary + "/" + i.Key)
	return []string{"aws s3 cp" + shell.InRegion(region) + " " + uri + " " + uri + " --copy-props default --storage-class STANDARD"}
}
