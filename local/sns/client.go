package sns

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/local/gate"
	"autobackup/local/wire"
)

// Client is the service as somebody calls it, who needs the permission: it has only what
// asks for one.
type Client struct {
	service *Service
	By      gate.Caller
}

// As is the service as a caller has it.
func (s *Service) As(by gate.Caller) Client { return Client{s, by} }

// Publish is Service.Publish. Refusals are as SNS words them.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
func (c Client) Publish(p Publication) (id string, err error) {
	if err := c.By.May("sns:Publish", p.TopicARN); err != nil {
		return "", gate.Denied(err, wire.Error{Code: "AuthorizationError", Status: http.StatusForbidden})
	}
	if err := c.mayDecrypt(p.TopicARN); err != nil {
		err = gate.Throttled(err, wire.Error{Code: "KMSThrottling", Status: http.StatusBadRequest})
		err = gate.Stateful(err, wire.Error{Code: "KMSInvalidState"}, wire.Error{Code: "KMSDisabled"})
		return "", gate.Denied(err, wire.Error{Code: "KMSAccessDenied", Status: http.StatusBadRequest})
	}
	if id, err = c.service.Publish(p); err != nil {
		return "", err
	}
	return id, c.By.Done("sns:Publish", p.TopicARN)
}

// Topics is Service.Topics.
// https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html
func (c Client) Topics(region string) ([]string, error) {
	if err := c.By.May("sns:ListTopics", "*"); err != nil {
		return nil, gate.Denied(err, wire.Error{Code: "AuthorizationError", Status: http.StatusForbidden})
	}
	return c.service.Topics(region), nil
}

// mayDecrypt asks the topic's key.
// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
func (c Client) mayDecrypt(topicARN string) error {
	c.service.mu.Lock()
	key := c.service.topics[topicARN].KmsMasterKeyID
	c.service.mu.Unlock()
	if key == "" {
		return nil
	}
	a, err := arn.Parse(topicARN)
	if err != nil {
		return nil //nolint:nilerr // there is no such topic: whoever publishes is told so
	}
	by := c.By.AtKMS("sns."+a.Region+".amazonaws.com").With("kms:EncryptionContext:aws:sns:topicArn", topicARN)
	return by.All(c.service.Gate.Key(a.Region, a.AccountID, key), "kms:GenerateDataKey", "kms:Decrypt")
}
