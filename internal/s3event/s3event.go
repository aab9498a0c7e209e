// Package s3event turns a queue message into an object version. The message is
// an S3 event as EventBridge delivers it
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html), of
// detail-type "Object Created" or "Object Deleted". Its keys are plain text;
// only S3's own notifications, another schema, have them URL-encoded. Of those it
// knows one, about a replication that failed (ParseNotification). Whatever else
// arrives is refused with an error that says what it is and what to do.
package s3event

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"autobackup/internal/verdict"
)

// ObjectVersion is what an event says about one object version. Key, ETag and
// Reason are as sent, and anyone may have written them: print String, or quote.
type ObjectVersion struct {
	Bucket    string
	Key       string // 1 to 1,024 bytes of valid UTF-8, not URL-encoded
	VersionID string // printable ASCII, never "null"
	Region    string // the bucket's
	Account   string // the bucket owner's, 12 digits; empty where the event has none
	Event     verdict.Event
	Size      int64     // bytes; 0 where the event has none, as for delete markers
	ETag      string    // without quotes
	Time      time.Time // of the event
	Reason    string    // what caused it: "PutObject", "Lifecycle Expiration"
}

// Draw is from 0 to 999, spreads evenly, and is the same whenever this version is
// validated. S3 chooses the version id, so who uploads can't choose what a sample
// takes.
func (o ObjectVersion) Draw() int {
	sum := sha256.Sum256([]byte(strconv.Quote(o.Bucket) + strconv.Quote(o.Key) + strconv.Quote(o.VersionID)))
	return int(binary.BigEndian.Uint64(sum[:8]) % 1000) // #nosec G115: below 1000
}

// URI is s3://bucket/key@version with the key as it is, control characters and
// all.
func (o ObjectVersion) URI() string {
	return "s3://" + o.Bucket + "/" + o.Key + "@" + o.VersionID
}

// String is URI as one line of printable ASCII: as it is where it is that
// already, else quoted as a Go string.
func (o ObjectVersion) String() string {
	uri := o.URI()
	if quoted := strconv.QuoteToASCII(uri); strings.Trim(quoted, `"`) != uri {
		return quoted
	}
	return uri
}
