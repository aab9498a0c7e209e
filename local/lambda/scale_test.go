package lambda_test

import (
	"encoding/json"
	"fmt"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/lambda"
	"autobackup/local/sqs"
)

// half answers that every other message failed.
func half(e events.SQSEvent) (string, error) {
	var answer events.SQSEventResponse
	for i := 0; i < len(e.Records); i += 2 {
		answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: e.Records[i].MessageId})
	}
	text, err := json.Marshal(answer)
	return string(text), err
}

// spent is the processor time that this process has used.
func spent(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// A batch of 10,000 is the largest that Lambda takes. It is processor time that is
// bounded here, so that a busy machine makes no difference.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
func TestTenThousandMessagesAreOneBatchAndTakeNoTime(t *testing.T) {
	begin := spent(t)
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, lambda.Mapping{BatchSize: 10_000, MaximumBatchingWindowInSeconds: 20, FunctionResponseTypes: []string{"ReportBatchItemFailures"}}, half)
		for i := range 10_000 {
			_, err := s.queues.Send(s.queue.ARN, sqs.Outgoing{Body: fmt.Sprint(i)})
			require.NoError(t, err)
		}
		synctest.Wait()
		require.Len(t, s.batches, 1)
		assert.Len(t, s.batches[0], 10_000)
		assert.Equal(t, 5_000, s.left(t))
		time.Sleep(time.Hour)
		parked, err := s.queues.Messages(sourceDLQ)
		require.NoError(t, err)
		assert.Len(t, parked, 1_250, "half of the half of the half, after three receives")
	})
	assert.Less(t, spent(t)-begin, 10*time.Second, "under the race detector, too; work that grew with the square of the messages would take minutes")
}
