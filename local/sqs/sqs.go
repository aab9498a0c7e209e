// Package sqs is Amazon SQS on one machine: standard queues with delay,
// visibility time-out, receive counts, dead-letter queues, retention, message
// move tasks and the size and character rules of the service, as a Go API and
// as an HTTP front that the AWS SDKs talk to.
//
// Retention is looked at when a message is touched, never by a timer, and a
// queue keeps one timer only while somebody watches it: an idle stack has no
// timer that a clock could jump to. FIFO queues are refused.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/welcome.html
package sqs

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/store"
	"autobackup/local/wire"
)

// Service holds the queues of every region.
type Service struct {
	// Gate decides what callers may do. nil: everything.
	Gate *gate.Gate
	// Metrics, if set before the first call, gets what CloudWatch is told of queues, once
	// Measure is called. What it got and did not keep before this program was killed, it gets
	// from the next. nil: nobody is told.
	Metrics func([]Datapoint)

	clk   *clock.Clock
	newID func() string

	mu        store.Lock
	queues    map[string]*queue // by ARN
	consumers map[*Consumer]bool
	tasks     []*MoveTask // newest last
}

// New returns a service without queues. newID makes message ids, receipt
// handles and request ids: each answer must be another one.
func New(clk *clock.Clock, newID func() string) *Service {
	return &Service{clk: clk, newID: newID, queues: map[string]*queue{}, consumers: map[*Consumer]bool{}}
}

// Queue is a queue's configuration. Start from Defaults.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
type Queue struct {
	ARN                           string
	URL                           string
	DelaySeconds                  int // 0 to 900
	VisibilityTimeout             int // seconds, 0 to 43,200
	MessageRetentionPeriod        int // seconds, 60 to 1,209,600
	MaximumMessageSize            int // bytes, 1,024 to 1,048,576
	ReceiveMessageWaitTimeSeconds int // 0 to 20
	RedrivePolicy                 *RedrivePolicy
	RedriveAllowPolicy            *RedriveAllowPolicy
	KmsMasterKeyID                string // ARN of the key; "" where nobody's permission for one is needed
}

// Defaults is a queue with the service's own defaults: 30 seconds of
// visibility time-out, 4 days of retention, messages of up to 1 MiB.
func Defaults(queueARN, url string) Queue {
	return Queue{ARN: queueARN, URL: url, VisibilityTimeout: 30, MessageRetentionPeriod: 345_600, MaximumMessageSize: 1 << 20}
}

// Name is the last part of the queue's ARN.
func (q Queue) Name() string { return part(q.ARN).Resource }

// Region is the region in the queue's ARN.
func (q Queue) Region() string { return part(q.ARN).Region }

func part(s string) arn.ARN {
	a, _ := arn.Parse(s) // CreateQueue has refused what doesn't parse
	return a
}

// RedrivePolicy moves a message to a dead-letter queue at the first receive
// after MaxReceiveCount (1 to 1,000) receives.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
type RedrivePolicy struct {
	DeadLetterTargetARN string `json:"deadLetterTargetArn"`
	MaxReceiveCount     int    `json:"maxReceiveCount"`
}

// UnmarshalJSON takes maxReceiveCount as a number or, as SQS does, as a string.
func (p *RedrivePolicy) UnmarshalJSON(b []byte) error {
	var raw struct {
		Target string      `json:"deadLetterTargetArn"`
		Count  json.Number `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	n, err := raw.Count.Int64()
	*p = RedrivePolicy{DeadLetterTargetARN: raw.Target, MaxReceiveCount: int(n)}
	return err
}

// RedriveAllowPolicy says which queues may use this one as their dead-letter
// queue: RedrivePermission is allowAll, denyAll or byQueue.
type RedriveAllowPolicy struct {
	RedrivePermission string   `json:"redrivePermission"`
	SourceQueueARNs   []string `json:"sourceQueueArns,omitempty"`
}

// CreateQueue adds a queue. A dead-letter queue must be there before its source.
func (s *Service) CreateQueue(q Queue) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queues[q.ARN] != nil {
		return &wire.Error{Shape: "QueueNameExists", Code: "QueueAlreadyExists", Status: 400, Message: "queue " + q.ARN + " exists already"}
	}
	if err := s.check(q); err != nil {
		return err
	}
	now := s.clk.Now()
	s.queues[q.ARN] = &queue{Queue: q, created: now, byID: map[string]*message{}, measured: measuring(now)}
	s.keepQueue(q.ARN)
	return nil
}

// SetQueue gives a queue other attributes, as SetQueueAttributes does. Its messages stay, and
// those that are delayed are delayed as they were.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
func (s *Service) SetQueue(q Queue) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	there, err := s.find(q.ARN)
	if err != nil {
		return err
	}
	if err := s.check(q); err != nil {
		return err
	}
	// Who consumes the queue reads its ARN at any time.
	there.DelaySeconds, there.VisibilityTimeout, there.MessageRetentionPeriod = q.DelaySeconds, q.VisibilityTimeout, q.MessageRetentionPeriod
	there.MaximumMessageSize, there.ReceiveMessageWaitTimeSeconds, there.KmsMasterKeyID = q.MaximumMessageSize, q.ReceiveMessageWaitTimeSeconds, q.KmsMasterKeyID
	there.RedrivePolicy, there.RedriveAllowPolicy = q.RedrivePolicy, q.RedriveAllowPolicy
	return nil
}

// DeleteQueue deletes a queue with its messages and its policy; there may be none. What
// consumes it gets nothing more.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteQueue.html
func (s *Service) DeleteQueue(queueARN string) {
	s.Gate.Detach(queueARN)
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[queueARN]
	if q == nil {
		return
	}
	s.clear(q)
	s.forgetSteps(q)
	delete(s.queues, queueARN)
	s.keepQueue(queueARN)
}

func (s *Service) check(q Queue) error {
	a, err := arn.Parse(q.ARN)
	switch {
	case err != nil || a.Service != "sqs" || a.Resource == "":
		return invalidValue("%q is no queue ARN; write it as arn:aws:sqs:region:account:name", q.ARN)
	case strings.HasSuffix(a.Resource, ".fifo"):
		return unsupported("queue %s: FIFO queues are not supported by the local stack; use a standard queue", a.Resource)
	}
	for _, r := range []bound{
		{"DelaySeconds", q.DelaySeconds, 0, 900},
		{"VisibilityTimeout", q.VisibilityTimeout, 0, 43_200},
		{"MessageRetentionPeriod", q.MessageRetentionPeriod, 60, 1_209_600},
		{"MaximumMessageSize", q.MaximumMessageSize, 1024, 1 << 20},
		{"ReceiveMessageWaitTimeSeconds", q.ReceiveMessageWaitTimeSeconds, 0, 20},
	} {
		if err := r.check(); err != nil {
			return err
		}
	}
	return s.checkRedrive(q)
}

func (s *Service) checkRedrive(q Queue) error {
	if p := q.RedriveAllowPolicy; p != nil && !slices.Contains([]string{"allowAll", "denyAll", "byQueue"}, p.RedrivePermission) {
		return invalidValue("RedriveAllowPolicy.redrivePermission of queue %s is %q; use allowAll, denyAll or byQueue", q.Name(), p.RedrivePermission)
	}
	if q.RedrivePolicy == nil {
		return nil
	}
	if err := (bound{"RedrivePolicy.maxReceiveCount", q.RedrivePolicy.MaxReceiveCount, 1, 1000}).check(); err != nil {
		return err
	}
	dlq := s.queues[q.RedrivePolicy.DeadLetterTargetARN]
	if dlq == nil {
		return invalidValue("RedrivePolicy of queue %s: dead-letter queue %s does not exist", q.Name(), q.RedrivePolicy.DeadLetterTargetARN)
	}
	if p := dlq.RedriveAllowPolicy; p != nil && !p.allows(q.ARN) {
		return invalidValue("RedrivePolicy of queue %s: RedriveAllowPolicy of %s does not let it in", q.Name(), dlq.ARN)
	}
	return nil
}

func (p RedriveAllowPolicy) allows(source string) bool {
	return p.RedrivePermission == "allowAll" ||
		p.RedrivePermission == "byQueue" && slices.Contains(p.SourceQueueARNs, source)
}

func (s *Service) find(queueARN string) (*queue, error) {
	if q := s.queues[queueARN]; q != nil {
		return q, nil
	}
	return nil, noSuchQueue()
}

// ARN is the ARN of the queue with this URL. Its path names the account and the queue. Its
// host names the region, where it is AWS's; any other, such as this stack's own address, is
// that of all regions, and the region is where the call is made.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
func (s *Service) ARN(region, queueURL string) (string, error) {
	queueARN, err := address(region, queueURL)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.find(queueARN)
	return queueARN, err
}

// address is the ARN of a queue that may be there. A queue's name is none, and neither is the
// address of a service.
func address(region, queueURL string) (string, error) {
	u, err := url.Parse(queueURL)
	if err != nil {
		return "", noSuchQueue()
	}
	account, name, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	switch {
	case u.Host == "", account == "":
		return "", invalidAddress(queueURL)
	case name == "":
		return "", noSuchQueue()
	}
	if named, ok := strings.CutPrefix(u.Hostname(), "sqs."); ok && strings.HasSuffix(named, awsDomain) {
		region = strings.TrimSuffix(named, awsDomain)
	}
	return arn.ARN{Partition: "aws", Service: "sqs", Region: region, AccountID: account, Resource: name}.String(), nil
}

// awsDomain ends the names of AWS's hosts.
const awsDomain = ".amazonaws.com"

// Queues are the configurations of all queues of a region, by name.
func (s *Service) Queues(region string) []Queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Queue
	for _, q := range s.queues {
		if q.Region() == region {
			all = append(all, q.Queue)
		}
	}
	slices.SortFunc(all, func(a, b Queue) int { return strings.Compare(a.Name(), b.Name()) })
	return all
}

// Purge deletes every message of a queue; once in 60 seconds, as in SQS.
func (s *Service) Purge(queueARN string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(queueARN)
	if err != nil {
		return err
	}
	if now := s.clk.Now(); now.Sub(q.purged) < time.Minute {
		return &wire.Error{Shape: "PurgeQueueInProgress", Code: "AWS.SimpleQueueService.PurgeQueueInProgress", Status: 403,
			Message: "Only one PurgeQueue operation on " + q.Name() + " is allowed every 60 seconds."}
	}
	q.purged = s.clk.Now()
	s.keepQueue(queueARN)
	s.clear(q)
	return nil
}

// clear removes all messages of a queue.
func (s *Service) clear(q *queue) {
	for _, m := range q.waiting {
		s.note(q, step{Message: m.order, Gone: true})
		s.keepMessage(q, m.ID)
	}
	q.waiting, q.byID = nil, map[string]*message{}
	s.announce(q)
}
