package conformance

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func eventBridgeSetting(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	out, err := b.s3.GetBucketNotificationConfiguration(t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: bucket})
	require.NoError(t, err)
	assert.Nil(t, out.EventBridgeConfiguration)
	_, err = b.s3.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: bucket, NotificationConfiguration: &types.NotificationConfiguration{EventBridgeConfiguration: &types.EventBridgeConfiguration{}},
	})
	require.NoError(t, err)
	out, err = b.s3.GetBucketNotificationConfiguration(t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: bucket})
	require.NoError(t, err)
	assert.NotNil(t, out.EventBridgeConfiguration)
}

// configure puts notifications of events to a queue, which nobody has made.
func (b *bed) configure(t T, bucket *string, events ...types.Event) error {
	var queues []types.QueueConfiguration
	for _, event := range events {
		queues = append(queues, types.QueueConfiguration{Events: []types.Event{event}, QueueArn: aws.String("arn:aws:sqs:" + b.Primary + ":111122223333:no-queue")})
	}
	_, err := b.s3.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: bucket, NotificationConfiguration: &types.NotificationConfiguration{QueueConfigurations: queues},
	})
	return err
}

func overlappingNotifications(t T, b *bed) {
	bucket := b.bucket(t, b.Primary)
	failed(t, b.configure(t, bucket, "s3:ObjectCreated:*", "s3:ObjectCreated:Put"), 400, "InvalidArgument")
	out, err := b.s3.GetBucketNotificationConfiguration(t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: bucket})
	require.NoError(t, err)
	assert.Empty(t, out.QueueConfigurations)
}

// notificationsOfOneID asks no target, as there is none.
func notificationsOfOneID(t T, b *bed) {
	bucket, target := b.bucket(t, b.Primary), aws.String("arn:aws:sqs:"+b.Primary+":111122223333:no-queue")
	_, err := b.s3.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: bucket, SkipDestinationValidation: aws.Bool(true), NotificationConfiguration: &types.NotificationConfiguration{QueueConfigurations: []types.QueueConfiguration{
			{Id: aws.String("one"), QueueArn: target, Events: []types.Event{"s3:ObjectCreated:*"}}, {Id: aws.String("one"), QueueArn: target, Events: []types.Event{"s3:ObjectRemoved:*"}},
		}},
	})
	failed(t, err, 400, "InvalidArgument")
}

func unknownNotification(t T, b *bed) {
	failed(t, b.configure(t, b.bucket(t, b.Primary), "s3:Nothing"), 400, "InvalidArgument")
}
