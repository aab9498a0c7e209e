package wire

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func environment(name, value string) func(string) string {
	return func(asked string) string {
		if asked == name {
			return value
		}
		return ""
	}
}

func TestAQueueHasTheURLOfItsRegionAndPartition(t *testing.T) {
	for held, want := range map[string]string{
		"arn:aws:sqs:us-east-1:123456789012:q":            "https://sqs.us-east-1.amazonaws.com/123456789012/q",
		"arn:aws-cn:sqs:cn-north-1:123456789012:q":        "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q",
		"arn:aws-us-gov:sqs:us-gov-west-1:123456789012:q": "https://sqs.us-gov-west-1.amazonaws.com/123456789012/q",
	} {
		got, url, err := queue(environment("QUEUE", held), "QUEUE")
		require.NoError(t, err)
		assert.Equal(t, held, got)
		assert.Equal(t, want, url)
	}
}

func TestText(t *testing.T) {
	got, err := text(environment("TOPIC", "arn"), "TOPIC", "arn:aws:sns:...")
	require.NoError(t, err)
	assert.Equal(t, "arn", got)
	_, err = text(environment("TOPIC", ""), "TOPIC", "arn:aws:sns:...")
	assert.EqualError(t, err, "environment variable TOPIC is not set: set it to a value like arn:aws:sns:...")
}
