package s3event

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// OperationPut is the Operation of an upload, whatever call made it. S3
// documents no other; those seen are about the metadata of a version.
const OperationPut = "OBJECT_PUT"

// ReplicationFailure is what S3 says about one operation that it gave up to
// replicate. Operation, Rule and Cause are as sent.
type ReplicationFailure struct {
	ObjectVersion           // of the source; Time is when S3 gave up
	Destination   string    // bucket
	Operation     string    // OperationPut, or another
	Rule          string    // id of the replication rule
	Requested     time.Time // when the operation was asked for; zero where S3 does not say
	Cause         string    // S3's failureReason, such as DstBucketNotFound
}

// Upload says whether it is the version itself that has no replica.
func (f ReplicationFailure) Upload() bool { return f.Operation == OperationPut }

// After says whether S3 gave up later than deadline after the request: the
// validation has told of the missing replica by then, or does so in its last look.
func (f ReplicationFailure) After(deadline time.Duration) bool {
	return !f.Requested.IsZero() && f.Time.After(f.Requested.Add(deadline))
}

// Notification is a message of S3's own form.
type Notification struct {
	// Test is the bucket of an s3:TestEvent, which S3 sends when a bucket is told
	// to send notifications; empty for any other message.
	Test     string
	Failures []ReplicationFailure // in S3's order; none with Test, else at least one
}

// IsNotification says whether a message claims to be of S3's own form, rather
// than EventBridge's: ParseNotification tells whether it is one.
func IsNotification(body string) bool {
	var m struct {
		Source, Records, Event json.RawMessage
	}
	return json.Unmarshal([]byte(body), &m) == nil && m.Source == nil && (m.Records != nil || m.Event != nil)
}

// notification is S3's own form, as far as a replication's failure needs it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-metrics-events.html
type notification struct {
	Event   string   `json:"Event"`
	Bucket  string   `json:"Bucket"`
	Records []record `json:"Records"`
}

type record struct {
	EventSource string    `json:"eventSource"`
	EventName   string    `json:"eventName"`
	Region      string    `json:"awsRegion"`
	Time        time.Time `json:"eventTime"`
	S3          struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key       string `json:"key"` // URL-encoded
			Size      int64  `json:"size"`
			ETag      string `json:"eTag"`
			VersionID string `json:"versionId"`
		} `json:"object"`
	} `json:"s3"`
	Replication struct {
		Rule        string    `json:"replicationRuleId"`
		Destination string    `json:"destinationBucket"` // ARN
		Operation   string    `json:"s3Operation"`
		Requested   time.Time `json:"requestTime"`
		Cause       string    `json:"failureReason"`
	} `json:"replicationEventData"`
}

// ParseNotification reads a message of S3's own form: s3:TestEvent, or failures
// of replication. Its errors are as those of Parse.
func ParseNotification(body string) (Notification, error) {
	var n notification
	if err := strict(body, &n); err != nil {
		return Notification{}, err
	}
	switch {
	case n.Event == "s3:TestEvent" && len(n.Records) == 0:
		if !isBucket(n.Bucket) {
			return Notification{}, malformed("Bucket %s is no bucket name; find out who sends to this queue", quoted(n.Bucket))
		}
		return Notification{Test: n.Bucket}, nil
	case n.Event != "":
		return Notification{}, malformed("Event is %s, not \"s3:TestEvent\"; find out who sends to this queue", quoted(n.Event))
	case len(n.Records) == 0:
		return Notification{}, malformed("Records is missing or empty; find out who sends to this queue")
	}
	var parsed Notification
	for _, r := range n.Records {
		f, err := r.failure()
		if err != nil {
			return Notification{}, err
		}
		parsed.Failures = append(parsed.Failures, f)
	}
	return parsed, nil
}

const failedReplication = "Replication:OperationFailedReplication"

// encodedKey is a key as S3 encodes it.
var encodedKey = regexp.MustCompile(`^[!-~]+$`)

func (r record) failure() (ReplicationFailure, error) {
	destination, isARN := strings.CutPrefix(r.Replication.Destination, "arn:")
	destination = destination[strings.LastIndex(destination, ":")+1:]
	key, err := url.QueryUnescape(r.S3.Object.Key)
	switch {
	case r.EventSource != "aws:s3":
		return ReplicationFailure{}, malformed("eventSource is %s, not \"aws:s3\"; find out who sends to this queue", quoted(r.EventSource))
	case strings.TrimPrefix(r.EventName, "s3:") != failedReplication:
		return ReplicationFailure{}, malformed("eventName is %s, not %q; correct the bucket's queue notification", quoted(r.EventName), failedReplication)
	case err != nil || !encodedKey.MatchString(r.S3.Object.Key) || !utf8.ValidString(key) || len(key) > maxKey:
		return ReplicationFailure{}, malformed("s3.object.key is no URL-encoded key; find out who sends to this queue")
	case !isARN || !isBucket(destination):
		return ReplicationFailure{}, malformed("destinationBucket %s is no bucket's ARN; find out who sends to this queue", quoted(r.Replication.Destination))
	case r.Replication.Operation == "" || r.Replication.Cause == "" || r.Time.IsZero():
		return ReplicationFailure{}, malformed("eventTime, s3Operation or failureReason is missing; find out who sends to this queue")
	}
	o := r.S3.Object
	v := ObjectVersion{
		Bucket: r.S3.Bucket.Name, Key: key, VersionID: o.VersionID, Region: r.Region,
		Size: o.Size, ETag: o.ETag, Time: r.Time, Reason: r.EventName,
	}
	if err := v.check(); err != nil {
		return ReplicationFailure{}, err
	}
	return ReplicationFailure{
		ObjectVersion: v, Destination: destination, Operation: r.Replication.Operation,
		Rule: r.Replication.Rule, Requested: r.Replication.Requested, Cause: r.Replication.Cause,
	}, nil
}

// check refuses what place and object refuse of an event.
func (o ObjectVersion) check() error {
	switch {
	case !isBucket(o.Bucket):
		return malformed("s3.bucket.name %s is no bucket name; find out who sends to this queue", quoted(o.Bucket))
	case !regionName.MatchString(o.Region):
		return malformed("awsRegion %s is no region; find out who sends to this queue", quoted(o.Region))
	case o.VersionID == "null" || !isVersionID(o.VersionID):
		return malformed("s3.object.versionId %s is no version id; find out who sends to this queue", quoted(o.VersionID))
	case o.Size < 0:
		return malformed("s3.object.size is %d bytes; find out who sends to this queue", o.Size)
	}
	return nil
}

func isVersionID(id string) bool { return len(id) <= maxVersionID && versionID.MatchString(id) }

func isBucket(name string) bool { return bucketName.MatchString(name) && !strings.Contains(name, "..") }
