package notify

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/text"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

// task is what a record asks for.
type task struct {
	id            string // of the record
	findings      []told.Finding
	report        batch.Report // of an execution
	sent          time.Time    // when the record was put into the queue; zero where that is not known
	notifications []string     // for the validation queue
	parked        []outgoing   // for the validation DLQ
	wakeUp        time.Time    // when the sender wanted to be woken up; zero of other records
	err           error        // why a message of it was not sent on

	// What the log says of it.
	level slog.Level
	line  string
	attrs []slog.Attr
}

// own are the messages that are only sent here: a wake-up, or a report.
type own struct {
	WakeUp *time.Time `json:"wakeUp,omitempty"`
	batch.Report
}

// read is what a record asks for.
func read(r events.SQSMessage) task {
	t := kind(r)
	if ms, err := strconv.ParseInt(r.Attributes["SentTimestamp"], 10, 64); err == nil {
		t.sent = time.UnixMilli(ms)
	}
	return t
}

// kind tells the kinds of records apart. It takes anything: whoever may send to
// the queue may have written it. Only parked messages have attributes, and the body
// of one may look like anything.
func kind(r events.SQSMessage) task {
	if len(r.MessageAttributes) > 0 {
		return parked(r)
	}
	var o own
	if err := json.Unmarshal([]byte(r.Body), &o); err == nil && (o.WakeUp != nil || o.Failures != nil || o.Over != nil || o.Unsettled != nil) {
		return o.task(r)
	}
	if bucket, is := s3event.TestEvent(r.Body); is {
		return task{id: r.MessageId, line: "s3 tested that it reaches the queue", attrs: []slog.Attr{slog.String("bucket", bucket)}}
	}
	if s3event.IsNotification(r.Body) {
		n := s3event.Split(r.Body)
		return task{id: r.MessageId, notifications: n, line: "notification of s3", attrs: []slog.Attr{slog.Int("records", len(n))}}
	}
	if _, err := s3event.Parse(r.Body); err != nil {
		return malformed(r, err)
	}
	return parked(r)
}

func (o own) task(r events.SQSMessage) task {
	t := task{id: r.MessageId}
	if o.WakeUp != nil {
		t.wakeUp, t.line, t.attrs = *o.WakeUp, "woken up", []slog.Attr{slog.Time("due", *o.WakeUp)}
		return t
	}
	failures := append(o.Failures, unsettled(o.Report)...)
	for _, f := range failures {
		t.findings = append(t.findings, told.Findings(f, o.Execution, 0)...)
	}
	t.line, t.report = "report of failures", o.Report
	t.attrs = []slog.Attr{slog.String("execution", text.Line(o.Execution, maxLogged)), slog.Int("failures", len(failures)), slog.Int("over", len(o.Over))}
	return t
}

// unsettled are the messages of an execution that an error stopped, as it parks
// them.
func unsettled(r batch.Report) (failures []batch.Failed) {
	name := "unknown error"
	if r.Error != nil {
		name = r.Error.Error
	}
	for _, m := range slices.Concat(r.Unsettled...) {
		failures = append(failures, batch.Failed{ID: m.ID, Body: m.Body, Again: m.Again, Reason: reason.WorkflowError,
			Detail: text.Line("the workflow stopped before a verdict: "+name, maxLogged)})
	}
	return failures
}

// malformed is told and parked: it may be all that is left of something.
func malformed(r events.SQSMessage, err error) task {
	f := batch.Failed{ID: r.MessageId, Body: r.Body, Reason: reason.MalformedEvent, Detail: err.Error()}
	return task{
		id: r.MessageId, findings: told.Findings(f, "", 0), parked: []outgoing{{body: r.Body, attributes: attributes(f)}},
		level: slog.LevelWarn, line: "message that is none of this queue's", attrs: []slog.Attr{slog.String("error", err.Error())},
	}
}

// notLookedAt is the detail of a notification that does not fit the validation
// queue.
const notLookedAt = "S3's notification is too long for the validation queue, so neither side was looked at"

// refused has the task tell and park a notification as it is.
func (t *task) refused(body string) {
	f := batch.Failed{ID: t.id, Body: body, Reason: reason.ReplicationFailed, Detail: notLookedAt}
	if o, err := s3event.Parse(body); err != nil {
		f.Reason, f.Detail = reason.MalformedEvent, err.Error()
	} else if o.GaveUp != nil {
		f.Verdict = unjudged(*o.GaveUp)
	}
	t.findings = append(t.findings, told.Findings(f, "", 0)...)
	t.parked = append(t.parked, outgoing{body: body, attributes: attributes(f)})
}

// unjudged is what S3 said as a verdict.
func unjudged(g s3event.ReplicationFailure) verdict.Verdict {
	basis := verdict.NotificationBasis
	if !g.Upload() {
		basis = verdict.ChangeBasis
	}
	return verdict.Verdict{Outcome: verdict.Failed, Reason: reason.ReplicationFailed, Replicas: []verdict.Entry{{
		Bucket: g.Destination, Outcome: verdict.Failed, Reason: reason.ReplicationFailed, Basis: basis, Detail: notLookedAt,
		Cause: text.Line(g.Cause, maxLogged), // SQS takes not every character in an attribute
	}}}
}
