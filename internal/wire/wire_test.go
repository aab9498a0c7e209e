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

func TestText(t *testing.T) {
	got, err := text(environment("TOPIC", "arn"), "TOPIC", "arn:aws:sns:...")
	require.NoError(t, err)
	assert.Equal(t, "arn", got)
	_, err = text(environment("TOPIC", ""), "TOPIC", "arn:aws:sns:...")
	assert.EqualError(t, err, "environment variable TOPIC is not set: set it to a value like arn:aws:sns:...")
}
