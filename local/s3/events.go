package s3

import (
	"bytes"
	"encoding/json"
	"time"
)

// Reasons that events give.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
const (
	reasonPut       = "PutObject"
	reasonCopy      = "CopyObject"
	reasonComplete  = "CompleteMultipartUpload"
	reasonDelete    = "DeleteObject"
	reasonLifecycle = "Lifecycle Expiration"
)

const (
	// serviceRequester asks where S3 acts by itself.
	serviceRequester = "s3.amazonaws.com"
	// emptyETag is the one of delete markers in events: the MD5 of nothing.
	emptyETag = "d41d8cd98f00b204e9800998ecf8427e"
)

// origin says on whose behalf something happened.
type origin struct {
	requester string
	requestID string
	sourceIP  string // empty where S3 acts by itself
}

func (c *call) origin(account string) origin {
	return origin{requester: account, requestID: c.id, sourceIP: c.sourceIP()}
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
type event struct {
	Version    string      `json:"version"`
	ID         string      `json:"id"`
	DetailType string      `json:"detail-type"`
	Source     string      `json:"source"`
	Account    string      `json:"account"`
	Time       string      `json:"time"`
	Region     string      `json:"region"`
	Resources  []string    `json:"resources"`
	Detail     eventDetail `json:"detail"`
}

type eventDetail struct {
	Version                 string      `json:"version"`
	EventVersion            string      `json:"event-version"`
	Bucket                  eventBucket `json:"bucket"`
	Object                  eventObject `json:"object"`
	RequestID               string      `json:"request-id"`
	Requester               string      `json:"requester"`
	SourceIP                string      `json:"source-ip-address,omitempty"`
	Reason                  string      `json:"reason,omitempty"`
	DeletionType            string      `json:"deletion-type,omitempty"`
	DestinationStorageClass string      `json:"destination-storage-class,omitempty"`
}

type eventBucket struct {
	Name string `json:"name"`
}

type eventObject struct {
	Key       string `json:"key"` // not URL-encoded, unlike in S3's own notifications
	Size      *int64 `json:"size,omitempty"`
	ETag      string `json:"etag,omitempty"`
	VersionID string `json:"version-id,omitempty"`
	Sequencer string `json:"sequencer"`
}

// event prepares the event of a version that was made. The server is locked;
// the event is sent by calling the result when it no longer is.
func (s *Server) event(b *bucket, key string, v *version, at time.Time, from origin) func() {
	detail := eventDetail{Reason: v.reason, Object: eventObject{ETag: v.etag}}
	if v.marker {
		detail.DeletionType, detail.Object.ETag = "Delete Marker Created", emptyETag
		return s.tell(b, "Object Deleted", key, v, v.seq, at, from, detail)
	}
	size := v.size()
	detail.Object.Size = &size
	return s.tell(b, "Object Created", key, v, v.seq, at, from, detail)
}

// removed prepares the event of a version that was deleted for good. The server
// is locked.
func (s *Server) removed(b *bucket, key string, v *version, reason string, at time.Time, from origin) func() {
	detail := eventDetail{Reason: reason, DeletionType: "Permanently Deleted"}
	s.seq++
	return s.tell(b, "Object Deleted", key, v, s.seq, at, from, detail)
}

// changedClass prepares the event of a version that lifecycle moved to another storage
// class. The server is locked.
func (s *Server) changedClass(b *bucket, key string, v *version, at time.Time, from origin) func() {
	size := v.size()
	detail := eventDetail{DestinationStorageClass: v.storageClass, Object: eventObject{ETag: v.etag, Size: &size}}
	s.seq++
	return s.tell(b, "Object Storage Class Changed", key, v, s.seq, at, from, detail)
}

// notificationNames are what S3's own notifications call what happened, by how
// EventBridge's events do.
var notificationNames = map[string]string{
	"Object Created " + reasonPut: "ObjectCreated:Put", "Object Created " + reasonCopy: "ObjectCreated:Copy",
	"Object Created " + reasonComplete: "ObjectCreated:CompleteMultipartUpload",
	"Object Deleted " + reasonDelete:   "ObjectRemoved:", "Object Deleted " + reasonLifecycle: "LifecycleExpiration:",
	"Object Storage Class Changed ": "LifecycleTransition",
}

// deletions are how the names of notifications about deletions end.
var deletions = map[string]string{"Delete Marker Created": "DeleteMarkerCreated", "Permanently Deleted": "Delete"}

// tell prepares what is told of something that happened: to EventBridge, and to whom the
// bucket's notifications go.
func (s *Server) tell(b *bucket, detailType, key string, v *version, seq uint64, at time.Time, from origin, detail eventDetail) func() {
	name := notificationNames[detailType+" "+detail.Reason] + deletions[detail.DeletionType]
	return both(s.toEventBridge(b, detailType, key, v, seq, at, from, detail), s.send(b, name, key, func() notified {
		return s.notified(b, key, v, seq, at, from)
	}))
}

func (s *Server) toEventBridge(b *bucket, detailType, key string, v *version, seq uint64, at time.Time, from origin, detail eventDetail) func() {
	if !b.eventBridge || s.OnEvent == nil {
		return func() {}
	}
	at = at.UTC()
	detail.Version, detail.EventVersion = "0", "1.0"
	detail.Bucket.Name = b.name
	detail.Object.Key, detail.Object.VersionID = key, b.shownID(v)
	detail.Object.Sequencer = sequencer(at, seq)
	detail.RequestID, detail.Requester, detail.SourceIP = from.requestID, from.requester, from.sourceIP
	e := event{
		Version: "0", ID: s.random.eventID(), DetailType: detailType, Source: "aws.s3", Account: s.account,
		Time: at.Truncate(time.Second).Format(time.RFC3339), Region: b.region,
		Resources: []string{bucketARN + b.name}, Detail: detail,
	}
	return s.outgoing(message{Region: b.region, Body: e.json()})
}

// json leaves <, > and & as they are, as S3 does.
func (e *event) json() []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		return nil // never: the type has only strings and numbers
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}
