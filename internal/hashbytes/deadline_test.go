package hashbytes_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/hashbytes"
	"autobackup/internal/verdict"
)

// silent never answers.
type silent struct{}

func (silent) GetObject(ctx context.Context, _ *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestAnS3ThatDoesNotAnswerIsToldBeforeTheFunctionsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		answer, err := hashbytes.Reader{Objects: silent{}}.Read(ctx, request([]byte("01234567")))
		require.NoError(t, err)
		assert.Equal(t, verdict.Unreachable, answer.Found)
		assert.Equal(t, "the time of hash-bytes was over before all bytes had come", answer.Detail)
		assert.Equal(t, 4*time.Minute-time.Second, time.Since(began), "with time for the answer")
	})
}

// gaveUp is a client whose own time-out was over.
type gaveUp struct{}

func (gaveUp) GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return nil, context.DeadlineExceeded
}

func TestAClientThatGaveUpWhileTheFunctionHadTimeIsToldAsThat(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	answer, err := hashbytes.Reader{Objects: gaveUp{}}.Read(ctx, request([]byte("0123")))
	require.NoError(t, err)
	assert.Equal(t, hashbytes.Answer{Found: verdict.Unreachable, Detail: "GetObject did not answer in time"}, answer)
}
