// Package events is Amazon EventBridge's default bus on one machine: rules with
// event patterns, whose targets are SQS queues with dead-letter queues, and rules with a
// schedule, whose targets are functions and state machines. No rule fires by itself:
// Service.Due says which are due, and Service.Fire is the time at which one comes.
//
// A queue that refuses an event (too large, gone) answers a client error, which
// EventBridge does not retry: the event goes to the target's dead-letter queue
// at once, and without one it is dropped, which Counts tells.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/local/sqs"
	"autobackup/local/wire"
)

// Queues is what a bus needs of SQS; *sqs.Service is one.
type Queues interface {
	Send(queueARN string, m sqs.Outgoing) (sqs.Message, error)
}

// Bus is an event bus with its rules.
type Bus struct {
	// Metrics, if set before the first event, gets what CloudWatch is told of a rule.
	Metrics func(ruleARN, metric string)

	queues func(ruleARN string) Queues

	mu    sync.Mutex
	rules []rule
}

// New returns a bus without rules. queues are those of SQS as a rule has them.
func New(queues func(ruleARN string) Queues) *Bus { return &Bus{queues: queues} }

// Rule sends the events that Pattern, a JSON object, matches to its targets. With a Schedule
// in its place, as EventBridge writes it, it matches none, and its targets are functions and
// state machines. A disabled rule matches nothing.
type Rule struct {
	ARN      string
	Pattern  []byte
	Schedule string
	Disabled bool
	Targets  []Target
}

// Target is a queue that gets the events as they are, or what a schedule invokes or starts:
// a function, or a state machine. The last two fields must be empty: changing the event on
// its way is not supported.
type Target struct {
	ARN           string
	DeadLetterARN string // of a queue; "" drops what the target refuses
	RoleARN       string // of a state machine: as whom it is started
	Input         string // of what a schedule has: JSON text in the place of the event

	InputPath        string
	InputTransformer string // anything that stands in the template
}

// Counts are the deliveries of a rule.
type Counts struct {
	Matched      int // events that matched the pattern
	Delivered    int // accepted by a target
	DeadLettered int // refused by a target, accepted by its dead-letter queue
	Dropped      int // refused by a target and not kept by a dead-letter queue
}

type rule struct {
	Rule
	pattern *Pattern // nil: it has a schedule
	times   times    // of its schedule
	counts  Counts
}

// AddRule adds a rule, in the place of one of its ARN. What is not supported is refused by name.
func (b *Bus) AddRule(r Rule) error {
	a, err := arn.Parse(r.ARN)
	if err != nil || a.Service != "events" {
		return fmt.Errorf("%q is no rule ARN; write it as arn:aws:events:region:account:rule/name", r.ARN)
	}
	made, check := rule{Rule: r}, Target.checkScheduled
	if r.Schedule == "" {
		check = Target.checkQueue
		made.pattern, err = ParsePattern(r.Pattern)
	} else {
		made.times, err = parseSchedule(r)
	}
	if err != nil {
		return fmt.Errorf("rule %s: %w", r.ARN, err)
	}
	for i, t := range r.Targets {
		if err := check(t); err != nil {
			return fmt.Errorf("rule %s: target %d: %w", r.ARN, i, err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.IndexFunc(b.rules, func(other rule) bool { return other.ARN == r.ARN }); i >= 0 {
		made.counts = b.rules[i].counts
		b.rules[i] = made
		return nil
	}
	b.rules = append(b.rules, made)
	return nil
}

// Rules are those of the bus, in the order in which they were added.
func (b *Bus) Rules() (all []Rule) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.rules {
		all = append(all, r.Rule)
	}
	return all
}

// Switch enables a rule or disables it, as EnableRule and DisableRule do.
func (b *Bus) Switch(ruleARN string, enabled bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.rules {
		if b.rules[i].ARN == ruleARN {
			b.rules[i].Disabled = !enabled
		}
	}
}

// RemoveRule removes a rule, and what is known of its deliveries; there may be none.
func (b *Bus) RemoveRule(ruleARN string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules = slices.DeleteFunc(b.rules, func(r rule) bool { return r.ARN == ruleARN })
}

// checkQueue takes what a rule with a pattern has: a queue.
func (t Target) checkQueue() error {
	if err := t.unchanged(map[string]string{"Input": t.Input}); err != nil {
		return err
	}
	if t.RoleARN != "" {
		return errors.New("RoleArn is not supported by the local stack for a queue: its policy says which rule may send")
	}
	if t.DeadLetterARN != "" {
		if _, err := service(t.DeadLetterARN, "sqs"); err != nil {
			return err
		}
	}
	_, err := service(t.ARN, "sqs")
	return err
}

// unchanged refuses what changes an event on its way, by the name of the field.
func (t Target) unchanged(fields map[string]string) error {
	fields["InputPath"], fields["InputTransformer"] = t.InputPath, t.InputTransformer
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if fields[name] != "" {
			return fmt.Errorf("%s is not supported by the local stack; the target gets the event as it is", name)
		}
	}
	return nil
}

// kinds are what targets are, by the services in their ARNs.
var kinds = map[string]string{"sqs": "an SQS queue", "lambda": "a function", "states": "a state machine"}

// service is the one in a target's ARN, which must be one of these.
func service(targetARN string, of ...string) (string, error) {
	if targetARN == "" {
		return "", errors.New("a target needs an ARN")
	}
	if a, err := arn.Parse(targetARN); err == nil && slices.Contains(of, a.Service) {
		return a.Service, nil
	}
	var use []string
	for _, name := range of {
		use = append(use, kinds[name])
	}
	return "", fmt.Errorf("%s is not supported by the local stack as a target; use %s", targetARN, strings.Join(use, " or "))
}

// Put delivers an event, a JSON object, to the targets of the rules it matches.
// That a queue refuses it is no error of Put: see Counts.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
func (b *Bus) Put(event []byte) error {
	decoded, err := decodeEvent(event)
	if err != nil {
		return fmt.Errorf("put event: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.rules {
		r := &b.rules[i]
		if r.Disabled || r.pattern == nil || !r.pattern.matches(decoded) {
			continue
		}
		r.counts.Matched++
		for _, t := range r.Targets {
			b.deliver(r, t, string(event))
		}
	}
	return nil
}

func decodeEvent(event []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(event))
	d.UseNumber()
	var decoded map[string]any
	if err := d.Decode(&decoded); err != nil {
		return nil, fmt.Errorf("an event is a JSON object: %w", err)
	}
	if decoded == nil || d.More() {
		return nil, errors.New("an event is one JSON object")
	}
	return decoded, nil
}

func (b *Bus) deliver(r *rule, t Target, event string) {
	queues := b.queues(r.ARN)
	_, err := queues.Send(t.ARN, sqs.Outgoing{Body: event})
	b.count(r.ARN, "Invocations")
	if err == nil {
		r.counts.Delivered++
		return
	}
	b.count(r.ARN, "FailedInvocations")
	if t.DeadLetterARN != "" {
		_, refused := queues.Send(t.DeadLetterARN, sqs.Outgoing{Body: event, Attributes: map[string]sqs.Attribute{
			"RULE_ARN":      {DataType: "String", Value: r.ARN},
			"TARGET_ARN":    {DataType: "String", Value: t.ARN},
			"ERROR_CODE":    {DataType: "String", Value: code(err)},
			"ERROR_MESSAGE": {DataType: "String", Value: err.Error()},
		}})
		if refused == nil {
			r.counts.DeadLettered++
			b.count(r.ARN, "InvocationsSentToDlq")
			return
		}
		b.count(r.ARN, "InvocationsFailedToBeSentToDlq")
	}
	r.counts.Dropped++
}

// count measures one of what CloudWatch is told of where there was some, and never as a zero.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
func (b *Bus) count(ruleARN, metric string) {
	if b.Metrics != nil {
		b.Metrics(ruleARN, metric)
	}
}

// code is EventBridge's name for what a queue answered.
func code(err error) string {
	var refused *wire.Error
	switch {
	case !errors.As(err, &refused):
		return "SDK_CLIENT_ERROR"
	case refused.Name() == "QueueDoesNotExist":
		return "NO_RESOURCE"
	case refused.Status == http.StatusForbidden || refused.Shape == "KmsAccessDenied":
		return "NO_PERMISSIONS"
	default:
		return "INVALID_PARAMETER"
	}
}

// Counts are the deliveries of every rule so far, by the rule's ARN.
func (b *Bus) Counts() map[string]Counts {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[string]Counts{}
	for _, r := range b.rules {
		all[r.ARN] = r.counts
	}
	return all
}
