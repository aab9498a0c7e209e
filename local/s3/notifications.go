package s3

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"autobackup/local/gate"
)

// EventReplicationFailed is the one event that can be sent to queues here.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
const EventReplicationFailed = "s3:Replication:OperationFailedReplication"

// QueueConfiguration sends S3's own notifications of a bucket to a queue.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_QueueConfiguration.html
type QueueConfiguration struct {
	ID     string   `xml:"Id,omitempty"`
	Queue  string   `xml:"Queue"` // ARN
	Events []string `xml:"Event"`
}

// testEvent is sent to every queue of a configuration before it is taken.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
type testEvent struct {
	Service, Event, Time, Bucket string
	RequestID                    string `json:"RequestId"`
	HostID                       string `json:"HostId"`
}

// checkQueues refuses what is not supported, and what can't be reached.
func (s *Server) checkQueues(bucket string, queues []QueueConfiguration) error {
	for _, q := range queues {
		for _, event := range q.Events {
			if event != EventReplicationFailed {
				return notImplemented("sending the event %s to a queue", event)
			}
		}
		if len(q.Events) == 0 {
			return fail(http.StatusBadRequest, "MalformedXML", "A queue configuration names at least one event")
		}
		err := s.notify(bucket, q.Queue, testEvent{"Amazon S3", "s3:TestEvent", iso(s.clock.Now()), bucket, s.random.requestID(), s.random.etag()})
		if err != nil {
			return fail(http.StatusBadRequest, "InvalidArgument", "Unable to validate the following destination configurations: %v", err)
		}
	}
	return nil
}

func (s *Server) notify(bucket, queue string, message any) error {
	body, err := json.Marshal(message)
	if err != nil { // never: the types have only strings and numbers
		return fmt.Errorf("write a notification: %w", err)
	}
	if s.OnNotification == nil {
		return errors.New("there are no queues here")
	}
	return s.OnNotification(bucket, queue, body)
}

// notified is S3's own form of an event.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-metrics-events.html
type notified struct {
	EventVersion string            `json:"eventVersion"`
	EventSource  string            `json:"eventSource"`
	Region       string            `json:"awsRegion"`
	Time         string            `json:"eventTime"`
	Name         string            `json:"eventName"`
	User         map[string]string `json:"userIdentity"`
	Request      map[string]string `json:"requestParameters"`
	Response     map[string]string `json:"responseElements"`
	S3           notifiedS3        `json:"s3"`
	Replication  map[string]string `json:"replicationEventData"`
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
	queues, message := source.queues, s.failure(source, r, why)
	return func() {
		for _, q := range queues {
			message.S3.Configuration = q.ID
			// S3 drops what a queue does not take after its own retries.
			_ = s.notify(r.source, q.Queue, map[string][]notified{"Records": {message}})
		}
	}
}

func (s *Server) failure(source *bucket, r *replication, why error) notified {
	now := s.clock.Now().UTC()
	n := notified{
		EventVersion: "2.2", EventSource: "aws:s3", Region: source.region, Time: iso(now),
		Name: strings.TrimPrefix(EventReplicationFailed, "s3:"), User: map[string]string{"principalId": serviceRequester},
		Request:  map[string]string{"sourceIPAddress": serviceRequester},
		Response: map[string]string{"x-amz-request-id": s.random.requestID(), "x-amz-id-2": s.random.etag()},
		Replication: map[string]string{
			"replicationRuleId": r.rule.ID, "destinationBucket": bucketARN + r.destination, "s3Operation": r.operation(),
			"requestTime": iso(r.version.modified), "failureReason": s.failureReason(r, why),
		},
	}
	n.S3.SchemaVersion = "1.0"
	n.S3.Bucket.Name, n.S3.Bucket.ARN = source.name, bucketARN+source.name
	n.S3.Bucket.Owner = map[string]string{"principalId": s.account}
	o := &n.S3.Object
	o.Key, o.Size, o.ETag, o.VersionID = url.QueryEscape(r.key), r.version.size(), r.version.etag, r.version.id
	o.Sequencer = sequencer(now, r.version.seq)
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
