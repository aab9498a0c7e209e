package s3

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"autobackup/local/gate"
)

// notified is S3's own form of an event.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-metrics-events.html
type notified struct {
	Version     string            `json:"eventVersion"`
	EventSource string            `json:"eventSource"`
	Region      string            `json:"awsRegion"`
	Time        string            `json:"eventTime"`
	Name        string            `json:"eventName"`
	User        map[string]string `json:"userIdentity"`
	Request     map[string]string `json:"requestParameters"`
	Response    map[string]string `json:"responseElements"`
	S3          notifiedS3        `json:"s3"`
	Replication map[string]string `json:"replicationEventData,omitempty"`
}

type notifiedS3 struct {
	SchemaVersion string `json:"s3SchemaVersion"`
	Configuration string `json:"configurationId"`
	Bucket        struct {
		Name  string            `json:"name"`
		Owner map[string]string `json:"ownerIdentity"`
		ARN   string            `json:"arn"`
	} `json:"bucket"`
	Object struct {
		Key       string `json:"key"` // URL-encoded
		Size      int64  `json:"size,omitempty"`
		ETag      string `json:"eTag"`
		VersionID string `json:"versionId"`
		Sequencer string `json:"sequencer"`
	} `json:"object"`
}

// failed prepares the notifications of a replication that came to nothing. The
// server is locked; they are sent by calling the result when it no longer is. As
// with S3, a rule without metrics tells nothing.
func (s *Server) failed(r *replication, why error) func() {
	source := s.buckets[r.source]
	if source == nil || r.rule.Destination.Metrics == nil || r.rule.Destination.Metrics.Status != "Enabled" {
		return func() {}
	}
	return s.send(source, strings.TrimPrefix(EventReplicationFailed, "s3:"), r.key, func() notified {
		n := s.notified(source, r.key, r.version, r.version.seq, s.clock.Now(), s.itself())
		n.Version = "2.2"
		n.Replication = map[string]string{
			"replicationRuleId": r.rule.ID, "destinationBucket": bucketARN + r.destination, "s3Operation": r.operation(),
			"requestTime": iso(r.version.modified), "failureReason": s.failureReason(r, why),
		}
		return n
	})
}

// send prepares a notification for whoever wants it. The server is locked.
func (s *Server) send(b *bucket, name, key string, write func() notified) func() {
	var wanted []Notification
	for _, one := range b.notifications.all() {
		if one.wants("s3:"+name, key) {
			wanted = append(wanted, one)
		}
	}
	if len(wanted) == 0 {
		return func() {}
	}
	n := write()
	n.Name = name
	tell := func() {}
	for _, one := range wanted {
		n.S3.Configuration = one.ID
		body, err := json.Marshal(map[string][]notified{"Records": {n}})
		if err != nil { // never: the types have only strings and numbers
			continue
		}
		tell = both(tell, s.outgoing(message{Bucket: b.name, Target: one.target(), Body: body}))
	}
	return tell
}

// notified is about a version, whatever happened to it. The server is locked.
func (s *Server) notified(b *bucket, key string, v *version, seq uint64, at time.Time, from origin) notified {
	at = at.UTC()
	n := notified{
		Version: "2.1", EventSource: "aws:s3", Region: b.region, Time: iso(at), User: map[string]string{"principalId": from.requester},
		Request:  map[string]string{"sourceIPAddress": cmp.Or(from.sourceIP, from.requester)},
		Response: map[string]string{"x-amz-request-id": cmp.Or(from.requestID, s.random.requestID()), "x-amz-id-2": s.random.etag()},
	}
	n.S3.SchemaVersion = "1.0"
	n.S3.Bucket.Name, n.S3.Bucket.ARN = b.name, bucketARN+b.name
	n.S3.Bucket.Owner = map[string]string{"principalId": s.account}
	o := &n.S3.Object
	o.Key, o.Size, o.ETag, o.VersionID = url.QueryEscape(key), v.size(), cmp.Or(v.etag, emptyETag), b.shownID(v)
	o.Sequencer = sequencer(at, seq)
	return n
}

// operation is the one that is not replicated. S3 documents no name for that of
// a delete marker.
func (r *replication) operation() string {
	if r.version.marker {
		return "OBJECT_DELETE"
	}
	if r.change {
		return "OBJECT_TAGGING"
	}
	return "OBJECT_PUT"
}

// failureReason is S3's word for why. The server is locked.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-metrics-events.html#replication-failure-codes
func (s *Server) failureReason(r *replication, why error) string {
	switch {
	case errors.Is(why, errSourceGone):
		return "SrcVersionNotFound"
	case errors.Is(why, errNoDestination) && s.buckets[r.destination] == nil:
		return "DstBucketNotFound"
	case errors.Is(why, errNoDestination):
		return "DstBucketUnversioned"
	case errors.Is(why, errErased):
		return "DstObjectHardDeleted"
	case errors.Is(why, errRole):
		return "AssumeRoleNotPermitted"
	}
	var denied *gate.Refused
	if errors.As(why, &denied) {
		if code, known := notPermitted[denied.Action]; known {
			return code
		}
		if denied.Resource == r.version.encryption.kmsKey {
			return "SrcGetObjectNotPermitted"
		}
	}
	if r.version.marker {
		return "DstDelObjNotPermitted"
	}
	return "DstPutObjectNotPermitted"
}

// notPermitted are S3's words for a permission that the role lacks; the key's is told as the
// object's.
var notPermitted = map[string]string{
	"s3:GetReplicationConfiguration": "SrcBucketReplicationConfigMissing", "s3:GetObjectVersionForReplication": "SrcGetObjectNotPermitted",
	"s3:GetObjectVersionAcl": "SrcGetAclNotPermitted", "s3:GetObjectVersionTagging": "SrcGetTaggingNotPermitted", "s3:ReplicateTags": "DstPutTaggingNotPermitted",
}

// sequencer orders the events of a key: 16 digits, as S3's.
func sequencer(now time.Time, seq uint64) string {
	return fmt.Sprintf("%08X%08X", uint32(now.Unix()), uint32(seq)) //nolint:gosec // 16 digits, as S3's
}
