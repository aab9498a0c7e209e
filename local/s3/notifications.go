package s3

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// EventReplicationFailed tells of an object that could not be replicated.
const EventReplicationFailed = "s3:Replication:OperationFailedReplication"

// notificationEvents are all that S3 knows. One that ends in :* stands for those that
// begin like it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
var notificationEvents = []string{
	"s3:TestEvent", "s3:ReducedRedundancyLostObject",
	"s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post", "s3:ObjectCreated:Copy", "s3:ObjectCreated:CompleteMultipartUpload",
	"s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated",
	"s3:ObjectRestore:*", "s3:ObjectRestore:Post", "s3:ObjectRestore:Completed", "s3:ObjectRestore:Delete",
	"s3:Replication:*", EventReplicationFailed, "s3:Replication:OperationMissedThreshold", "s3:Replication:OperationReplicatedAfterThreshold", "s3:Replication:OperationNotTracked",
	"s3:LifecycleTransition", "s3:LifecycleExpiration:*", "s3:LifecycleExpiration:Delete", "s3:LifecycleExpiration:DeleteMarkerCreated",
	"s3:IntelligentTiering", "s3:ObjectAcl:Put", "s3:ObjectTagging:*", "s3:ObjectTagging:Put", "s3:ObjectTagging:Delete",
}

// Notification sends S3's own notifications of a bucket to a queue, a topic or a
// function.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_QueueConfiguration.html
type Notification struct {
	ID       string              `xml:"Id,omitempty"`
	Queue    string              `xml:"Queue,omitempty"` // ARN; of the three exactly one
	Topic    string              `xml:"Topic,omitempty"`
	Function string              `xml:"CloudFunction,omitempty"`
	Events   []string            `xml:"Event"`
	Filter   *NotificationFilter `xml:"Filter"`
}

// NotificationFilter selects keys.
type NotificationFilter struct {
	Rules []FilterRule `xml:"S3Key>FilterRule"`
}

// FilterRule is how keys begin or end.
type FilterRule struct {
	Name  string // Prefix or Suffix
	Value string
}

// Notifications are a bucket's configuration.
type Notifications struct {
	Topics    []Notification `xml:"TopicConfiguration"`
	Queues    []Notification `xml:"QueueConfiguration"`
	Functions []Notification `xml:"CloudFunctionConfiguration"`
}

func (n Notifications) all() []Notification { return slices.Concat(n.Topics, n.Queues, n.Functions) }

// services are those of the ARNs of each kind of target, in the order of all.
func (n Notifications) service(i int) string {
	switch {
	case i < len(n.Topics):
		return "sns"
	case i < len(n.Topics)+len(n.Queues):
		return "sqs"
	}
	return "lambda"
}

func (n Notification) target() string { return n.Queue + n.Topic + n.Function }

// wants says whether an event about a key goes there.
func (n Notification) wants(event, key string) bool {
	return strings.HasPrefix(key, n.Filter.value("prefix")) && strings.HasSuffix(key, n.Filter.value("suffix")) &&
		slices.ContainsFunc(n.Events, func(of string) bool { return covers(of, event) })
}

// covers says whether an event of a configuration stands for another.
func covers(of, event string) bool {
	begin, all := strings.CutSuffix(of, "*")
	return of == event || all && strings.HasPrefix(event, begin)
}

func (f *NotificationFilter) value(name string) string {
	if f != nil {
		for _, rule := range f.Rules {
			if strings.EqualFold(rule.Name, name) {
				return rule.Value
			}
		}
	}
	return ""
}

// check refuses what S3 refuses without asking a target. That ids are unique AWS's pages say
// of each, and what is answered otherwise reports of people do.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_QueueConfiguration.html
func (n Notifications) check(region string) error {
	all := n.all()
	for i, one := range all {
		if err := one.check(n.service(i), region); err != nil {
			return err
		}
		for _, other := range all[:i] {
			if one.ID != "" && one.ID == other.ID {
				return invalidArgument("Same ID used for multiple configurations. IDs must be unique.")
			}
			if err := one.overlaps(other); err != nil {
				return err
			}
		}
	}
	return nil
}

func (n Notification) check(service, region string) error {
	at, err := arn.Parse(n.target())
	switch {
	case len(n.Events) == 0:
		return fail(http.StatusBadRequest, "MalformedXML", "A configuration names at least one event")
	case err != nil || at.Service != service:
		return invalidArgument("The ARN is not well formed").detail("ArgumentName", n.target())
	case at.Region != region:
		return invalidArgument("The notification destination service region is not valid for the bucket location constraint")
	}
	for _, event := range n.Events {
		if !slices.Contains(notificationEvents, event) {
			return invalidArgument("The event is not supported for notifications").detail("ArgumentName", "Event").detail("ArgumentValue", event)
		}
	}
	return n.Filter.check()
}

func (f *NotificationFilter) check() error {
	if f == nil {
		return nil
	}
	seen := map[string]bool{}
	for i, rule := range f.Rules {
		name := strings.ToLower(rule.Name)
		switch {
		case name != "prefix" && name != "suffix":
			return invalidArgument("filter rule name must be either prefix or suffix").detail("ArgumentName", "FilterRule.Name").detail("ArgumentValue", rule.Name)
		case seen[name]:
			return invalidArgument("Cannot specify more than one %s rule in a filter.", name)
		case len(rule.Value) > 1024:
			return invalidArgument("Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation")
		}
		seen[name] = true
		f.Rules[i].Name = map[string]string{"prefix": "Prefix", "suffix": "Suffix"}[name] // as S3 answers it
	}
	return nil
}

// overlaps refuses two that one event would go to. Reports of people have both of these
// texts, the first where neither has a filter.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
func (n Notification) overlaps(other Notification) error {
	for _, event := range n.Events {
		for _, of := range other.Events {
			switch {
			case !covers(event, of) && !covers(of, event), !either(n, other, "prefix", strings.HasPrefix), !either(n, other, "suffix", strings.HasSuffix):
			case n.Filter == nil && other.Filter == nil:
				return invalidArgument("Configurations overlap. Configurations on the same bucket cannot share a common event type.").
					detail("ArgumentName", "Event").detail("ArgumentValue", of+", "+event)
			default:
				return invalidArgument("Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.")
			}
		}
	}
	return nil
}

// either says whether a key can have what both filters name.
func either(n, other Notification, name string, has func(s, part string) bool) bool {
	a, b := n.Filter.value(name), other.Filter.value(name)
	return has(a, b) || has(b, a)
}

// testEvent is sent to every target of a configuration before it is taken.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
type testEvent struct {
	Service, Event, Time, Bucket string
	RequestID                    string `json:"RequestId"`
	HostID                       string `json:"HostId"`
}

// validate asks each target whether it takes notifications of the bucket. S3 names all
// that don't.
func (s *Server) validate(bucket string, n Notifications) error {
	var refused *apiError
	for i, one := range n.all() {
		err := s.notify(bucket, one.target(), testEvent{"Amazon S3", "s3:TestEvent", iso(s.clock.Now()), bucket, s.random.requestID(), s.random.etag()})
		if err == nil {
			continue
		}
		if refused == nil {
			refused = invalidArgument("Unable to validate the following destination configurations: %v", err)
		}
		number := strconv.Itoa(i + 1)
		refused = refused.detail("ArgumentName"+number, one.target()).detail("ArgumentValue"+number, err.Error())
	}
	if refused == nil {
		return nil
	}
	return refused
}

func (s *Server) notify(bucket, target string, message any) error {
	body, err := json.Marshal(message)
	if err != nil { // never: the types have only strings and numbers
		return fmt.Errorf("write a notification: %w", err)
	}
	if s.OnNotification == nil {
		return errors.New("there is nothing here that takes notifications")
	}
	return s.OnNotification(bucket, target, body)
}

// notificationConfiguration is a bucket's whole configuration.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
type notificationConfiguration struct {
	XMLName xml.Name `xml:"NotificationConfiguration"`
	Xmlns   string   `xml:"xmlns,attr,omitempty"`
	Notifications
	EventBridge *struct{} `xml:"EventBridgeConfiguration"`
}

const skipValidationHeader = "X-Amz-Skip-Destination-Validation"

func (s *Server) putBucketNotification(c *call) error {
	var body notificationConfiguration
	if err := c.readXML(&body); err != nil {
		return err
	}
	if err := body.check(c.region); err != nil {
		return err
	}
	if !strings.EqualFold(c.r.Header.Get(skipValidationHeader), "true") {
		if err := s.validate(c.bucket, body.Notifications); err != nil {
			return err
		}
	}
	return s.withBucket(c, func(b *bucket) error {
		b.eventBridge, b.notifications = body.EventBridge != nil, s.named(body.Notifications)
		return nil
	})
}

// named gives an id to each that came without one, as S3 does.
func (s *Server) named(n Notifications) Notifications {
	for _, list := range [][]Notification{n.Topics, n.Queues, n.Functions} {
		for i := range list {
			if list[i].ID == "" {
				list[i].ID = s.random.eventID()
			}
		}
	}
	return n
}

func (s *Server) getBucketNotification(c *call) error {
	return s.withBucket(c, func(b *bucket) error {
		answer := notificationConfiguration{Xmlns: xmlns, Notifications: b.notifications}
		if b.eventBridge {
			answer.EventBridge = &struct{}{}
		}
		c.xml(http.StatusOK, answer)
		return nil
	})
}
