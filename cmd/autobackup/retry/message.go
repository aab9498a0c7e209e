package retry

import (
	"cmp"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"autobackup/cmd/autobackup/operations"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/text"
)

// message is one of a queue, or of an execution's input.
type message struct {
	ID   string `json:"messageId"`
	Body string `json:"body"` // goes on as it is
	// attributes are of what lies in a queue.
	attributes map[string]types.MessageAttributeValue
	receipt    string
	at         time.Time // when it was put into its queue; zero where that is not known
}

// longestName bounds, in bytes, what others chose and has no bound of its own, and what is printed of an
// object's name.
const longestName = 160

// object names a message: one line of printable ASCII, whatever its key, and all of it.
func (m message) object() string {
	version, err := s3event.Parse(m.Body)
	if err != nil {
		return text.Line("message "+m.ID, longestName)
	}
	return version.String()
}

// value is a text that the message was parked with.
func (m message) value(name string) string { return aws.ToString(m.attributes[name].StringValue) }

// NoReason stands for the reason of a message that has none: SQS moved it to the DLQ after its
// receives.
const NoReason reason.Code = "NONE"

func (m message) reason() reason.Code {
	if code := m.value("reason"); code != "" {
		return reason.Code(code)
	}
	return NoReason
}

// cause is what a message is grouped by: its reason or, of EventBridge, why it was not delivered.
func (m message) cause() string {
	return cmp.Or(m.value("reason"), m.value("ERROR_CODE"), string(NoReason))
}

// size is what SQS counts: the body, and names, types and values of the attributes.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
func (m message) size() int {
	n := len(m.Body)
	for name, a := range m.attributes {
		n += len(name) + len(aws.ToString(a.DataType)) + len(aws.ToString(a.StringValue)) + len(a.BinaryValue)
	}
	return n
}

// fitting is the message as a queue takes it. What has no room for all that it was parked with keeps
// its reason, which says that operators were told of it, or goes alone.
func (q queue) fitting(m message) message {
	for _, kept := range [][]string{{"reason", "sum"}, {"reason"}, nil} {
		if m.size() <= q.maximumBytes {
			break
		}
		all := map[string]types.MessageAttributeValue{}
		for _, name := range kept {
			if a, has := m.attributes[name]; has {
				all[name] = a
			}
		}
		m.attributes = all
	}
	return m
}

// refusal says why a queue would not take a message, or nothing.
func (q queue) refusal(m message) string {
	switch {
	case m.Body == "":
		return "it has no body"
	case len(m.Body) > q.maximumBytes:
		return fmt.Sprintf("it has %d bytes, and %s takes at most %d", len(m.Body), q.name, q.maximumBytes)
	}
	return ""
}

// record is the message as it goes on record; whole where it will be nowhere else.
func (m message) record(from string, whole bool) operations.Message {
	r := operations.Message{From: from, ID: m.ID, Object: m.object(), Sent: m.at}
	if !whole {
		return r
	}
	r.Body, r.Attributes = m.Body, map[string]operations.Attribute{}
	for name, a := range m.attributes {
		r.Attributes[name] = operations.Attribute{DataType: aws.ToString(a.DataType), StringValue: aws.ToString(a.StringValue), BinaryValue: a.BinaryValue}
	}
	return r
}
