package console

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"autobackup/cmd/autobackup/overview"
	"autobackup/cmd/autobackup/retry"
	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/doctor"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/shell"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

// What a sample takes: it hides what it has from others for half a minute.
const (
	sampled = 10
	hidden  = 30
)

// parkedData is what the page shows.
type parkedData struct {
	Places  []place
	Acts    bool   // people may have messages retried and discarded
	Queue   string // that was looked into; empty: none was
	Hidden  int
	Sampled int
	Unread  *doctor.Unread
	Gone    bool
	Reasons []reasonData
	Count   int
}

// reasonData are the messages of a sample that were parked for one reason.
type reasonData struct {
	Reason  reason.Code
	Meaning string
	Next    string
	Guide   string // where more about it is
	// LookAgain is the command that has what is parked for the reason looked at again; empty where
	// the reason chooses nothing.
	LookAgain string
	Place     place // what is done with all that is parked for it; empty where the reason chooses nothing
	Messages  []parked
}

type parked struct {
	ID, Body  string
	Object    string
	Explain   string // the command; empty where there is no version
	Detail    string
	Edited    bool // it is not as it was parked: the facts are of another
	Sent      time.Time
	Received  string
	Alerts    string
	Execution string // its name
	facts     verdict.Verdict
}

// Replicas are what came of each, by the facts that it was parked with.
func (p parked) Replicas() []verdict.Entry { return p.facts.Replicas }

func deadLetters(stage string) []string {
	return slices.DeleteFunc(overview.Queues(stage), func(name string) bool { return !strings.Contains(name, "-dlq-") })
}

// parked is the page before anything is asked for: a look is a receipt, which hides messages.
func (c *console) parked(*http.Request) (any, int, error) {
	return parkedData{Places: places(c.Stage), Acts: c.Actions, Hidden: hidden, Sampled: sampled}, 0, nil
}

// sample receives some messages of a queue.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
func (c *console) sample(r *http.Request) (any, int, error) {
	d := parkedData{Places: places(c.Stage), Acts: c.Actions, Queue: r.PostFormValue("queue"), Hidden: hidden, Sampled: sampled}
	in := slices.IndexFunc(d.Places, func(p place) bool { return p.Queue == d.Queue })
	if in < 0 {
		return nil, 0, wrong("The stage parks messages in no such queue.")
	}
	client := sqs.NewFromConfig(c.cfg)
	found, err := client.GetQueueUrl(r.Context(), &sqs.GetQueueUrlInput{QueueName: &d.Queue})
	if err != nil {
		d.Unread, err = because("GetQueueUrl", err)
		return d, 0, err
	}
	got, err := client.ReceiveMessage(r.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: found.QueueUrl, MaxNumberOfMessages: sampled, VisibilityTimeout: hidden, WaitTimeSeconds: 1,
		MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil {
		d.Unread, err = because("ReceiveMessage", err)
		return d, 0, err
	}
	d.Count = len(got.Messages)
	if c.Actions { // what is shown is what people want to do something with, so others may have it at once
		for _, m := range got.Messages {
			// An error does not matter: they show by themselves when their time is over.
			_, _ = client.ChangeMessageVisibility(r.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: found.QueueUrl, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 0})
		}
	}
	at, err := c.here(r.Context())
	if err != nil {
		return nil, 0, err
	}
	for _, m := range got.Messages {
		code, one := reason.Code(attribute(m, "reason")), newParked(m)
		i := slices.IndexFunc(d.Reasons, func(r reasonData) bool { return r.Reason == code })
		if i < 0 {
			i = len(d.Reasons)
			d.Reasons = append(d.Reasons, c.newReason(code, m, one.facts))
			d.Reasons[i].Place = d.Places[in].of(code)
			if d.Reasons[i].Place.From == retry.FromParked {
				d.Reasons[i].LookAgain = retry.Again(c.Stage, at.Region, code)
			}
		}
		d.Reasons[i].Messages = append(d.Reasons[i].Messages, one)
	}
	return d, 0, nil
}

// newReason has the words of e-mails about a message that was parked for a reason.
func (c *console) newReason(code reason.Code, m types.Message, facts verdict.Verdict) reasonData {
	if code == "" {
		return reasonData{Meaning: "Nothing has judged it: SQS moved it here after its receives, or EventBridge or a function could not hand it on.", Next: "Find out what failed, then have it handed on again.", Guide: "docs/runbooks/README.md"}
	}
	failed := batch.Failed{ID: aws.ToString(m.MessageId), Body: aws.ToString(m.Body), Reason: code, Detail: attribute(m, "detail"), Verdict: facts}
	findings := told.Findings(failed, attribute(m, "execution"), 0)
	b := alert.Context{Stage: c.Stage}.Brief(findings[0])
	d := reasonData{Reason: code, Meaning: b.What + " " + b.Why, Next: strings.ReplaceAll(b.Next, " "+alert.ByCommand, "")}
	if slices.Contains(reason.Severity(), code) {
		d.Guide = "docs/verdicts.md#" + strings.ToLower(string(code))
	}
	return d
}

func attribute(m types.Message, name string) string {
	return aws.ToString(m.MessageAttributes[name].StringValue)
}

// newParked reads a message. Whoever may send to the queue may have written all of it.
func newParked(m types.Message) parked {
	p := parked{ID: aws.ToString(m.MessageId), Body: aws.ToString(m.Body), Detail: attribute(m, "detail"), Alerts: attribute(m, "alerts"), Received: m.Attributes["ApproximateReceiveCount"]}
	if milliseconds, err := json.Number(m.Attributes["SentTimestamp"]).Int64(); err == nil {
		p.Sent = time.UnixMilli(milliseconds)
	}
	if version, err := s3event.Parse(p.Body); err == nil {
		p.Object = version.URI()
		p.Explain = shell.Explain(version.Bucket, version.Key, version.VersionID)
	}
	p.Edited = batch.Edited(p.Body, attribute(m, "sum"))
	read, of, _ := batch.Parked(p.ID, p.Body, func(name string) string { return attribute(m, name) })
	p.facts = read.Verdict
	p.Execution = of[strings.LastIndex(of, ":")+1:]
	if !executionName.MatchString(p.Execution) {
		p.Execution = ""
	}
	return p
}
