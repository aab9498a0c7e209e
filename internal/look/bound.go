package look

import (
	"encoding/json"

	"autobackup/internal/checksum"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// What a text of a side takes at most, in bytes of JSON, quotes included. S3
// sends nothing longer; a broken server or a proxy might. Together they keep a
// side within verdict.MaxSide.
const (
	maxBucket = 65  // a name has 63: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	maxRegion = 34  // eu-central-1 has 12
	maxWord   = 18  // aws:kms:dsse has 12
	maxETag   = 48  // an MD5, -10000 and two quotes
	maxSum    = 96  // a SHA512 and -10000
	maxText   = 420 // verdict.MaxSideDetail quotes
	// maxPartsText is a detail of verdict.Parts without anything to escape.
	maxPartsText = verdict.MaxPartsDetail + 2
)

// tooLong stands for what exceeds its bound. It is no ETag, no encryption and no
// status that the rules know, so it is never evidence of anything, as a value
// cut short or left out could be.
const tooLong = "too long"

// maxSums is how many checksums of a side are kept, the ones to trust most. S3
// stores one with an object, seldom two.
const maxSums = 2

// bounded returns the side within verdict.MaxSide.
func bounded(s verdict.Side) verdict.Side {
	s.Bucket = within(maxBucket, s.Bucket)
	s.Region = within(maxRegion, s.Region)
	s.Detail = within(maxText, reason.Line(s.Detail, verdict.MaxSideDetail))
	s.ETag = within(maxETag, s.ETag)
	s.Encryption = within(maxWord, s.Encryption)
	s.Checksums = strongest(s.Checksums)
	s.ChecksumType = within(maxWord, s.ChecksumType)
	s.Replication = within(maxWord, s.Replication)
	return s
}

// strongest keeps maxSums of the checksums and none that is too long.
func strongest(sums map[string]string) map[string]string {
	if sums == nil {
		return nil
	}
	kept := map[string]string{}
	for _, a := range checksum.Algorithms() {
		value, sent := sums[string(a)]
		if sent && fits(maxSum, value) && len(kept) < maxSums {
			kept[string(a)] = value
		}
	}
	return kept
}

func within(limit int, text string) string {
	if fits(limit, text) {
		return text
	}
	return tooLong
}

func fits(limit int, text string) bool {
	encoded, err := json.Marshal(text)
	return err == nil && len(encoded) <= limit
}
