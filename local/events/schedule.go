package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/local/gate"
	"autobackup/local/wire"
)

// schedule is what EventBridge takes: "1 days" is none, and "rate(2 day)" neither.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
var schedule = regexp.MustCompile(`^(rate\((1 (minute|hour|day)|([2-9]|[1-9][0-9]+) (minutes|hours|days))\)|cron\([0-9A-Z*?,/#-]+( [0-9A-Z*?,/#-]+){5}\))$`)

func checkSchedule(r Rule) error {
	if len(r.Pattern) > 0 {
		return errors.New("a pattern and a schedule in one rule are not supported by the local stack; make two rules")
	}
	if !schedule.MatchString(r.Schedule) {
		return fmt.Errorf("%q is no schedule; write it as rate(1 day) or cron(0 7 * * ? *)", r.Schedule)
	}
	return nil
}

// Fire has the time come at which a rule of a region is scheduled: its targets get the event
// that EventBridge makes. Of a disabled rule nothing comes.
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
		by := s.Gate.Service("events.amazonaws.com", r.ARN)
		for _, t := range r.Targets {
			if err := s.invoke(by, region, t.ARN, event); err != nil {
				return fmt.Errorf("fire %s: %w", name, err)
			}
		}
		return nil
	}
	return &wire.Error{Code: "ResourceNotFoundException", Status: http.StatusBadRequest, Message: "there is no rule " + name + " with a schedule in " + region}
}

func (s *Service) invoke(by gate.Caller, region, functionARN string, event []byte) error {
	if s.Invoke == nil {
		return errors.New("no functions are there to be invoked")
	}
	return s.Invoke(by, region, functionARN, event)
}
