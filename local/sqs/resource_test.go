package sqs_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	client "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/sqs"
	"autobackup/local/template"
)

// target is where these tests deploy to.
var target = template.Target{Stack: "s", Region: "eu-west-1", Account: "111122223333"}

func deploy(t *testing.T, s *sqs.Service, kind string, properties map[string]any) template.Made {
	t.Helper()
	r := template.Resource{LogicalID: "R", Type: kind, Properties: properties}
	reference, attributes, err := s.Types()[kind].Create(target, r)
	require.NoError(t, err)
	return template.Made{Resource: r, Reference: reference, Attributes: attributes}
}

// described are a queue's attributes: all, but for those that no template sets.
func described(t *testing.T, s *sqs.Service, queueURL string) map[string]string {
	t.Helper()
	out, err := newClient(t, s).GetQueueAttributes(t.Context(), &client.GetQueueAttributesInput{QueueUrl: &queueURL, AttributeNames: []types.QueueAttributeName{"All"}})
	require.NoError(t, err)
	for _, name := range []string{"CreatedTimestamp", "LastModifiedTimestamp", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible"} {
		require.Contains(t, out.Attributes, name)
		delete(out.Attributes, name)
	}
	return out.Attributes
}

func TestAQueueTellsAllThatItsTemplateSays(t *testing.T) {
	s := newService(t, nil)
	made := deploy(t, s, "AWS::SQS::Queue", map[string]any{
		"QueueName": "q", "KmsMasterKeyId": "alias/key", "DelaySeconds": 1, "MaximumMessageSize": 2048, "MessageRetentionPeriod": 60, "VisibilityTimeout": 3,
		"RedrivePolicy":      map[string]any{"deadLetterTargetArn": dlqARN, "maxReceiveCount": 4},
		"RedriveAllowPolicy": map[string]any{"redrivePermission": "byQueue", "sourceQueueArns": []any{mainARN}},
	})
	policy := deploy(t, s, "AWS::SQS::QueuePolicy", map[string]any{"Queues": []any{made.Reference}, "PolicyDocument": map[string]any{"Version": "2012-10-17"}})
	want := map[string]string{
		"QueueArn": made.Attributes["Arn"], "KmsMasterKeyId": "alias/key", "KmsDataKeyReusePeriodSeconds": "300", "SqsManagedSseEnabled": "false",
		"DelaySeconds": "1", "MaximumMessageSize": "2048", "MessageRetentionPeriod": "60", "VisibilityTimeout": "3", "ReceiveMessageWaitTimeSeconds": "0",
		"RedrivePolicy":      `{"deadLetterTargetArn":"` + dlqARN + `","maxReceiveCount":4}`,
		"RedriveAllowPolicy": `{"redrivePermission":"byQueue","sourceQueueArns":["` + mainARN + `"]}`,
		"Policy":             `{"Version":"2012-10-17"}`,
	}
	assert.Equal(t, want, described(t, s, made.Reference))

	require.NoError(t, s.Types()[policy.Type].Delete(target, policy))
	delete(want, "Policy")
	assert.Equal(t, want, described(t, s, made.Reference))
}

func TestAQueueIsEncryptedByOneKindOfKey(t *testing.T) {
	for name, tt := range map[string]struct {
		managed any
		key     string
		refused bool
	}{
		"by SQS's own":        {true, "", false},
		"by one of KMS":       {false, "alias/key", false},
		"by both":             {true, "alias/key", true},
		"by none, unlike AWS": {false, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, nil)
			r := template.Resource{LogicalID: "Q", Type: "AWS::SQS::Queue", Properties: map[string]any{"QueueName": "q", "SqsManagedSseEnabled": tt.managed, "KmsMasterKeyId": tt.key}}
			_, _, err := s.Types().Create(target, r)
			if tt.refused {
				require.ErrorContains(t, err, "a queue is encrypted by SQS's own keys or by one of KMS")
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestAQueueIsFoundByItsURLOnAnyAddress(t *testing.T) {
	c := newClient(t, newService(t, nil))
	for at, want := range map[string]string{
		"https://sqs.eu-west-1.amazonaws.com/111122223333/main":      "",
		"http://127.0.0.1:9400/111122223333/main":                    "", // in the region that the call is signed for
		"https://sqs.eu-central-1.amazonaws.com/111122223333/main":   "AWS.SimpleQueueService.NonExistentQueue",
		"http://sqs.eu-central-1.amazonaws.com:80/111122223333/main": "AWS.SimpleQueueService.NonExistentQueue",
		"http://127.0.0.1:9400/444455556666/main":                    "AWS.SimpleQueueService.NonExistentQueue",
		"http://127.0.0.1:9400/111122223333/main/more":               "AWS.SimpleQueueService.NonExistentQueue",
		"http://127.0.0.1:9400/main":                                 "AWS.SimpleQueueService.NonExistentQueue",
		"http://127.0.0.1:9400/%":                                    "AWS.SimpleQueueService.NonExistentQueue",
	} {
		_, err := c.SendMessage(t.Context(), &client.SendMessageInput{QueueUrl: &at, MessageBody: aws.String("x")})
		assert.Equal(t, want, code(err), at)
	}
	elsewhere := func(o *client.Options) { o.Region = "eu-central-1" }
	_, err := c.SendMessage(t.Context(), &client.SendMessageInput{QueueUrl: aws.String("http://127.0.0.1:9400/111122223333/main"), MessageBody: aws.String("x")}, elsewhere)
	assert.Equal(t, "AWS.SimpleQueueService.NonExistentQueue", code(err), "another region's")
}
