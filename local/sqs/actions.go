package sqs

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"autobackup/local/sigv4"
	"autobackup/local/wire"
)

// wireAttribute is a message attribute in the JSON protocol.
type wireAttribute struct {
	DataType    string
	StringValue string `json:",omitempty"`
	BinaryValue []byte `json:",omitempty"`
}

// fromWire reads attributes. A value in the field of the other type is told as malformed.
func fromWire(all map[string]wireAttribute) (attributes map[string]Attribute, malformed error) {
	attributes = map[string]Attribute{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		a := all[name]
		read := Attribute{DataType: a.DataType, Value: a.StringValue}
		field, other := "StringValue", len(a.BinaryValue) > 0
		if read.Binary() {
			read.Value, field, other = string(a.BinaryValue), "BinaryValue", a.StringValue != ""
		}
		if other && malformed == nil {
			malformed = invalidValue("The message attribute '%s' with type '%s' must use field '%s' and no other.", name, a.DataType, field)
		}
		attributes[name] = read
	}
	return attributes, malformed
}

func toWire(all map[string]Attribute) map[string]wireAttribute {
	wire := map[string]wireAttribute{}
	for name, a := range all {
		w := wireAttribute{DataType: a.DataType, StringValue: a.Value}
		if a.Binary() {
			w = wireAttribute{DataType: a.DataType, BinaryValue: []byte(a.Value)}
		}
		wire[name] = w
	}
	return wire
}

type sendInput struct {
	MessageBody       string
	MessageAttributes map[string]wireAttribute
	DelaySeconds      *int
}

func (in sendInput) outgoing() Outgoing {
	attributes, malformed := fromWire(in.MessageAttributes)
	return Outgoing{Body: in.MessageBody, Attributes: attributes, DelaySeconds: in.DelaySeconds, malformed: malformed}
}

type sent struct {
	ID                     string `json:"Id,omitempty"`
	MessageID              string `json:"MessageId"`
	MD5OfMessageBody       string
	MD5OfMessageAttributes string `json:",omitempty"`
}

func newSent(id string, m Message) sent {
	return sent{ID: id, MessageID: m.ID, MD5OfMessageBody: m.MD5OfBody(), MD5OfMessageAttributes: MD5OfAttributes(m.Attributes)}
}

func (s *Service) sendMessage(r wire.Request) (any, error) {
	var in struct {
		QueueURL string `json:"QueueUrl"`
		sendInput
	}
	queueARN, err := s.queueOf(r, &in, &in.QueueURL)
	if err != nil {
		return nil, err
	}
	m, err := s.Send(queueARN, in.outgoing())
	return newSent("", m), err
}

// queueOf decodes a request and resolves the queue URL in it.
func (s *Service) queueOf(r wire.Request, in any, url *string) (string, error) {
	if err := r.Decode(in); err != nil {
		return "", err
	}
	if *url == "" {
		return "", missing("QueueUrl")
	}
	region, _ := sigv4.Scope(r.Request)
	return s.ARN(region, *url)
}

type batchFailure struct {
	ID          string `json:"Id"`
	SenderFault bool
	Code        string
	Message     string
}

func newBatchFailure(id string, err error) batchFailure {
	f := batchFailure{ID: id, SenderFault: true, Code: "InternalFailure", Message: err.Error()}
	var e *wire.Error
	if errors.As(err, &e) {
		f.Code, f.Message = e.Code, e.Message
	}
	return f
}

func (s *Service) sendMessageBatch(r wire.Request) (any, error) {
	var in struct {
		QueueURL string `json:"QueueUrl"`
		Entries  []struct {
			ID string `json:"Id"`
			sendInput
		}
	}
	queueARN, err := s.queueOf(r, &in, &in.QueueURL)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, len(in.Entries))
	for i, e := range in.Entries {
		entries[i] = Entry{ID: e.ID, Outgoing: e.outgoing()}
	}
	results, err := s.SendBatch(queueARN, entries)
	if err != nil {
		return nil, err
	}
	var out struct {
		Successful []sent
		Failed     []batchFailure
	}
	for _, res := range results {
		if res.Err != nil {
			out.Failed = append(out.Failed, newBatchFailure(res.ID, res.Err))
		} else {
			out.Successful = append(out.Successful, newSent(res.ID, res.Message))
		}
	}
	return out, nil
}

type received struct {
	MessageID              string `json:"MessageId"`
	ReceiptHandle          string
	MD5OfBody              string
	Body                   string
	Attributes             map[string]string        `json:",omitempty"`
	MD5OfMessageAttributes string                   `json:",omitempty"`
	MessageAttributes      map[string]wireAttribute `json:",omitempty"`
}

func (s *Service) receiveMessage(r wire.Request) (any, error) {
	var in struct {
		QueueURL                    string `json:"QueueUrl"`
		MaxNumberOfMessages         *int
		VisibilityTimeout           *int
		WaitTimeSeconds             *int
		MessageAttributeNames       []string
		AttributeNames              []string // the older name of the next
		MessageSystemAttributeNames []string
	}
	queueARN, err := s.queueOf(r, &in, &in.QueueURL)
	if err != nil {
		return nil, err
	}
	how := Receive{Max: 1, VisibilityTimeout: in.VisibilityTimeout, WaitTimeSeconds: in.WaitTimeSeconds}
	if in.MaxNumberOfMessages != nil {
		how.Max = *in.MaxNumberOfMessages
		if err := (bound{"MaxNumberOfMessages", how.Max, 1, maxBatch}).check(); err != nil {
			return nil, err
		}
	}
	got, err := s.Receive(r.Context(), queueARN, how)
	system := append(in.AttributeNames, in.MessageSystemAttributeNames...)
	var out struct{ Messages []received }
	for _, m := range got {
		attributes := only(m.Attributes, in.MessageAttributeNames)
		out.Messages = append(out.Messages, received{
			MessageID: m.ID, ReceiptHandle: m.Receipt, MD5OfBody: m.MD5OfBody(), Body: m.Body,
			Attributes:             only(m.SystemAttributes(), system),
			MD5OfMessageAttributes: MD5OfAttributes(attributes), MessageAttributes: toWire(attributes),
		})
	}
	return out, err
}

// only keeps the attributes asked for: by name, All, .* or a prefix as in bar.*
func only[V any](all map[string]V, names []string) map[string]V {
	kept := map[string]V{}
	for name, v := range all {
		if slices.ContainsFunc(names, func(want string) bool {
			prefix, isPrefix := strings.CutSuffix(want, ".*")
			return want == "All" || want == name || isPrefix && strings.HasPrefix(name, prefix)
		}) {
			kept[name] = v
		}
	}
	return kept
}
