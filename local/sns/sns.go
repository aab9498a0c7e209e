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
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/store"
	"autobackup/local/wire"
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
	// Gate decides what callers may do. nil: everything.
	Gate *gate.Gate
	// Mailed, if set before the first message, is told of each e-mail and of its file. It must
	// not call the service.
	Mailed func(p Publication, file string)

	clk    *clock.Clock
	newID  func() string
	outbox string

	mu        store.Lock
	topics    map[string]Topic
	published []Publication
	unheard   map[string]int // messages that nobody got, by topic
	confirmed map[string]Confirmation
	fault     func(Publication) error
	files     int
	numbered  int // messages so far
}

// New returns a service without topics. newID makes message and request ids.
// outbox is the folder for e-mails, made when the first one is written; "" keeps
// them in Published only.
func New(clk *clock.Clock, newID func() string, outbox string) *Service {
	return &Service{clk: clk, newID: newID, outbox: outbox, topics: map[string]Topic{}, unheard: map[string]int{}, confirmed: map[string]Confirmation{}}
}

// Topic is a topic's configuration. DisplayName is the sender's name in its e-mails.
type Topic struct {
	ARN            string
	DisplayName    string
	Subscriptions  []Subscription
	KmsMasterKeyID string // ARN of the key; "" where nobody's permission for one is needed
}

// Subscription is a subscriber. The protocol is email.
type Subscription struct {
	Protocol string
	Endpoint string
}

// CreateTopic adds a topic.
func (s *Service) CreateTopic(t Topic) error {
	if err := t.check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.topics[t.ARN]; ok {
		return invalid("topic %s exists already", t.ARN)
	}
	s.topics[t.ARN] = t
	return nil
}

func (t Topic) check() error {
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
	To   []string // whom it was delivered to
}

// Attribute is a message attribute. E-mails don't show it; its size counts.
type Attribute struct{ DataType, Value string }

// Publish sends a message to a topic's subscribers and answers its id. What SNS
// would refuse is answered with a *wire.Error.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
func (s *Service) Publish(p Publication) (id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	topic, ok := s.topics[p.TopicARN]
	if !ok {
		return "", &wire.Error{Code: "NotFound", Status: 404, Message: "Topic does not exist"}
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
		if s.confirmed[p.TopicARN+" "+sub.Endpoint] == Pending {
			continue
		}
		if err := s.deliver(topic, sub.Endpoint, p); err != nil {
			return "", fmt.Errorf("deliver message %s to %s: %w", p.ID, sub.Endpoint, err)
		}
		p.To = append(p.To, sub.Endpoint)
	}
	if len(p.To) == 0 { // which SNS takes all the same
		s.unheard[p.TopicARN]++
	}
	s.numbered++
	s.keep(s.numbered, p)
	if s.published = append(s.published, p); len(s.published) > remembered {
		s.published = slices.Delete(s.published, 0, 1) // its e-mails are in the outbox
		s.keep(s.numbered-remembered, nil)
	}
	return p.ID, nil
}

// remembered is how many messages Published has: a stack may live long.
const remembered = 1_000

// Fault makes Publish fail with what f answers for a message; nil lets it pass.
// A nil f ends the fault.
func (s *Service) Fault(f func(Publication) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Unheard is how many messages nobody got, by topic: it had no subscriber.
func (s *Service) Unheard() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.unheard)
}

// Published is a snapshot of the last thousand messages, the oldest first.
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

func invalid(format string, args ...any) *wire.Error {
	return wire.Invalid("InvalidParameter", format, args...)
}
