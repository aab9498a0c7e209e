package local_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The stacks' topic and functions let S3 do nothing, and S3 tells each that refuses.
func TestATopicAndAFunctionAreAskedWhetherTheyTakeNotifications(t *testing.T) {
	inWorld(t, func(w *world) {
		client := s3.NewFromConfig(w.AWSConfig(w.region), func(o *s3.Options) { o.UsePathStyle = true })
		function := arnOf("lambda", "function:autobackup-fetch-etags-dev")
		put := func(c *types.NotificationConfiguration) error {
			_, err := client.PutBucketNotificationConfiguration(w.t.Context(), &s3.PutBucketNotificationConfigurationInput{Bucket: aws.String(w.bucket()), NotificationConfiguration: c})
			return err
		}
		created := []types.Event{"s3:ObjectCreated:*"}
		assert.ErrorContains(w.t, put(&types.NotificationConfiguration{TopicConfigurations: []types.TopicConfiguration{{TopicArn: aws.String(topicARN), Events: created}}}), "is not authorized to perform: sns:Publish")
		err := put(&types.NotificationConfiguration{LambdaFunctionConfigurations: []types.LambdaFunctionConfiguration{{LambdaFunctionArn: &function, Events: created}}})
		assert.ErrorContains(w.t, err, "is not authorized to perform: lambda:InvokeFunction")
		gone := function + "-gone"
		err = put(&types.NotificationConfiguration{LambdaFunctionConfigurations: []types.LambdaFunctionConfiguration{{LambdaFunctionArn: &gone, Events: created}}})
		assert.ErrorContains(w.t, err, "there is no function "+gone)
		out, err := client.GetBucketNotificationConfiguration(w.t.Context(), &s3.GetBucketNotificationConfigurationInput{Bucket: aws.String(w.bucket())})
		require.NoError(w.t, err)
		assert.Len(w.t, out.QueueConfigurations, 1, "it is as it was")
	})
}
