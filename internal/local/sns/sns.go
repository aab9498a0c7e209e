// Package sns is Amazon SNS on one machine, for topics with e-mail
// subscriptions: a published message is checked as SNS checks it, and then lies
// in an outbox folder as one readable file per subscriber.
// https://docs.aws.amazon.com/sns/latest/dg/welcome.html
package sns

import (
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/internal/local/clock"
)

// maxMessage is what a topic takes unless its MaximumMessageSize is raised,
// body and attributes together. maxSubject is one more than a subject may have.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
const (
	maxMessage = 256 << 10
	maxSubject = 100
)

// Service holds the topics of every region.
type Service struct {
	clk    *clock.Clock
	newID  func() string
	outbox string

	mu        sync.Mutex
	topics    map[string]Topic
	published []Publication
	fault     func(Publication) error
	files     int
}

// New returns a service without topics. newID makes message and request ids.
// outbox is the folder for e-mails, made when the first one is written; "" keeps
// them in Published only.
func New(clk *clock.Clock, newID func() string, outbox string) *Service {
	return &Service{clk: clk, newID: newID, outbox: outbox, topics: map[string]Topic{}}
}

// Topic is a topic's configuration. DisplayName is the sender's name in its e-mails.
type Topic struct {
	ARN           string
	DisplayName   string
	Subscriptions []Subscription
}

// Subscription is a subscriber. The protocol is email.
type Subscription struct {
	Protocol string
	Endpoint string
}

// CreateTopic adds a topic.
func (s *Service) CreateTopic(t Topic) error {
	a, err := arn.Parse(t.ARN)
	if err != nil || a.Service != "sns" || a.Resource == "" || strings.Contains(a.Resource, ":") {
		return invalid("%q is no topic ARN; write it as arn:aws:sns:region:account:name", t.ARN)
	}
	if strings.HasSuffix(a.Resource, ".fifo") {
		return invalid("topic %s: FIFO topics are not supported by the local stack; use a standard topic", a.Resource)
	}
	for _, sub := range t.Subscriptions {
		if sub.Protocol != "email" {
			return invalid("topic %s: subscriptions by %q are not supported by the local stack; use email", a.Resource, sub.Protocol)
		}
		if _, err := mail.ParseAddress(sub.Endpoint); err != nil {
			return invalid("topic %s: %q is no e-mail address: %v", a.Resource, sub.Endpoint, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.topics[t.ARN]; ok {
		return invalid("topic %s exists already", t.ARN)
	}
	s.topics[t.ARN] = t
	return nil
}

// Topics are the ARNs of a region's topics, sorted.
func (s *Service) Topics(region string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, topicARN := range slices.Sorted(maps.Keys(s.topics)) {
		if a, err := arn.Parse(topicARN); err == nil && a.Region == region {
			all = append(all, topicARN)
		}
	}
	return all
}

// Publication is a message to a topic. Publish fills in ID and Time.
type Publication struct {
	TopicARN   string
	Subject    string // "" is none
	Message    string
	Attributes map[string]Attribute

	ID   string
	Time time.Time
}

// Attribute is a message attribute. E-mails don't show it; its size counts.
type Attribute struct{ DataType, Value string }

// Publish sends a message to a topic's subscribers and answers its id. What SNS
// would refuse is answered with an *Error.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
func (s *Service) Publish(p Publication) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	topic, ok := s.topics[p.TopicARN]
	if !ok {
		return "", &Error{Code: "NotFound", Status: 404, Message: "Topic does not exist"}
	}
	if err := check(p); err != nil {
		return "", err
	}
	if s.fault != nil {
		if err := s.fault(p); err != nil {
			return "", err
		}
	}
	p.ID, p.Time = s.newID(), s.clk.Now()
	for _, sub := range topic.Subscriptions {
		if err := s.deliver(topic, sub.Endpoint, p); err != nil {
			return "", fmt.Errorf("deliver message %s to %s: %w", p.ID, sub.Endpoint, err)
		}
	}
	s.published = append(s.published, p)
	return p.ID, nil
}

// Fault makes Publish fail with what f answers for a message; nil lets it pass.
// A nil f ends the fault.
func (s *Service) Fault(f func(Publication) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Published is a snapshot of every message so far, the oldest first.
func (s *Service) Published() []Publication {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.published)
}

func check(p Publication) error {
	size := len(p.Message)
	for name, a := range p.Attributes {
		size += len(name) + len(a.DataType) + len(a.Value)
	}
	switch {
	case p.Message == "":
		return invalid("Invalid parameter: Empty message")
	case !utf8.ValidString(p.Message):
		return invalid("Invalid parameter: Message is not UTF-8")
	case size > maxMessage:
		return invalid("Invalid parameter: Message too long")
	}
	return checkSubject(p.Subject)
}

// checkSubject holds subjects to ASCII. The API reference of today says UTF-8,
// but e-mail gateways and the developer guide know ASCII only, and a subject
// that passes here passes there.
func checkSubject(subject string) error {
	bad := strings.ContainsFunc(subject, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsControl(r) })
	if bad || len(subject) >= maxSubject || strings.HasPrefix(subject, " ") {
		return invalid("Invalid parameter: Subject")
	}
	return nil
}

// Error is an error answer of the service.
// https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
type Error struct {
	Code    string
	Status  int // of the HTTP answer
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func invalid(format string, args ...any) *Error {
	return &Error{Code: "InvalidParameter", Status: 400, Message: fmt.Sprintf(format, args...)}
}
