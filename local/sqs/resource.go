package sqs

import (
	"slices"

	"autobackup/local/iam"
	"autobackup/local/template"
)

// Types are the resource types of SQS.
func (s *Service) Types() template.Types {
	return template.Types{
		"AWS::SQS::Queue": template.Changing(template.Make(nil, s.deployQueue, s.removeQueue), s.updateQueue).Named("QueueName").AskingOf("sqs:CreateQueue", "sqs", "", "QueueName"),
		"AWS::SQS::QueuePolicy": template.Make(nil, s.deployPolicy, s.removePolicy).Over(s.forgetPolicy).Asking(func(t template.Target, r template.Resource) (asks []template.Ask) {
			for _, url := range r.Texts("Queues") {
				if queueARN, err := address(t.Region, url); err == nil { // or there is nothing to ask for: it can't be created
					asks = append(asks, template.Ask{Action: "sqs:SetQueueAttributes", Resource: queueARN})
				}
			}
			return asks
		}),
	}
}

// queueProperties are those of AWS::SQS::Queue that have an effect here.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html
type queueProperties struct {
	QueueName              string `cfn:",required"`
	KmsMasterKeyID         string `cfn:"KmsMasterKeyId"`
	SqsManagedSseEnabled   *bool
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

func (s *Service) deployQueue(t template.Target, r template.Resource, p queueProperties) (string, map[string]string, error) {
	q, err := p.queue(t, r)
	if err != nil {
		return "", nil, err
	}
	if err := s.CreateQueue(q); err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	return q.URL, map[string]string{"Arn": q.ARN, "QueueName": q.Name(), "QueueUrl": q.URL}, nil
}

// updateQueue gives a queue other attributes. Its messages stay.
func (s *Service) updateQueue(t template.Target, was template.Made, r template.Resource, p queueProperties) (string, map[string]string, error) {
	q, err := p.queue(t, r)
	if err != nil {
		return "", nil, err
	}
	if err := s.SetQueue(q); err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	return was.Reference, was.Attributes, nil
}

// queue is the one that a template describes.
func (p queueProperties) queue(t template.Target, r template.Resource) (Queue, error) {
	// As in AWS, wherever this stack is reached: the SDKs send to their endpoint all the same.
	url := "https://sqs." + t.Region + ".amazonaws.com/" + t.Account + "/" + p.QueueName
	q := Defaults(t.ARN("sqs", p.QueueName), url)
	set(&q.DelaySeconds, p.DelaySeconds)
	set(&q.MaximumMessageSize, p.MaximumMessageSize)
	set(&q.MessageRetentionPeriod, p.MessageRetentionPeriod)
	set(&q.VisibilityTimeout, p.VisibilityTimeout)
	q.KmsMasterKeyID = p.KmsMasterKeyID
	if p.SqsManagedSseEnabled != nil && *p.SqsManagedSseEnabled == (q.KmsMasterKeyID != "") {
		return q, r.Errorf("SqsManagedSseEnabled", "a queue is encrypted by SQS's own keys or by one of KMS: set it to true without KmsMasterKeyId, or leave it out")
	}
	if p.RedrivePolicy != nil {
		q.RedrivePolicy = &RedrivePolicy{
			DeadLetterTargetARN: p.RedrivePolicy.DeadLetterTargetARN,
			MaxReceiveCount:     p.RedrivePolicy.MaxReceiveCount,
		}
	}
	if p.RedriveAllowPolicy != nil {
		q.RedriveAllowPolicy = (*RedriveAllowPolicy)(p.RedriveAllowPolicy)
	}
	return q, nil
}

func (s *Service) removeQueue(_ template.Target, made template.Made) error {
	s.DeleteQueue(made.Attributes["Arn"])
	return nil
}

func set(target *int, value *int) {
	if value != nil {
		*target = *value
	}
}

// policyProperties are those of AWS::SQS::QueuePolicy.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queuepolicy.html
type policyProperties struct {
	Queues         []string `cfn:",required"` // URLs
	PolicyDocument any      `cfn:",required"`
}

func (s *Service) deployPolicy(t template.Target, r template.Resource, p policyProperties) (string, map[string]string, error) {
	for _, url := range p.Queues {
		queueARN, err := s.ARN(t.Region, url)
		if err == nil {
			err = s.setPolicy(queueARN, p.PolicyDocument)
		}
		if err != nil {
			return "", nil, r.Errorf("PolicyDocument", "%w", err)
		}
	}
	return t.Stack + "-" + r.LogicalID, nil, nil
}

// setPolicy gives a queue its policy, which it also tells.
func (s *Service) setPolicy(queueARN string, document any) error {
	if err := s.Gate.Attach(queueARN, iam.Queue, document); err != nil {
		return err
	}
	s.tellPolicy(queueARN, text(document))
	return nil
}

func (s *Service) tellPolicy(queueARN, policy string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[queueARN]; q != nil {
		q.policy = policy
	}
}

func (s *Service) removePolicy(t template.Target, made template.Made) error {
	s.forgetPolicy(t, made, template.Resource{})
	return nil
}

// forgetPolicy takes a policy away from the queues that are no longer among its own.
func (s *Service) forgetPolicy(t template.Target, was template.Made, r template.Resource) {
	for _, url := range was.Texts("Queues") {
		queueARN, err := s.ARN(t.Region, url)
		if err != nil || slices.Contains(r.Texts("Queues"), url) { // or the queue is gone, and its policy with it
			continue
		}
		s.Gate.Detach(queueARN)
		s.tellPolicy(queueARN, "")
	}
}
