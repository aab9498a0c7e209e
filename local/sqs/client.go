package sqs

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/local/gate"
	"autobackup/local/sigv4"
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

// Send is Service.Send.
func (c Client) Send(queueARN string, m Outgoing) (Message, error) {
	if err := c.maySend(queueARN); err != nil {
		return Message{}, err
	}
	sent, err := c.service.Send(queueARN, m)
	if err != nil {
		return Message{}, err
	}
	return sent, c.By.Done("sqs:SendMessage", queueARN)
}

// Consume is Service.Consume. Who polls needs to read the queue, to delete from it and to
// ask for its attributes, when the consumer is made and each time.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-permissions.html
func (c Client) Consume(queueARN string, how Batching, handle func(context.Context, Batch) (done []Message)) (*Consumer, error) {
	may := permits{
		receive: func() error {
			if err := c.May(queueARN, "sqs:ReceiveMessage", "sqs:GetQueueAttributes"); err != nil {
				return err
			}
			return c.mayDecrypt(queueARN, "kms:Decrypt")
		},
		remove: func() error { return c.May(queueARN, "sqs:DeleteMessage") },
	}
	for _, ask := range []func() error{may.receive, may.remove} {
		if err := ask(); err != nil {
			return nil, err
		}
	}
	return c.service.consume(queueARN, how, may, handle)
}

// May says whether the caller may do these to a queue.
func (c Client) May(queueARN string, actions ...string) error {
	return denied(c.By.All(queueARN, actions...))
}

// maySend says whether the caller may send to a queue, and use the key that it has.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
func (c Client) maySend(queueARN string) error {
	if err := c.May(queueARN, "sqs:SendMessage"); err != nil {
		return err
	}
	return c.mayDecrypt(queueARN, "kms:GenerateDataKey", "kms:Decrypt")
}

// mayMove says whether the caller may move messages out of a dead-letter queue, which takes
// what doing it by hand takes: to a destination, or to every queue that they come from.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
func (c Client) mayMove(source, destination string) error {
	if err := c.May(source, "sqs:StartMessageMoveTask", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"); err != nil {
		return err
	}
	if err := c.mayDecrypt(source, "kms:Decrypt"); err != nil {
		return err
	}
	into := []string{destination}
	if destination == "" {
		into = c.service.sources(source)
	}
	for _, queueARN := range into {
		if err := c.maySend(queueARN); err != nil {
			return err
		}
	}
	return nil
}

// mayDecrypt asks the key of a queue.
func (c Client) mayDecrypt(queueARN string, actions ...string) error {
	key := c.service.keyOf(queueARN)
	if key == "" {
		return nil
	}
	a, err := arn.Parse(queueARN)
	if err != nil {
		return nil //nolint:nilerr // there is no such queue: whoever sends is told so
	}
	by := c.By.AtKMS("sqs."+a.Region+".amazonaws.com").With("kms:EncryptionContext:aws:sqs:arn", queueARN)
	return keyDenied(by.All(c.service.Gate.Key(a.Region, a.AccountID, key), actions...))
}

func (s *Service) keyOf(queueARN string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[queueARN]; q != nil {
		return q.KmsMasterKeyID
	}
	return ""
}

// named is the ARN that a queue of this account has, or would have, in a region.
func (s *Service) named(region, name string) string {
	owner, _ := arn.Parse(s.Gate.Owner().ARN) // without a gate nobody asks
	return arn.ARN{Partition: "aws", Service: "sqs", Region: region, AccountID: owner.AccountID, Resource: name}.String()
}

// sources are the queues that a dead-letter queue is for.
func (s *Service) sources(queueARN string) (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for of, q := range s.queues {
		if q.RedrivePolicy != nil && q.RedrivePolicy.DeadLetterTargetARN == queueARN {
			all = append(all, of)
		}
	}
	return all
}

// denied is the gate's error in SQS's words, and keyDenied what SQS says where the key
// refuses.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func denied(err error) error {
	return gate.Denied(err, wire.Error{Code: "AccessDenied", Status: http.StatusForbidden})
}

func keyDenied(err error) error {
	err = gate.Throttled(err, wire.Error{Shape: "KmsThrottled", Code: "KMS.ThrottlingException", Status: http.StatusBadRequest})
	err = gate.Stateful(err, wire.Error{Shape: "KmsInvalidState", Code: "KMS.InvalidStateException"}, wire.Error{Shape: "KmsDisabled", Code: "KMS.DisabledException"})
	return gate.Denied(err, wire.Error{Shape: "KmsAccessDenied", Code: "KMS.AccessDeniedException", Status: http.StatusBadRequest})
}

// permit decides a request over HTTP. An action that is not named here needs sqs: and its
// name, on the queue that QueueUrl or SourceArn names.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
func (s *Service) permit(r wire.Request) error {
	c := s.As(s.Gate.Signed(sigv4.AccessKey(r.Request)))
	var on struct {
		QueueURL       string `json:"QueueUrl"`
		QueueName      string
		SourceARN      string `json:"SourceArn"`
		DestinationARN string `json:"DestinationArn"`
	}
	r.Names(&on)
	queueARN := on.SourceARN
	if on.QueueURL != "" {
		region, _ := sigv4.Scope(r.Request)
		var err error
		if queueARN, err = address(region, on.QueueURL); err != nil {
			return err
		}
	}
	switch r.Action {
	case "SendMessage", "SendMessageBatch":
		return c.maySend(queueARN)
	case "ReceiveMessage":
		if err := c.May(queueARN, "sqs:ReceiveMessage"); err != nil {
			return err
		}
		return c.mayDecrypt(queueARN, "kms:Decrypt")
	case "DeleteMessageBatch":
		return c.May(queueARN, "sqs:DeleteMessage")
	case "StartMessageMoveTask":
		return c.mayMove(queueARN, on.DestinationARN)
	case "GetQueueUrl":
		region, _ := sigv4.Scope(r.Request)
		queueARN = s.named(region, on.QueueName)
	case "ListQueues":
		queueARN = "*"
	}
	return c.May(queueARN, "sqs:"+r.Action)
}
