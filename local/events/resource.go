package events

import (
	"encoding/json"
	"fmt"

	"autobackup/local/template"
)

// Types are the resource types of EventBridge.
func (s *Service) Types() template.Types {
	return template.Types{
		"AWS::Events::Rule": template.Make(map[string]string{"Description": template.ForPeople}, s.deployRule, s.removeRule).Named("Name").Over(nil).Asking(asks),
	}
}

// asks are the permissions that a rule takes: PutTargets passes the roles of its targets.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
func asks(t template.Target, r template.Resource) (all []template.Ask) {
	targets, _ := r.Properties["Targets"].([]any)
	for _, target := range targets {
		of, _ := target.(map[string]any)
		role, _ := of["RoleArn"].(string)
		all = append(all, template.Pass(role, principal)...)
	}
	return append(all, template.Ask{Action: "events:PutRule", Resource: t.ARN("events", "rule/"+r.Text("Name"))})
}

// ruleProperties are those of AWS::Events::Rule that have an effect here.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
type ruleProperties struct {
	Name         string `cfn:",required"`
	State        string
	EventPattern map[string]any
	// ScheduleExpression stands in the place of a pattern.
	ScheduleExpression string
	Targets            []struct {
		Id               string //nolint:revive // CloudFormation's name
		Arn              string `cfn:",required"`
		RoleArn          string
		Input            string
		DeadLetterConfig struct {
			Arn string
		}
	}
}

func (s *Service) deployRule(t template.Target, r template.Resource, p ruleProperties) (string, map[string]string, error) {
	made := Rule{ARN: t.ARN("events", "rule/"+p.Name), Schedule: p.ScheduleExpression}
	if p.EventPattern != nil || p.ScheduleExpression == "" {
		pattern, err := json.Marshal(p.EventPattern)
		if err != nil {
			return "", nil, r.Errorf("EventPattern", "%w", err)
		}
		made.Pattern = pattern
	}
	switch p.State {
	case "", "ENABLED":
	case "DISABLED":
		made.Disabled = true
	default:
		return "", nil, r.Errorf("State", "%q is not supported here: use ENABLED or DISABLED", p.State)
	}
	for i, target := range p.Targets {
		if target.RoleArn != "" {
			if _, err := s.assume(made.ARN, target.RoleArn); err != nil {
				return "", nil, r.Errorf(fmt.Sprintf("Targets[%d].RoleArn", i), "%w", err)
			}
		}
		made.Targets = append(made.Targets, Target{ARN: target.Arn, DeadLetterARN: target.DeadLetterConfig.Arn, RoleARN: target.RoleArn, Input: target.Input})
	}
	if err := s.Bus(t.Region).AddRule(made); err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	return p.Name, map[string]string{"Arn": made.ARN}, nil
}

func (s *Service) removeRule(t template.Target, made template.Made) error {
	s.Bus(t.Region).RemoveRule(made.Attributes["Arn"])
	return nil
}
