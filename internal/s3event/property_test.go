package s3event_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/s3event"
)

func TestEveryEventOfEitherFormIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawVersion(t)
		body := writeEvent(t, want)
		if rapid.Bool().Draw(t, "S3 gave up") {
			want = drawGivenUp(t, want)
			body = notification(writeRecord(t, want))
		}
		got, err := s3event.Parse(body)
		require.NoError(t, err, body)
		assert.Equal(t, want, got, body)
		assert.Equal(t, want.GaveUp != nil, s3event.IsNotification(body))
		assert.NotRegexp(t, `[^ -~]`, got.String())
		assert.Equal(t, []string{body}, s3event.Split(body))
	})
}

func TestEveryRecordOfANotificationIsReadAfterItIsSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var records []string
		var want, got []s3event.ObjectVersion
		for range rapid.IntRange(2, 5).Draw(t, "records") {
			v := drawGivenUp(t, drawVersion(t))
			records, want = append(records, writeRecord(t, v)), append(want, v)
		}
		for _, message := range s3event.Split(notification(records...)) {
			v, err := s3event.Parse(message)
			require.NoError(t, err)
			got = append(got, v)
		}
		assert.Equal(t, want, got)
	})
}

func TestAVersionThatS3DoesNotMakeIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawVersion(t)
		v.Key = "secret" + v.Key
		switch rapid.IntRange(0, 3).Draw(t, "what is wrong") {
		case 0:
			v.Bucket = rapid.StringMatching(`[a-z]{0,2}|[A-Z]{3}|[a-z]+\.\.[a-z]+|-[a-z]{3}|[a-z]{3}\.|[a-z]{64}`).Draw(t, "bucket")
		case 1:
			v.Key = "secret" + strings.Repeat("k", rapid.IntRange(1025, 2000).Draw(t, "key"))
		case 2:
			v.VersionID = rapid.OneOf(rapid.StringMatching(`[!-~]{0,9}[ é\x00-\x1f\x7f][!-~]{0,9}`), rapid.Just(strings.Repeat("v", 1025))).Draw(t, "version id")
		case 3:
			v.Size = -1 - v.Size
		}
		for _, body := range []string{writeEvent(t, v), notification(writeRecord(t, drawGivenUp(t, v)))} {
			got, err := s3event.Parse(body)
			refused(t, err)
			require.NotContains(t, err.Error(), "secret")
			assert.Zero(t, got)
		}
	})
}

// drawKey favours what parsers of JSON and of URLs stumble over.
func drawKey(t *rapid.T) string {
	piece := rapid.OneOf(rapid.StringN(1, 40, 80), rapid.SampledFrom([]string{
		"\ufffd", `\ud83d`, `\UDV\`, `\\`, `"`, "\x00", "\x1b[31m", "\x7f", "\n", "📄", "\U0010ffff", "\ufeff", "\u2028", "%2F", "%", "+", " ", "&=?#;", "/../", "@", "$(x)`",
	}))
	return strings.Join(rapid.SliceOfN(piece, 1, 12).Draw(t, "key"), "")
}

func drawVersionID(t *rapid.T) string {
	id := rapid.OneOf(rapid.StringMatching(`[!-~]{1,40}|[A-Za-z0-9._]{32}`), rapid.SampledFrom([]string{"", "NULL", strings.Repeat("v", 1024)}))
	return id.Filter(func(id string) bool { return id != "null" }).Draw(t, "version id")
}

func drawTime(t *rapid.T, label string) time.Time {
	return time.UnixMilli(rapid.Int64Range(1, 4e12).Draw(t, label)).UTC()
}

// drawVersion is what both forms can tell.
func drawVersion(t *rapid.T) s3event.ObjectVersion {
	v := s3event.ObjectVersion{
		Bucket:    rapid.StringMatching(`[a-z0-9][a-z0-9-]{0,31}(\.[a-z0-9-]{1,28})?[a-z0-9]{2}`).Draw(t, "bucket"),
		Key:       drawKey(t),
		VersionID: drawVersionID(t),
		Region:    rapid.SampledFrom([]string{"eu-central-1", "us-gov-east-1", "ap-southeast-12", "us-iso-east-1", "eusc-de-east-1"}).Draw(t, "region"),
		Account:   rapid.StringMatching(`|[0-9]{12}`).Draw(t, "account"),
		Marker:    rapid.Bool().Draw(t, "marker"),
		Lifecycle: rapid.Bool().Draw(t, "lifecycle"),
		Size:      rapid.Int64Min(0).Draw(t, "size"),
		ETag:      rapid.StringMatching(`|[0-9a-f]{32}(-[0-9]{1,5})?`).Draw(t, "etag"),
		Time:      drawTime(t, "time"),
		Reason:    "Lifecycle Expiration",
	}
	if !v.Lifecycle {
		v.Reason = rapid.OneOf(rapid.SampledFrom([]string{"", "PutObject", "DeleteObject", "CompleteMultipartUpload"}), rapid.StringN(0, 20, 40)).Draw(t, "reason")
	}
	return v
}

// drawGivenUp is v as S3's own form can tell it.
func drawGivenUp(t *rapid.T, v s3event.ObjectVersion) s3event.ObjectVersion {
	v.Account, v.Marker, v.Lifecycle = "", false, false
	v.Reason = rapid.SampledFrom([]string{"Replication:OperationFailedReplication", "s3:Replication:OperationFailedReplication"}).Draw(t, "eventName")
	v.GaveUp = &s3event.ReplicationFailure{
		Destination: rapid.StringMatching(`[a-z0-9][a-z0-9-]{1,61}[a-z0-9]`).Draw(t, "destination"),
		Operation:   rapid.OneOf(rapid.Just("OBJECT_PUT"), rapid.StringN(1, 20, 40)).Draw(t, "operation"),
		Rule:        rapid.StringN(0, 20, 40).Draw(t, "rule"),
		Cause:       rapid.OneOf(rapid.Just("DstBucketNotFound"), rapid.StringN(1, 20, 40)).Draw(t, "cause"),
	}
	if rapid.Bool().Draw(t, "S3 says when it was requested") {
		v.GaveUp.Requested = drawTime(t, "requested")
	}
	return v
}
