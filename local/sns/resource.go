package sns

import (
	"reflect"
	"slices"

	"autobackup/local/iam"
	"autobackup/local/template"
)

// Types are the resource types of SNS.
func (s *Service) Types() template.Types {
	return template.Types{
		"AWS::SNS::Topic": template.Changing(template.Make(nil, s.deployTopic, s.removeTopic), s.updateTopic).Named("TopicName").AskingOf("sns:CreateTopic", "sns", "", "TopicName"),
		"AWS::SNS::TopicPolicy": template.Make(nil, s.deployPolicy, s.removePolicy).Over(s.forgetPolicy).Asking(func(_ template.Target, r template.Resource) (asks []template.Ask) {
			for _, topicARN := range r.Texts("Topics") {
				asks = append(asks, template.Ask{Action: "sns:SetTopicAttributes", Resource: topicARN})
			}
			return asks
		}),
	}
}

// topicProperties are those of AWS::SNS::Topic that have an effect here.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html
type topicProperties struct {
	TopicName      string `cfn:",required"`
	KmsMasterKeyID string `cfn:"KmsMasterKeyId"`
	DisplayName    string
	Subscription   []Subscription
}

func (p topicProperties) topic(t template.Target) Topic {
	return Topic{ARN: t.ARN("sns", p.TopicName), DisplayName: p.DisplayName, KmsMasterKeyID: p.KmsMasterKeyID, Subscriptions: p.Subscription}
}

func (s *Service) deployTopic(t template.Target, r template.Resource, p topicProperties) (string, map[string]string, error) {
	topic := p.topic(t)
	if err := s.CreateTopic(topic); err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	return topic.ARN, map[string]string{"TopicArn": topic.ARN, "TopicName": p.TopicName}, nil
}

// updateTopic gives a topic other attributes. Who is subscribed stays, where the template still
// says so: somebody may have ended a subscription since.
func (s *Service) updateTopic(t template.Target, was template.Made, r template.Resource, p topicProperties) (string, map[string]string, error) {
	topic := p.topic(t)
	if err := topic.check(); err != nil {
		return "", nil, r.Errorf("", "%w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if reflect.DeepEqual(was.Properties["Subscription"], r.Properties["Subscription"]) {
		topic.Subscriptions = s.topics[topic.ARN].Subscriptions
	}
	s.topics[topic.ARN] = topic
	return was.Reference, was.Attributes, nil
}

// removeTopic deletes a topic with its subscriptions.
// https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html
func (s *Service) removeTopic(_ template.Target, made template.Made) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.topics, made.Reference)
	return nil
}

// policyProperties are those of AWS::SNS::TopicPolicy.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topicpolicy.html
type policyProperties struct {
	Topics         []string `cfn:",required"` // ARNs
	PolicyDocument any      `cfn:",required"`
}

func (s *Service) deployPolicy(t template.Target, r template.Resource, p policyProperties) (string, map[string]string, error) {
	for _, topicARN := range p.Topics {
		if err := s.Gate.Attach(topicARN, iam.Topic, p.PolicyDocument); err != nil {
			return "", nil, r.Errorf("PolicyDocument", "%w", err)
		}
	}
	return t.Stack + "-" + r.LogicalID, nil, nil
}

// forgetPolicy takes a policy away from the topics that are no longer among its own.
func (s *Service) forgetPolicy(_ template.Target, was template.Made, r template.Resource) {
	for _, topicARN := range was.Texts("Topics") {
		if !slices.Contains(r.Texts("Topics"), topicARN) {
			s.Gate.Detach(topicARN)
		}
	}
}

func (s *Service) removePolicy(_ template.Target, made template.Made) error {
	for _, topicARN := range made.Properties["Topics"].([]any) {
		s.Gate.Detach(topicARN.(string))
	}
	return nil
}
