package s3event

import (
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// record is one of the Records of S3's own form, as far as a replication's failure
// needs it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
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

const (
	failedReplication = "Replication:OperationFailedReplication"
	testEvent         = "s3:TestEvent"
)

// notification reads a message of S3's own form.
func (m message) notification() (ObjectVersion, error) {
	switch {
	case m.Event != "":
		return ObjectVersion{}, malformed("Event is %s, which tells of no object; send S3's notifications to the failure queue", quoted(m.Event))
	case len(m.Records) != 1:
		return ObjectVersion{}, malformed("the notification has %d records, not one; send S3's notifications to the failure queue", len(m.Records))
	}
	return m.Records[0].version()
}

func (r record) version() (ObjectVersion, error) {
	o, f := r.S3.Object, r.Replication
	key, err := url.QueryUnescape(o.Key)
	partition, destination, _ := strings.Cut(f.Destination, ":s3:::")
	switch {
	case r.EventSource != "aws:s3":
		return ObjectVersion{}, malformed("eventSource is %s, not \"aws:s3\"; find out who sends to this queue", quoted(r.EventSource))
	case r.EventName != failedReplication && r.EventName != "s3:"+failedReplication:
		return ObjectVersion{}, malformed("eventName is %s, not %q; correct the bucket's queue notification", quoted(r.EventName), failedReplication)
	case err != nil || !isPlain(o.Key) || !utf8.ValidString(key):
		return ObjectVersion{}, malformed("the key is not URL-encoded UTF-8; find out who sends to this queue")
	case !strings.HasPrefix(partition, "arn:") || !isBucket(destination):
		return ObjectVersion{}, malformed("destinationBucket %s is no bucket's ARN; find out who sends to this queue", quoted(f.Destination))
	case r.Time.IsZero() || f.Operation == "" || f.Cause == "":
		return ObjectVersion{}, malformed("eventTime, s3Operation or failureReason is missing; find out who sends to this queue")
	}
	return ObjectVersion{
		Bucket: r.S3.Bucket.Name, Key: key, VersionID: realVersionID(o.VersionID), Region: r.Region,
		Size: o.Size, ETag: o.ETag, Time: r.Time, Reason: r.EventName,
		GaveUp: &ReplicationFailure{
			Destination: destination, Operation: f.Operation, Rule: f.Rule, Cause: f.Cause, Requested: f.Requested,
		},
	}, nil
}

// IsNotification says whether a message claims to be of S3's own form, rather
// than EventBridge's: Parse tells whether it is one that it reads.
func IsNotification(body string) bool {
	var m struct {
		Source  jsontext.Value `json:"source"`
		Records jsontext.Value `json:"Records"`
		Event   jsontext.Value `json:"Event"`
	}
	err := json.Unmarshal([]byte(body), &m, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return err == nil && m.Source == nil && (m.Records != nil || m.Event != nil)
}

// TestEvent tells the bucket of an s3:TestEvent, which S3 sends when a bucket is
// told to send notifications. ok is false for any other message.
func TestEvent(body string) (bucket string, ok bool) {
	var m message
	if decode(body, &m) != nil || m.Source != "" || m.Event != testEvent || len(m.Records) > 0 || !isBucket(m.Bucket) {
		return "", false
	}
	return m.Bucket, true
}

// Split makes a message of each record of a notification, because S3 may put
// several into one and each is judged for itself. The records are not changed. It
// never fails: a message that has not several records comes back as it is, whatever
// it is, and Parse tells what is wrong with it.
func Split(body string) []string {
	var n struct {
		Records []jsontext.Value `json:"Records"`
	}
	if decode(body, &n) != nil || len(n.Records) < 2 || !IsNotification(body) {
		return []string{body}
	}
	messages := make([]string, len(n.Records))
	for i, r := range n.Records {
		messages[i] = `{"Records":[` + string(r) + `]}`
	}
	return messages
}
