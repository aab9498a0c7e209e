package notify

import (
	"cmp"
	"strconv"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
)

// notParked is the detail of a message that no execution parked: SQS moved it
// from the validation queue after its receives.
const notParked = "could not be processed: no execution parked the message, so it came to the dead-letter queue without a verdict"

// parked is a message with what its attributes tell.
type parked struct {
	failed    batch.Failed
	execution string // ARN, or empty
	alerted   int    // how often operators were alerted before
}

// read takes any attributes: whoever may send to the queue may have written them.
func read(record events.SQSMessage) parked {
	text := func(name string) string { return aws.ToString(record.MessageAttributes[name].StringValue) }
	failed := batch.Failed{ID: record.MessageId, Body: record.Body, Reason: reason.Code(text("reason")), Detail: text("detail")}
	if failed.Reason == "" {
		failed.Reason, failed.Detail = reason.WorkflowError, cmp.Or(failed.Detail, notParked)
	}
	alerted, err := strconv.Atoi(text("alerts"))
	if err != nil {
		alerted = 0
	}
	return parked{failed, text("execution"), max(alerted, 0)}
}

// unreadable is a message of S3's own form that can't be read as one.
func unreadable(record events.SQSMessage, err error) parked {
	return parked{failed: batch.Failed{ID: record.MessageId, Body: record.Body, Reason: reason.MalformedEvent, Detail: err.Error()}}
}

// attributes are the record's own with a new count of alerts.
func attributes(record events.SQSMessage, alerts int) map[string]types.MessageAttributeValue {
	kept := map[string]types.MessageAttributeValue{}
	for name, a := range record.MessageAttributes {
		kept[name] = types.MessageAttributeValue{DataType: aws.String(a.DataType), StringValue: a.StringValue, BinaryValue: a.BinaryValue}
	}
	kept["alerts"] = types.MessageAttributeValue{DataType: aws.String("Number"), StringValue: aws.String(strconv.Itoa(alerts))}
	return kept
}
