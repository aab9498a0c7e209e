package sqs

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// record is a message as Lambda event source mappings and EventBridge Pipes
// hand it on. The two shapes are the same.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-sqs.html
// https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
type record struct {
	MessageID       string                     `json:"messageId"`
	ReceiptHandle   string                     `json:"receiptHandle"`
	Body            string                     `json:"body"`
	Attributes      map[string]string          `json:"attributes"`
	Message         map[string]recordAttribute `json:"messageAttributes"`
	MD5OfAttributes string                     `json:"md5OfMessageAttributes,omitempty"`
	MD5OfBody       string                     `json:"md5OfBody"`
	EventSource     string                     `json:"eventSource"`
	EventSourceARN  string                     `json:"eventSourceARN"`
	Region          string                     `json:"awsRegion"`
}

type recordAttribute struct {
	StringValue      string   `json:"stringValue,omitempty"`
	BinaryValue      string   `json:"binaryValue,omitempty"` // base64
	StringListValues []string `json:"stringListValues"`      // always empty: SQS has no lists
	BinaryListValues []string `json:"binaryListValues"`
	DataType         string   `json:"dataType"`
}

// encode writes the record as the services do: <, > and & stay as they are.
func (q Queue) encode(m Message) []byte {
	r := record{
		MessageID: m.ID, ReceiptHandle: m.Receipt, Body: m.Body,
		Attributes: m.SystemAttributes(), Message: map[string]recordAttribute{},
		MD5OfAttributes: MD5OfAttributes(m.Attributes), MD5OfBody: m.MD5OfBody(),
		EventSource: "aws:sqs", EventSourceARN: q.ARN, Region: q.Region(),
	}
	for name, a := range m.Attributes {
		v := recordAttribute{StringListValues: []string{}, BinaryListValues: []string{}, DataType: a.DataType}
		if a.Binary() {
			v.BinaryValue = base64.StdEncoding.EncodeToString([]byte(a.Value))
		} else {
			v.StringValue = a.Value
		}
		r.Message[name] = v
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(r) // strings only: it can't fail
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
