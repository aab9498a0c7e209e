package look

import (
	"encoding/json"

	"autobackup/internal/checksum"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// What a text of a side takes at most, in bytes of JSON, quotes and HTML escapes
// included. S3 sends nothing longer; a broken server or a proxy might. Together
// they keep a replica within verdict.MaxSide: one that shows an object has neither
// a detail nor a lifecycle rule.
const (
	maxBucket = 65                          // a name has 63: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	maxRegion = 26                          // ap-southeast-1 has 14
	maxWord   = 18                          // aws:kms:dsse has 12
	maxClass  = 24                          // INTELLIGENT_TIERING has 19
	maxETag   = 44                          // an MD5, -10000 and two quotes
	maxSum    = 96                          // a SHA512 and -10000
	maxSums   = maxSum + 52                 // and a SHA256 and -10000
	maxText   = 2*verdict.MaxSideDetail + 2 // as many quotes
	maxRule   = 2*maxRuleID + 2
	// maxPartsText is a detail of verdict.Parts without anything to escape.
	maxPartsText = verdict.MaxPartsDetail + 2
)

// maxRuleID is how many bytes of a lifecycle rule's id are kept. People give names
// of some 30, S3 and CloudFormation make some of 48.
const maxRuleID = 80

// tooLong stands for what exceeds its bound. It is no ETag, no encryption and no
// status that the rules know, so it is never evidence of anything, as a value
// cut short or left out could be.
const tooLong = "too long"

// manySums is how many checksums of a side are kept, the ones to trust most. S3
// stores one with an object, seldom two.
const manySums = 2

// bounded returns the side with everything in it that S3 sent within its bound.
func bounded(s verdict.Side) verdict.Side {
	s.Bucket = within(maxBucket, s.Bucket)
	s.Region = within(maxRegion, s.Region)
	s.Detail = within(maxText, text.Line(s.Detail, verdict.MaxSideDetail))
	s.ETag = within(maxETag, s.ETag)
	s.Encryption = within(maxWord, s.Encryption)
	s.Class = within(maxClass, s.Class)
	s.Checksums = strongest(s.Checksums)
	s.ChecksumType = within(maxWord, s.ChecksumType)
	s.Replication = within(maxWord, s.Replication)
	return s
}

// strongest keeps manySums of the checksums and none that is too long.
func strongest(sums map[string]string) map[string]string {
	if sums == nil {
		return nil
	}
	kept, room := map[string]string{}, maxSums
	for _, a := range checksum.Algorithms() {
		value, sent := sums[string(a)]
		if size := encoded(value); sent && size <= min(maxSum, room) && len(kept) < manySums {
			kept[string(a)] = value
			room -= size
		}
	}
	return kept
}

func within(limit int, s string) string {
	if encoded(s) <= limit {
		return s
	}
	return tooLong
}

// encoded is the length of a text as JSON with HTML escapes, which is the longest
// form that it can have.
func encoded(s string) int {
	form, _ := json.Marshal(s) // a text always encodes
	return len(form)
}
