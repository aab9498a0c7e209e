package s3event

import (
	"regexp"
	"strings"
)

// What S3 takes at most, in bytes
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html).
const (
	maxKey       = 1024
	maxVersionID = 1024
)

// What names look like
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	regionName = regexp.MustCompile(`^[a-z]{2,8}(-[a-z]{2,16}){1,3}-[0-9]{1,2}$`)
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
)

// check refuses what can't be of S3, whichever form the message has.
func (o ObjectVersion) check() error {
	switch {
	case !isBucket(o.Bucket):
		return malformed("the bucket %s is no bucket name; find out who sends to this queue", quoted(o.Bucket))
	case !regionName.MatchString(o.Region):
		return malformed("the region %s is no region; find out who sends to this queue", quoted(o.Region))
	case o.Account != "" && !accountID.MatchString(o.Account):
		return malformed("the account %s is not 12 digits; find out who sends to this queue", quoted(o.Account))
	case o.Key == "":
		return malformed("the key is missing or empty; find out who sends to this queue")
	case len(o.Key) > maxKey:
		return malformed("the key has %d bytes, S3 takes at most %d; find out who sends to this queue", len(o.Key), maxKey)
	case len(o.VersionID) > maxVersionID || !isPlain(o.VersionID):
		return malformed("the version id %s is no version id; find out who sends to this queue", quoted(o.VersionID))
	case o.Size < 0:
		return malformed("the size is %d bytes; find out who sends to this queue", o.Size)
	}
	return nil
}

func isBucket(name string) bool { return bucketName.MatchString(name) && !strings.Contains(name, "..") }

// isPlain says whether s is printable ASCII without spaces, as version ids and
// URL-encoded keys are.
func isPlain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '!' || r > '~' })
}

// realVersionID is empty for "null", the id of what is written while versioning is
// off or suspended
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/AddingObjectstoVersionSuspendedBuckets.html).
func realVersionID(id string) string {
	if id == "null" {
		return ""
	}
	return id
}
