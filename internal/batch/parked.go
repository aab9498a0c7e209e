package batch

import (
	"cmp"
	"encoding/json"
	"strconv"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// notParked is the detail of a message that no execution parked: SQS moved it
// from the validation queue after its receives.
const notParked = "could not be processed: no execution parked the message, so it came to the dead-letter queue without a verdict"

// edited is the detail of a message whose facts are those of another.
const edited = "the message was edited after it was parked, so what it was parked with says nothing of it: move it to the validation queue to have it looked at"

// Parked is what a parked message says by the attributes that it was parked with, of which value answers
// the texts: the execution that parked it, and how often operators were told of it, too. Whoever may
// send messages may have written them.
func Parked(id, body string, value func(attribute string) string) (f Failed, execution string, alerts int) {
	f = Failed{ID: id, Body: body, Again: true, Reason: reason.Code(value("reason")), Detail: value("detail")}
	execution = value("execution")
	if f.Reason == "" {
		f.Reason = reason.WorkflowError
	}
	if f.Reason == reason.WorkflowError && execution == "" {
		f.Detail = cmp.Or(f.Detail, notParked)
	}
	switch {
	case Edited(body, value("sum")):
		f.Reason, f.Detail = reason.WorkflowError, edited
	case json.Unmarshal([]byte(value("facts")), &f.Verdict) != nil:
		f.Verdict = verdict.Verdict{} // facts that were cut, or that somebody else wrote
	}
	alerts, err := strconv.Atoi(value("alerts"))
	if err != nil || alerts < 0 {
		alerts = 0
	}
	return f, execution, alerts
}
