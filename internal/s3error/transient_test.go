package s3error_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/stretchr/testify/assert"

	"autobackup/internal/s3error"
)

func TestWhatIsTransientIsTriedAgainAndSaysTheSame(t *testing.T) {
	retryables := retry.IsErrorRetryables(retry.DefaultRetryables)
	broken := errors.New("broken")
	assert.NotEqual(t, aws.TrueTernary, retryables.IsErrorRetryable(broken))
	marked := fmt.Errorf("read: %w", s3error.Transient(broken))
	assert.Equal(t, aws.TrueTernary, retryables.IsErrorRetryable(marked))
	assert.ErrorIs(t, marked, broken)
	assert.EqualError(t, marked, "read: broken")
}
