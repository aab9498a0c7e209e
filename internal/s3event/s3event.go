// Package s3event turns a queue message into an object version. A message has
// one of two forms:
//
//   - an event of S3 as EventBridge delivers it, of detail-type "Object Created"
//     or "Object Deleted"
//     (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html)
//   - S3's own notification that it gave up a replication
//     (https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-metrics-events.html)
//
// Whatever else arrives is refused with an error that says what it is and what to
// do.
package s3event

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"
)

// ObjectVersion is what a message says about one object version. Key, ETag and
// Reason are as sent, and anyone may have written them: print String, or quote.
type ObjectVersion struct {
	Bucket    string
	Key       string    // 1 to 1,024 bytes of valid UTF-8, not URL-encoded
	VersionID string    // printable ASCII; empty where the bucket's versioning is off or suspended
	Region    string    // the bucket's
	Account   string    // the bucket owner's, 12 digits; empty where the message has none
	Marker    bool      // a delete marker was created
	Lifecycle bool      // a lifecycle rule did it, which S3 does not replicate
	Size      int64     // bytes; 0 where the message has none, as for delete markers
	ETag      string    // without quotes
	Time      time.Time // of the event; zero where EventBridge's form has none
	Reason    string    // what caused it: "PutObject", "Lifecycle Expiration", or S3's eventName
	// GaveUp is set where S3 tells that it gave up a replication of the version.
	GaveUp *ReplicationFailure
}

// ReplicationFailure is what S3 says about an operation that it gave up to
// replicate. Operation, Rule and Cause are as sent: quote them. The version's Time
// is when S3 gave up.
type ReplicationFailure struct {
	Destination string    // bucket
	Operation   string    // such as OBJECT_PUT; S3 documents no other
	Rule        string    // id of the replication rule
	Cause       string    // S3's failureReason, such as DstBucketNotFound
	Requested   time.Time // when the operation was asked for; zero where S3 does not say
}

// Upload says whether it is the version itself that has no replica, rather than
// something about it, such as its tags.
func (f ReplicationFailure) Upload() bool { return f.Operation == "OBJECT_PUT" }

// Versioned says whether the object has a version id. Only then is there a version
// to compare and to replicate: without one, the next upload replaces the object.
func (o ObjectVersion) Versioned() bool { return o.VersionID != "" }

// Draw is from 0 to 999, spreads evenly, and is the same whenever this version is
// validated. S3 chooses the version id, so who uploads can't choose what a sample
// takes.
func (o ObjectVersion) Draw() int {
	sum := sha256.Sum256([]byte(strconv.Quote(o.Bucket) + strconv.Quote(o.Key) + strconv.Quote(o.VersionID)))
	return int(binary.BigEndian.Uint64(sum[:8]) % 1000) // #nosec G115: below 1000
}

// URI is s3://bucket/key@version with the key as it is, control characters and
// all. Without a version id it ends with the key.
func (o ObjectVersion) URI() string {
	uri := "s3://" + o.Bucket + "/" + o.Key
	if o.Versioned() {
		uri += "@" + o.VersionID
	}
	return uri
}

// String is URI as one line of printable ASCII: as it is where it is that
// already, else quoted as a Go string.
func (o ObjectVersion) String() string {
	uri := o.URI()
	if quoted := strconv.QuoteToASCII(uri); quoted != `"`+uri+`"` {
		return quoted
	}
	return uri
}
