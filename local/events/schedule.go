package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/hashicorp/cronexpr"

	"autobackup/local/gate"
	"autobackup/local/wire"
)

// schedule is what EventBridge takes: "1 days" is none, and "rate(2 day)" neither.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
var schedule = regexp.MustCompile(`^(rate\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\)|cron\([0-9A-Z*?,/#-]+( [0-9A-Z*?,/#-]+){5}\))$`)

func parseSchedule(r Rule) (times, error) {
	if len(r.Pattern) > 0 {
		return nil, errors.New("a pattern and a schedule in one rule are not supported by the local stack; make two rules")
	}
	t, err := parseTimes(r.Schedule)
	if err != nil {
		return nil, fmt.Errorf("%q is no schedule; write it as rate(1 day) or cron(0 7 * * ? *): %w", r.Schedule, err)
	}
	return t, nil
}

// times tells the first time of a schedule after another; zero: there is none. Those of a rate are
// counted from when it began, those of a cron are UTC's.
type times func(began, after time.Time) time.Time

// units are those of rates, without the s of several.
var units = map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}

// weekday is a number of a day of the week, which EventBridge counts from 1, for Sunday, and other
// crons from 0. What stands behind a # counts weeks, and behind a / days.
var weekday = regexp.MustCompile(`(^|[,-])([1-7])`)

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
func parseTimes(text string) (times, error) {
	if !schedule.MatchString(text) {
		return nil, errors.New("it has another form")
	}
	kind, inside, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	fields := strings.Fields(inside)
	if kind == "rate" {
		n, err := strconv.Atoi(fields[0])
		each := units[strings.TrimSuffix(fields[1], "s")]
		if err != nil || time.Duration(n) > 100*365*24*time.Hour/each {
			return nil, errors.New("it is too long")
		}
		each *= time.Duration(n)
		return func(began, after time.Time) time.Time {
			return began.Add((max(0, after.Sub(began)/each) + 1) * each)
		}, nil
	}
	days := &fields[4]
	if *days == "L" { // the week's last is Saturday
		*days = "7"
	}
	*days = weekday.ReplaceAllStringFunc(*days, func(number string) string {
		last := len(number) - 1
		return number[:last] + string(number[last]-1)
	})
	expression, err := cronexpr.Parse(strings.Join(fields, " "))
	if err != nil {
		return nil, err
	}
	return func(_, after time.Time) time.Time { return expression.Next(after.UTC()) }, nil
}

// Due is a rule whose time has come.
type Due struct{ Region, Name string }

// Due are the rules whose schedule has a time after one and until another, where rates are counted
// from when they began.
func (s *Service) Due(began, after, until time.Time) (all []Due) {
	for _, region := range s.regions() {
		for _, name := range s.Bus(region).due(began, after, until) {
			all = append(all, Due{region, name})
		}
	}
	return all
}

func (b *Bus) due(began, after, until time.Time) (names []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.rules {
		if r.times == nil {
			continue
		}
		if at := r.times(began, after); !at.IsZero() && !at.After(until) {
			names = append(names, r.ARN[strings.LastIndexByte(r.ARN, '/')+1:])
		}
	}
	return names
}

// maxInput is how many characters a target's Input has at most.
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html
const maxInput = 8192

// checkScheduled takes what a rule with a schedule has: a function, or a state machine, which
// needs a role. Of a function, its policy says which rule may invoke it.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
func (t Target) checkScheduled() error {
	if err := t.unchanged(map[string]string{}); err != nil {
		return err
	}
	of, err := service(t.ARN, "lambda", "states")
	switch {
	case err != nil:
		return err
	case t.DeadLetterARN != "":
		return errors.New("DeadLetterConfig is not supported by the local stack for a rule with a schedule: what its target refuses is the error of Fire")
	case of == "states" && t.RoleARN == "":
		return fmt.Errorf("RoleArn is required for target %s: the role as which EventBridge starts it", t.ARN)
	case of == "lambda" && t.RoleARN != "":
		return errors.New("RoleArn is not supported by the local stack for a function: its policy says which rule may invoke it")
	case t.Input != "" && !json.Valid([]byte(t.Input)):
		return errors.New("the Input is no JSON text")
	case utf8.RuneCountInString(t.Input) > maxInput:
		return fmt.Errorf("the Input is longer than %d characters", maxInput)
	}
	return nil
}

// Fire has the time come at which a rule of a region is scheduled: its targets get the event
// that EventBridge makes, or their Input in its place. Of a disabled rule nothing comes. What
// a target refuses keeps nothing from the others, and is in the error.
// https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-scheduled.html
func (s *Service) Fire(region, name string) error {
	for _, r := range s.Bus(region).Rules() {
		a, err := arn.Parse(r.ARN)
		if err != nil || a.Resource != "rule/"+name || r.Schedule == "" {
			continue
		}
		if r.Disabled {
			return nil
		}
		event, err := json.Marshal(map[string]any{
			"version": "0", "id": s.NewID(), "detail-type": "Scheduled Event", "source": "aws.events", "account": a.AccountID,
			"time": s.Now().UTC().Format(time.RFC3339), "region": region, "resources": []string{r.ARN}, "detail": map[string]any{},
		})
		if err != nil {
			return fmt.Errorf("fire %s: %w", name, err)
		}
		var refused []error
		for _, t := range r.Targets {
			s.Bus(region).count(r.ARN, "Invocations")
			if err := s.reach(region, r.ARN, t, event); err != nil {
				s.Bus(region).count(r.ARN, "FailedInvocations")
				refused = append(refused, fmt.Errorf("fire %s: %w", name, err))
			}
		}
		return errors.Join(refused...)
	}
	return &wire.Error{Code: "ResourceNotFoundException", Status: http.StatusBadRequest, Message: "there is no rule " + name + " with a schedule in " + region}
}

// reach invokes a function for a rule, or starts a state machine as the target's role.
func (s *Service) reach(region, ruleARN string, t Target, event []byte) error {
	if t.Input != "" {
		event = []byte(t.Input)
	}
	switch {
	case t.RoleARN == "" && s.Invoke == nil:
		return errors.New("no functions are there to be invoked")
	case t.RoleARN == "":
		return s.Invoke(s.Gate.Service(principal, ruleARN), region, t.ARN, event)
	case s.Start == nil:
		return errors.New("no state machines are there to be started")
	}
	by, err := s.assume(ruleARN, t.RoleARN)
	if err != nil {
		return err
	}
	return s.Start(by, t.ARN, event)
}

// principal is EventBridge as a caller.
const principal = "events.amazonaws.com"

// assume is a target's role as EventBridge has it for a rule.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
func (s *Service) assume(ruleARN, roleARN string) (gate.Caller, error) {
	_, name, _ := strings.Cut(ruleARN, ":rule/")
	return s.Gate.Service(principal, ruleARN).Assume(roleARN, name)
}
