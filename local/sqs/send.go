package sqs

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"autobackup/local/wire"
)

// maxBatch bounds the messages of one request, and batchBytes their total size.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const (
	maxBatch      = 10
	batchBytes    = 1 << 20
	maxAttributes = 10
)

// Outgoing is a message to send.
type Outgoing struct {
	Body         string
	Attributes   map[string]Attribute
	DelaySeconds *int // 0 to 900; nil takes the queue's

	malformed error // what is wrong with the request that it came in; a batch's other entries are sent
}

// size is what SQS counts: the body and the names, types and values of the attributes.
func (o Outgoing) size() int {
	n := len(o.Body)
	for name, a := range o.Attributes {
		n += len(name) + len(a.DataType) + len(a.Value)
	}
	return n
}

// Send puts a message into a queue. What SQS would refuse is answered with the
// same *Error: a body that is empty, too large or has characters outside XML's.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func (s *Service) Send(queueARN string, o Outgoing) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(queueARN)
	if err != nil {
		return Message{}, err
	}
	return s.send(q, o)
}

func (s *Service) send(q *queue, o Outgoing) (Message, error) {
	if err := q.accepts(o); err != nil {
		return Message{}, err
	}
	delay := q.DelaySeconds
	if o.DelaySeconds != nil {
		delay = *o.DelaySeconds
	}
	now := s.clk.Now()
	m := Message{ID: s.newID(), Body: o.Body, Attributes: maps.Clone(o.Attributes), Sent: now, SenderID: part(q.ARN).AccountID}
	s.add(q, m, now.Add(time.Duration(delay)*time.Second), "NumberOfMessagesSent")
	s.announce(q)
	return m, nil
}

// Entry is one message of a batch; ID names it within the batch.
type Entry struct {
	ID string
	Outgoing
}

// Result is what became of one entry of a batch.
type Result struct {
	ID      string
	Message Message
	Err     error
}

// SendBatch sends up to 10 messages of together at most 1 MiB. An entry that is
// refused doesn't stop the others.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
func (s *Service) SendBatch(queueARN string, entries []Entry) ([]Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(queueARN)
	if err != nil {
		return nil, err
	}
	ids, total := make([]string, len(entries)), 0
	for i, e := range entries {
		ids[i], total = e.ID, total+e.size()
	}
	if err := checkBatch(ids); err != nil {
		return nil, err
	}
	if total > batchBytes {
		return nil, batchError("BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes. You have sent "+strconv.Itoa(total)+" bytes.")
	}
	results := make([]Result, len(entries))
	for i, e := range entries {
		m, err := s.send(q, e.Outgoing)
		results[i] = Result{ID: e.ID, Message: m, Err: err}
	}
	return results, nil
}

var entryID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

func checkBatch(ids []string) error {
	switch {
	case len(ids) == 0:
		return batchError("EmptyBatchRequest", "There should be at least one entry in the request.")
	case len(ids) > maxBatch:
		return batchError("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent "+strconv.Itoa(len(ids))+".")
	}
	for i, id := range ids {
		if !entryID.MatchString(id) {
			return batchError("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if slices.Contains(ids[:i], id) {
			return batchError("BatchEntryIdsNotDistinct", "Id "+id+" repeated.")
		}
	}
	return nil
}

func (q *queue) accepts(o Outgoing) error {
	if o.malformed != nil {
		return o.malformed
	}
	if o.Body == "" {
		return missing("MessageBody")
	}
	if o.DelaySeconds != nil {
		if err := (bound{"DelaySeconds", *o.DelaySeconds, 0, 900}).check(); err != nil {
			return err
		}
	}
	if n := o.size(); n > q.MaximumMessageSize {
		return invalidValue("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", q.MaximumMessageSize)
	}
	if !allowed(o.Body) {
		return invalidContents("the message body")
	}
	if len(o.Attributes) > maxAttributes {
		return invalidValue("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(o.Attributes), maxAttributes)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Attributes)) {
		if err := checkAttribute(name, o.Attributes[name]); err != nil {
			return err
		}
	}
	return nil
}

func invalidContents(where string) *wire.Error {
	return &wire.Error{Code: "InvalidMessageContents", Status: 400,
		Message: "Invalid binary character in " + where + ", the set of allowed characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]"}
}

// allowed: SQS takes the characters of XML 1.0.
func allowed(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
	})
}

var (
	attributeName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	attributeType = regexp.MustCompile(`^(String|Number|Binary)(\..+)?$`)
	number        = regexp.MustCompile(`^[+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?$`)
)

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-message-attributes
func checkAttribute(name string, a Attribute) error {
	lower := strings.ToLower(name)
	switch {
	case len(name) > 256 || !attributeName.MatchString(name) || strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon."):
		return invalidValue("Message attribute name %q is invalid: up to 256 letters, digits, _, - and single periods, not beginning with AWS. or Amazon.", name)
	case len(a.DataType) > 256 || !attributeType.MatchString(a.DataType):
		return invalidValue("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	case a.Value == "":
		return invalidValue("Message (user) attribute '%s' must contain a non-empty value of type '%s'.", name, a.DataType)
	case !a.Binary() && !allowed(a.Value):
		return invalidContents("message attribute '" + name + "'")
	case strings.HasPrefix(a.DataType, "Number") && !isNumber(a.Value):
		return invalidValue("Can't cast the value of message (user) attribute '%s' to a number.", name)
	}
	return nil
}

// isNumber takes 38 digits that count, between 10^-128 and 10^126.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#message-attribute-data-types
func isNumber(value string) bool {
	if !number.MatchString(value) {
		return false
	}
	digits, _, _ := strings.Cut(strings.ToLower(strings.TrimLeft(value, "+-")), "e")
	digits = strings.Trim(strings.Replace(digits, ".", "", 1), "0")
	size, err := strconv.ParseFloat(value, 64)
	size = math.Abs(size)
	return err == nil && len(digits) <= 38 && (size == 0 || 1e-128 <= size && size <= 1e126)
}
