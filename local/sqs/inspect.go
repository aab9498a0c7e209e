package sqs

import (
	"encoding/json"
	"slices"
	"strconv"
)

// Messages is a snapshot of a queue, in the order of arrival, hidden and
// delayed messages included, those whose retention is over left out.
func (s *Service) Messages(queueARN string) ([]Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(queueARN)
	if err != nil {
		return nil, err
	}
	var live []*message
	for _, m := range q.waiting {
		if !q.expired(m, s.clk.Now()) {
			live = append(live, m)
		}
	}
	slices.SortFunc(live, func(a, b *message) int { return a.order - b.order })
	all := make([]Message, len(live))
	for i, m := range live {
		all[i] = m.Message
	}
	return all, nil
}

// Counts are a queue's messages by state. SQS calls them approximate; here they are exact.
type Counts struct {
	Visible, Delayed, InFlight int
}

// Count counts a queue's messages.
func (s *Service) Count(queueARN string) (Counts, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(queueARN)
	if err != nil {
		return Counts{}, err
	}
	return s.count(q), nil
}

// Waiting tells whether a queue that a consumer empties has messages.
func (s *Service) Waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.consumers {
		if s.count(c.q) != (Counts{}) {
			return true
		}
	}
	return false
}

func (s *Service) count(q *queue) (n Counts) {
	now := s.clk.Now()
	for _, m := range q.waiting {
		switch {
		case q.expired(m, now):
		case !m.VisibleAt.After(now):
			n.Visible++
		case m.Receipt == "":
			n.Delayed++
		default:
			n.InFlight++
		}
	}
	return n
}

// dataKeySeconds is how long SQS uses a data key again, where a queue doesn't say.
const dataKeySeconds = "300"

// attributes are what GetQueueAttributes answers with for All.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
func (s *Service) attributes(q *queue) map[string]string {
	n := s.count(q)
	created := strconv.FormatInt(q.created.Unix(), 10)
	all := map[string]string{
		"QueueArn":                              q.ARN,
		"ApproximateNumberOfMessages":           strconv.Itoa(n.Visible),
		"ApproximateNumberOfMessagesDelayed":    strconv.Itoa(n.Delayed),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(n.InFlight),
		"CreatedTimestamp":                      created,
		"LastModifiedTimestamp":                 created,
		"DelaySeconds":                          strconv.Itoa(q.DelaySeconds),
		"VisibilityTimeout":                     strconv.Itoa(q.VisibilityTimeout),
		"MessageRetentionPeriod":                strconv.Itoa(q.MessageRetentionPeriod),
		"MaximumMessageSize":                    strconv.Itoa(q.MaximumMessageSize),
		"ReceiveMessageWaitTimeSeconds":         strconv.Itoa(q.ReceiveMessageWaitTimeSeconds),
		"SqsManagedSseEnabled":                  strconv.FormatBool(q.KmsMasterKeyID == ""), // a queue without a key is encrypted by one of SQS's
	}
	if q.policy != "" {
		all["Policy"] = q.policy
	}
	if q.KmsMasterKeyID != "" {
		all["KmsMasterKeyId"], all["KmsDataKeyReusePeriodSeconds"] = q.KmsMasterKeyID, dataKeySeconds
	}
	if q.RedrivePolicy != nil {
		all["RedrivePolicy"] = text(q.RedrivePolicy)
	}
	if q.RedriveAllowPolicy != nil {
		all["RedriveAllowPolicy"] = text(q.RedriveAllowPolicy)
	}
	return all
}

// optional are the attributes that not every queue has.
var optional = []string{"Policy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "RedrivePolicy", "RedriveAllowPolicy"}

// asked are those of a queue's attributes that are named.
func asked(all map[string]string, names []string) (map[string]string, error) {
	for _, name := range names {
		if _, known := all[name]; !known && name != "All" && !slices.Contains(optional, name) {
			unknown := invalidValue("Unknown Attribute %s.", name)
			unknown.Shape, unknown.Code = "InvalidAttributeName", "InvalidAttributeName"
			return nil, unknown
		}
	}
	return only(all, names), nil
}

func text(policy any) string {
	b, _ := json.Marshal(policy) // strings and numbers: it can't fail
	return string(b)
}
