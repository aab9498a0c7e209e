package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"autobackup/internal/shell"
	"autobackup/internal/text"
)

// topic judges whether somebody gets the e-mails.
func (j *judge) topic() {
	const area, subject = "subscription", "subscription"
	t := j.Topic
	if j.unknown(t.Unread, area, subject, "who gets the e-mails") {
		return
	}
	switch {
	case t.Gone && t.Theirs:
		j.say(Fail, area, subject, "there is no topic "+text.Line(t.ARN, 200)+", which AlertTopicArn names: nobody is told anything; name one that is there", j.deploy(j.primary()))
		return
	case t.Gone:
		j.say(Fail, area, subject, "there is no topic "+text.Line(t.ARN, 200), j.revert(j.primary())...)
		return
	}
	confirm := j.aws("sns confirm-subscription --topic-arn " + t.ARN + " --authenticate-on-unsubscribe true --token TOKEN")
	subscribe := func(address string) string {
		return j.aws("sns subscribe --topic-arn " + t.ARN + " --protocol email --notification-endpoint " + shell.Quote(address))
	}
	for _, s := range t.Subscriptions {
		address := text.Line(s.Endpoint, 100)
		switch {
		case s.ARN == "":
			j.say(Fail, area, subject, address+" has not confirmed it: no e-mail goes there. With the token of AWS's e-mail:", confirm)
		case j.unknown(s.Unread, area, subject, "whether anybody can end that of "+address):
		case s.ByLink:
			j.say(Warn, area, subject, "anyone who has one of its e-mails can unsubscribe "+address+", as it was confirmed by its link: end it, subscribe it again, and confirm it by a command, after which only the account can end it",
				j.aws("sns unsubscribe --subscription-arn "+s.ARN), subscribe(s.Endpoint), confirm)
		default:
			j.say(OK, area, subject, address+" gets the e-mails, and only the account can end that")
		}
	}
	if len(t.Subscriptions) == 0 {
		address := cmp.Or(j.primary().Parameters["AlertEmail"], "ADDRESS") // the stack has none where the topic is theirs
		j.say(Fail, area, subject, "nobody is subscribed to the e-mails", subscribe(address), confirm)
	}
}

// mapping judges whether the sender of e-mails is handed what failed.
func (j *judge) mapping() {
	name := "autobackup-failure-notifier-" + j.Stage.Name
	if j.unknown(j.NoMapping, ofFunctions, name, "whether it is handed what failed") {
		return
	}
	if len(j.Mappings) == 0 && !slices.ContainsFunc(j.Functions, func(f Function) bool { return f.Gone && f.Name == name }) {
		j.say(Fail, ofFunctions, name, "nothing hands it what failed: no e-mail is sent", j.revert(j.primary())...)
	}
	for _, m := range j.Mappings {
		switch m.State {
		case "Enabled":
			j.say(OK, ofFunctions, name, "it is handed what failed")
		case "Creating", "Enabling", "Updating":
			j.say(Warn, ofFunctions, name, "what hands it what failed is being changed ("+m.State+")", j.again())
		default:
			j.say(Fail, ofFunctions, name, "what hands it what failed is "+text.Line(m.State, 40)+": no e-mail is sent, and messages are kept for four days", j.aws("lambda update-event-source-mapping --uuid "+shell.Quote(m.ID)+" --enabled"))
		}
	}
}

func (j *judge) pipe() {
	p := j.Pipe
	start := j.aws("pipes start-pipe --name " + p.Name)
	switch {
	case j.unknown(p.Unread, "pipe", p.Name, "whether it runs"):
	case p.Gone:
		j.say(Fail, "pipe", p.Name, "there is no such pipe: nothing is validated", j.revert(j.primary())...)
	case p.State == "RUNNING":
		j.say(OK, "pipe", p.Name, p.State)
	case p.State == "STARTING" || p.State == "UPDATING" || p.State == "CREATING":
		j.say(Warn, "pipe", p.Name, "it is "+p.State, j.again())
	default:
		j.say(Fail, "pipe", p.Name, "it is "+text.Line(p.State, 40)+": nothing is validated, and messages are kept for four days", start)
	}
}

func (j *judge) machine() {
	m := j.Machine
	switch {
	case j.unknown(m.Unread, "state machine", m.Name, "whether it is there"):
	case m.Gone:
		j.say(Fail, "state machine", m.Name, "there is no such state machine: nothing is validated", j.revert(j.primary())...)
	case m.State == "ACTIVE":
		j.say(OK, "state machine", m.Name, m.State)
	default:
		j.say(Fail, "state machine", m.Name, "it is "+text.Line(m.State, 40)+": nothing is validated", j.revert(j.primary())...)
	}
}

// audits judges whether those that the stage is to make can be made, and are. How old the last
// one may be is an alarm's question.
func (j *judge) audits() {
	const area = "audits"
	if j.Audits == nil {
		return
	}
	m, start := j.Audits.Machine, "autobackup audit"+j.named()
	switch {
	case j.unknown(m.Unread, area, m.Name, "whether its state machine is there"):
		return
	case m.Gone:
		j.say(Fail, area, m.Name, "there is no such state machine: no audits are made", j.revert(j.primary())...)
		return
	case m.State != "ACTIVE":
		j.say(Fail, area, m.Name, "it is "+text.Line(m.State, 40)+": no audits are made", j.revert(j.primary())...)
		return
	case j.unknown(j.Audits.Unread, area, m.Name, "when the last audit ended"):
	case j.Audits.Last.IsZero():
		j.say(Warn, area, m.Name, "no audit has succeeded in 90 days: start one", start)
	default:
		j.say(OK, area, m.Name, "the last audit that succeeded ended at "+j.Audits.Last.UTC().Format(time.RFC3339))
	}
}

// heartbeats says whether they are put, and when the last one came out verified. How long ago
// that may be is an alarm's question. That a stage has none is a fact, as somebody chose so.
func (j *judge) heartbeats() {
	const area = "heartbeats"
	if j.primary().Unread != nil { // whose parameters say whether there are some
		return
	}
	if j.Beats == nil {
		j.say(OK, area, area, "the stage puts none: where nobody uploads, silence does not show that uploads would be validated (docs/heartbeats.md)")
		return
	}
	r := j.Beats.Rule
	switch {
	case j.unknown(r.Unread, area, r.Name, "whether the schedule of heartbeats is enabled"):
	case r.Gone:
		j.say(Fail, area, r.Name, "there is no such rule: no heartbeat is put", j.revert(j.primary())...)
		return
	case r.State != "ENABLED":
		j.say(Fail, area, r.Name, "it is "+text.Line(r.State, 60)+": no heartbeat is put", j.aws("events enable-rule --name "+r.Name))
		j.found[len(j.found)-1].Rings = j.rings("autobackup-heartbeat-stopped-" + j.Stage.Name)
		return
	}
	switch {
	case j.unknown(j.Beats.Unread, area, r.Name, "when the last heartbeat came out verified"):
	case j.Beats.Last.IsZero() && r.Unread == nil:
		j.say(Warn, area, r.Name, "no heartbeat has come out verified in the last three hours: of a stage that was deployed within the last half hour that is so, under autobackup serve --fast, which puts none, too, and of any other its alarms tell", "docs/heartbeats.md")
	case r.Unread == nil:
		j.say(OK, area, r.Name, "it is enabled, and the last heartbeat came out verified at "+j.Beats.Last.UTC().Format(time.RFC3339))
	}
}

// rules judges those that take uploads. One that takes no bucket is of an empty list.
func (j *judge) rules() {
	if j.unknown(j.NoRules, "rules", "rules", "the EventBridge rules that take uploads") {
		return
	}
	queue := j.arn("sqs", "autobackup-validation-queue-"+j.Stage.Name)
	for _, r := range j.Rules {
		if len(r.Buckets) == 0 {
			continue
		}
		switch {
		case r.Disabled:
			j.say(Fail, "rules", r.Name, fmt.Sprintf("it is disabled: no upload into %s is validated", j.these(r.Buckets)), j.aws("events enable-rule --name "+r.Name))
		case j.unknown(r.Unread, "rules", r.Name, "where it sends uploads"):
		case !slices.Contains(r.Targets, queue):
			j.say(Fail, "rules", r.Name, "it does not send uploads to the validation queue", j.revert(j.primary())...)
		default:
			j.say(OK, "rules", r.Name, "it sends uploads into "+j.these(r.Buckets)+" to the validation queue")
		}
	}
}

func (j *judge) these(buckets []string) string {
	if len(buckets) == 1 {
		return text.Name(buckets[0])
	}
	return text.Count(len(buckets), "bucket")
}

func (j *judge) queues() {
	for _, q := range j.Queues {
		switch {
		case j.unknown(q.Unread, "queues", q.Name, "how many messages it holds"):
		case q.Gone:
			j.say(Fail, "queues", q.Name, "there is no such queue", j.revert(j.primary())...)
		case q.Messages > 0 && strings.Contains(q.Name, "-dlq-"):
			j.say(Fail, "queues", q.Name, Dead(q.Name, q.Messages), j.moved(q.Name)...)
			j.found[len(j.found)-1].Rings = j.rings(strings.TrimSuffix(q.Name, "-"+j.Stage.Name) + "-not-empty-" + j.Stage.Name)
		case strings.Contains(q.Name, "-dlq-"):
			j.say(OK, "queues", q.Name, "it is empty")
		default:
			j.say(OK, "queues", q.Name, "it is there, with "+text.Count(q.Messages, "message")+" on the way")
		}
	}
}

// Dead says what so many messages of a dead-letter queue are, and where it stands what to do about them.
func Dead(queue string, n int) string {
	switch {
	case strings.HasPrefix(queue, "autobackup-event-dlq-"):
		return text.Count(n, "event") + " of uploads that EventBridge could not deliver (docs/runbooks/event-dlq-not-empty.md)"
	case strings.HasPrefix(queue, "autobackup-failure-dlq-"):
		return text.Count(n, "message") + " that nobody was told of (docs/runbooks/failure-dlq-not-empty.md)"
	}
	return text.Count(n, "message") + " parked, and waiting for a decision (docs/operations.md#when-an-e-mail-arrives)"
}

// moved are the commands that have the messages of a dead-letter queue looked at, or told, again.
func (j *judge) moved(name string) (commands []string) {
	kind := strings.TrimSuffix(strings.TrimPrefix(name, "autobackup-"), "-dlq-"+j.Stage.Name)
	if kind == "event" { // EventBridge fills it, and SQS moves nothing out of it
		return []string{"autobackup retry" + j.named() + " --from event-dlq --why WHY"}
	}
	switch kind {
	case "validation":
		commands = []string{"autobackup parked" + j.named(), "autobackup retry" + j.named() + " --why WHY"}
	case "failure":
		commands = []string{"autobackup retry" + j.named() + " --from failure-dlq --why WHY"}
	}
	return append(commands, j.aws("sqs start-message-move-task --source-arn "+j.arn("sqs", name)+" --destination-arn "+j.arn("sqs", "autobackup-"+kind+"-queue-"+j.Stage.Name)))
}

// rings says whether an alarm tells somebody now.
func (j *judge) rings(name string) bool {
	return slices.Contains(j.Alarms, Alarm{Name: name, State: "ALARM"})
}

// alarms judges those that tell somebody. How old the oldest message of a queue may be is
// one of their questions.
func (j *judge) alarms() {
	if j.unknown(j.NoAlarms, "alarms", "alarms", "the alarms' states") {
		return
	}
	if len(j.Alarms) == 0 {
		j.say(Fail, "alarms", "alarms", "the stage has none that tells anybody", j.revert(j.primary())...)
	}
	// That of the scheduled doctor rings until the next run finds nothing: it is no cause.
	j.Alarms = slices.DeleteFunc(slices.Clone(j.Alarms), func(a Alarm) bool { return a.Name == "autobackup-doctor-failed-"+j.Stage.Name && a.tellsNobody() == "" })
	unevaluated := 0
	for _, a := range j.Alarms {
		nobody, mends := a.tellsNobody(), []string{j.aws("cloudwatch enable-alarm-actions --alarm-names " + shell.Quote(a.Name))}
		if a.Actless {
			mends = j.revert(j.primary())
		}
		if nobody != "" {
			j.say(Fail, "alarms", a.Name, nobody, mends...)
		}
		switch {
		case a.State == "ALARM":
			j.say(Fail, "alarms", a.Name, "it is in ALARM: its description names its runbook", j.aws("cloudwatch describe-alarms --alarm-types MetricAlarm CompositeAlarm --alarm-names "+shell.Quote(a.Name)+" --query '[MetricAlarms,CompositeAlarms][][].[AlarmDescription,StateReason]' --output text"))
			j.found[len(j.found)-1].Rings = nobody == ""
		case a.State != "OK" && nobody == "":
			unevaluated++
		}
	}
	if n := len(j.Alarms); n > 0 && !slices.ContainsFunc(j.Alarms, func(a Alarm) bool { return a.State == "ALARM" || a.tellsNobody() != "" }) {
		words := fmt.Sprintf("none of %s rings, and each may tell", text.Count(n, "alarm"))
		if unevaluated > 0 { // all take missing data for fine or for amiss: without a state they were not looked at
			j.say(Warn, "alarms", "alarms", fmt.Sprintf("%s; %d not evaluated yet: of a stage that was deployed within the last minutes that is so, and under autobackup serve --fast, where none ever rings", words, unevaluated))
			return
		}
		j.say(OK, "alarms", "alarms", words)
	}
}
