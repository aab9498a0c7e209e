package notify

import (
	"encoding/json"
	"log/slog"
	"strconv"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/text"
	"autobackup/internal/told"
)

// maxLogged bounds a value of a message in a line of the log, in bytes.
const maxLogged = 200

// parked is told again, as often as alert.MaxAlerts, and put back unchanged with
// the number of alerts one higher.
func parked(r events.SQSMessage) task {
	value := func(name string) string { return aws.ToString(r.MessageAttributes[name].StringValue) }
	f, execution, alerts := batch.Parked(r.MessageId, r.Body, value)
	t := task{id: r.MessageId, attrs: []slog.Attr{
		slog.String("reason", text.Line(string(f.Reason), maxLogged)), slog.String("execution", text.Line(execution, maxLogged)), slog.Int("alerts", alerts)}}
	if alerts >= alert.MaxAlerts {
		t.level, t.line = slog.LevelWarn, "no e-mail: operators were told of this message often enough"
		t.parked = []outgoing{{body: r.Body, attributes: kept(r, f.Reason, alerts)}}
		return t
	}
	t.line = "parked message, to be told of again"
	t.findings = told.Findings(f, execution, alerts)
	t.parked = []outgoing{{body: r.Body, attributes: kept(r, f.Reason, alerts+1)}}
	return t
}

// kept are the record's own attributes with the number of alerts, and with a
// reason: it is what tells that operators know of the message, where it is looked
// at again. Nothing else is added, so that it still fits the validation queue.
func kept(r events.SQSMessage, code reason.Code, alerts int) map[string]types.MessageAttributeValue {
	all := map[string]types.MessageAttributeValue{"reason": str(string(code))}
	for name, a := range r.MessageAttributes {
		all[name] = types.MessageAttributeValue{DataType: aws.String(a.DataType), StringValue: a.StringValue, BinaryValue: a.BinaryValue}
	}
	all["alerts"] = number(alerts)
	return all
}

// attributes are what a message is parked with that no execution parks.
func attributes(f batch.Failed) map[string]types.MessageAttributeValue {
	all := map[string]types.MessageAttributeValue{
		"reason": str(string(f.Reason)), "detail": str(f.Detail), "alerts": number(1)}
	if facts, err := json.Marshal(f.Verdict); err == nil && f.Verdict.Outcome != "" {
		all["facts"] = str(string(facts))
	}
	return all
}

func str(s string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(s)}
}

func number(n int) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("Number"), StringValue: aws.String(strconv.Itoa(n))}
}
