package local

import (
	"encoding/json"
	"fmt"

	"autobackup/internal/local/events"
	"autobackup/internal/local/sns"
	"autobackup/internal/local/sqs"
	"autobackup/internal/local/template"
)

// queueProperties are those of AWS::SQS::Queue that have an effect here.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html
type queueProperties struct {
	QueueName              string `cfn:",required"`
	DelaySeconds           *int
	MaximumMessageSize     *int
	MessageRetentionPeriod *int
	VisibilityTimeout      *int
	RedrivePolicy          *struct {
		DeadLetterTargetARN string `cfn:"deadLetterTargetArn,required"`
		MaxReceiveCount     int    `cfn:"maxReceiveCount,required"`
	}
	RedriveAllowPolicy *struct {
		RedrivePermission string   `cfn:"redrivePermission,required"`
		SourceQueueARNs   []string `cfn:"sourceQueueArns"`
	}
}

func (d *deployment) queue(r template.Resource) (string, map[string]string, error) {
	var p queueProperties
	if err := decode(r, &p); err != nil {
		return "", nil, err
	}
	// As in AWS, wherever this stack is reached: the SDKs send to their endpoint all the same.
	url := "https://sqs." + d.region + ".amazonaws.com/" + d.Account + "/" + p.QueueName
	q := sqs.Defaults(d.arn("sqs", p.QueueName), url)
	set(&q.DelaySeconds, p.DelaySeconds)
	set(&q.MaximumMessageSize, p.MaximumMessageSize)
	set(&q.MessageRetentionPeriod, p.MessageRetentionPeriod)
	set(&q.VisibilityTimeout, p.VisibilityTimeout)
	if p.RedrivePolicy != nil {
		q.RedrivePolicy = &sqs.RedrivePolicy{
			DeadLetterTargetARN: p.RedrivePolicy.DeadLetterTargetARN,
			MaxReceiveCount:     p.RedrivePolicy.MaxReceiveCount,
		}
	}
	if p.RedriveAllowPolicy != nil {
		q.RedriveAllowPolicy = (*sqs.RedriveAllowPolicy)(p.RedriveAllowPolicy)
	}
	if err := d.SQS.CreateQueue(q); err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	return q.URL, map[string]string{"Arn": q.ARN, "QueueName": q.Name(), "QueueUrl": q.URL}, nil
}

func set(target *int, value *int) {
	if value != nil {
		*target = *value
	}
}

// topicProperties are those of AWS::SNS::Topic that have an effect here.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html
type topicProperties struct {
	TopicName    string `cfn:",required"`
	DisplayName  string
	Subscription []sns.Subscription
}

func (d *deployment) topic(r template.Resource) (string, map[string]string, error) {
	var p topicProperties
	if err := decode(r, &p); err != nil {
		return "", nil, err
	}
	topic := sns.Topic{ARN: d.arn("sns", p.TopicName), DisplayName: p.DisplayName, Subscriptions: p.Subscription}
	if err := d.SNS.CreateTopic(topic); err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	return topic.ARN, map[string]string{"TopicArn": topic.ARN, "TopicName": p.TopicName}, nil
}

// ruleProperties are those of AWS::Events::Rule that have an effect here.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html
type ruleProperties struct {
	Name         string `cfn:",required"`
	State        string
	EventPattern map[string]any `cfn:",required"`
	Targets      []struct {
		Id               string //nolint:revive // CloudFormation's name
		Arn              string `cfn:",required"`
		DeadLetterConfig struct {
			Arn string
		}
	}
}

func (d *deployment) rule(r template.Resource) (string, map[string]string, error) {
	var p ruleProperties
	if err := decode(r, &p); err != nil {
		return "", nil, err
	}
	pattern, err := json.Marshal(p.EventPattern)
	if err != nil {
		return "", nil, r.Errorf("EventPattern", "%w", err)
	}
	rule := events.Rule{ARN: d.arn("events", "rule/"+p.Name), Pattern: pattern}
	switch p.State {
	case "", "ENABLED":
	case "DISABLED":
		rule.Disabled = true
	default:
		return "", nil, r.Errorf("State", "%q is not supported here: use ENABLED or DISABLED", p.State)
	}
	for _, t := range p.Targets {
		rule.Targets = append(rule.Targets, events.Target{ARN: t.Arn, DeadLetterARN: t.DeadLetterConfig.Arn})
	}
	if err := d.bus(d.region).AddRule(rule); err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	return p.Name, map[string]string{"Arn": rule.ARN}, nil
}

// bus is the region's default event bus.
func (s *Stack) bus(region string) *events.Bus {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buses[region] == nil {
		s.buses[region] = events.New(s.SQS)
	}
	return s.buses[region]
}

func (d *deployment) arn(service, resource string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, d.region, d.Account, resource)
}
