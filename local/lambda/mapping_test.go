package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/lambda"
	"autobackup/local/sqs"
)

// source is a queue whose messages go to a function that answers with respond.
type source struct {
	queues  *sqs.Service
	queue   sqs.Queue
	respond func(events.SQSEvent) (string, error)

	mu      sync.Mutex
	batches [][]string // bodies
	errs    []string
}

const sourceDLQ = "arn:aws:sqs:eu-west-1:111122223333:failure-dlq"

func newSource(t *testing.T, m lambda.Mapping, respond func(events.SQSEvent) (string, error)) *source {
	t.Helper()
	s := &source{queues: sqs.New(clock.Real(), ids()), respond: respond}
	require.NoError(t, s.queues.CreateQueue(sqs.Defaults(sourceDLQ, "")))
	s.queue = sqs.Defaults("arn:aws:sqs:eu-west-1:111122223333:failure", "")
	s.queue.RedrivePolicy = &sqs.RedrivePolicy{DeadLetterTargetARN: sourceDLQ, MaxReceiveCount: 3}
	require.NoError(t, s.queues.CreateQueue(s.queue))
	m.Queue = s.queue
	f := newFunction(t, s.handle)
	e, err := lambda.Map(s.queues, m, f, s.failed)
	require.NoError(t, err)
	t.Cleanup(e.Close)
	return s
}

func (s *source) handle(_ context.Context, payload []byte) ([]byte, error) {
	var event events.SQSEvent
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var bodies []string
	for _, r := range event.Records {
		bodies = append(bodies, r.Body)
	}
	s.batches = append(s.batches, bodies)
	answer, err := s.respond(event)
	return []byte(answer), err
}

func (s *source) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs = append(s.errs, err.Error())
}

// send sends messages and waits until nothing runs any more.
func (s *source) send(t *testing.T, bodies ...string) {
	t.Helper()
	for _, b := range bodies {
		_, err := s.queues.Send(s.queue.ARN, sqs.Outgoing{Body: b, Attributes: map[string]sqs.Attribute{"reason": {DataType: "String", Value: "SIZE_MISMATCH"}}})
		require.NoError(t, err)
	}
	synctest.Wait()
}

func (s *source) left(t *testing.T) int {
	t.Helper()
	all, err := s.queues.Messages(s.queue.ARN)
	require.NoError(t, err)
	return len(all)
}

func TestAFunctionGetsItsMessagesInTheShapeOfSQSEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got events.SQSMessage
		s := newSource(t, lambda.Mapping{}, func(e events.SQSEvent) (string, error) { got = e.Records[0]; return "", nil })
		s.send(t, `<"x">`)
		assert.Equal(t, "SIZE_MISMATCH", *got.MessageAttributes["reason"].StringValue)
		assert.Equal(t, "aws:sqs", got.EventSource)
		assert.Equal(t, s.queue.ARN, got.EventSourceARN)
		assert.Equal(t, "eu-west-1", got.AWSRegion)
		assert.Equal(t, "1", got.Attributes["ApproximateReceiveCount"])
		assert.NotEmpty(t, got.ReceiptHandle)
		assert.NotEmpty(t, got.Md5OfMessageAttributes)
		assert.Zero(t, s.left(t))
		assert.Empty(t, s.errs)
	})
}

func TestResponsesOfPartialBatches(t *testing.T) {
	for name, c := range map[string]struct {
		response string
		left     int // of two messages
		told     string
	}{
		"one failed":            {`{"batchItemFailures":[{"itemIdentifier":"id-000001"}]}`, 1, "1 of 2 messages failed"},
		"an empty list":         {`{"batchItemFailures":[]}`, 0, ""},
		"a null list":           {`{"batchItemFailures":null}`, 0, ""},
		"an empty object":       {`{}`, 0, ""},
		"null":                  {`null`, 0, ""},
		"nothing":               {``, 0, ""},
		"no JSON":               {`ok`, 2, "the whole batch counts as failed: the response is no JSON object: invalid character 'o' looking for beginning of value"},
		"text":                  {`"ok"`, 2, "the whole batch counts as failed: the response is no JSON object: json: cannot unmarshal string into Go value of type map[string]json.RawMessage"},
		"an unknown message":    {`{"batchItemFailures":[{"itemIdentifier":"other"}]}`, 2, `the whole batch counts as failed: itemIdentifier "other" is no message of the batch`},
		"an empty identifier":   {`{"batchItemFailures":[{"itemIdentifier":""}]}`, 2, "the whole batch counts as failed: batchItemFailures[0] has no itemIdentifier"},
		"a null identifier":     {`{"batchItemFailures":[{"itemIdentifier":null}]}`, 2, "the whole batch counts as failed: batchItemFailures[0] has no itemIdentifier"},
		"a misspelt identifier": {`{"batchItemFailures":[{"ItemIdentifier":"id-000001"}]}`, 2, "the whole batch counts as failed: batchItemFailures[0] has no itemIdentifier"},
		"a list of text":        {`{"batchItemFailures":["id-000001"]}`, 2, "the whole batch counts as failed: batchItemFailures is no list of objects: json: cannot unmarshal string into Go value of type map[string]json.RawMessage"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := lambda.Mapping{BatchSize: 2, MaximumBatchingWindowInSeconds: 1, FunctionResponseTypes: []string{"ReportBatchItemFailures"}}
				s := newSource(t, m, func(events.SQSEvent) (string, error) { return c.response, nil })
				s.send(t, "a", "b")
				require.Equal(t, [][]string{{"a", "b"}}, s.batches)
				assert.Equal(t, c.left, s.left(t))
				if c.told == "" {
					assert.Empty(t, s.errs)
				} else {
					assert.Equal(t, []string{"event source mapping from failure to test: " + c.told}, s.errs)
				}
			})
		})
	}
}

func TestWithoutReportBatchItemFailuresAnAnswerIsASuccessWhateverItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, lambda.Mapping{}, func(events.SQSEvent) (string, error) {
			return `{"batchItemFailures":[{"itemIdentifier":"id-000001"}]}`, nil
		})
		s.send(t, "a")
		assert.Zero(t, s.left(t))
	})
}

func TestABatchWhoseFunctionFailsComesBackAndEndsInTheDeadLetterQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, lambda.Mapping{}, func(events.SQSEvent) (string, error) { return "", errors.New("no topic") })
		s.send(t, "a")
		time.Sleep(time.Hour)
		synctest.Wait()
		const told = "event source mapping from failure to test: errorString: no topic"
		assert.Equal(t, []string{told, told, told}, s.errs)
		assert.Equal(t, [][]string{{"a"}, {"a"}, {"a"}}, s.batches)
		parked, err := s.queues.Messages(sourceDLQ)
		require.NoError(t, err)
		require.Len(t, parked, 1)
		assert.Equal(t, s.queue.ARN, parked[0].SourceARN)
	})
}

func TestADisabledMappingLeavesTheQueueAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSource(t, lambda.Mapping{Disabled: true}, nil)
		s.send(t, "a")
		assert.Equal(t, 1, s.left(t))
	})
}

func TestMappingsAreChecked(t *testing.T) {
	const from = "event source mapping from failure to test: "
	for want, change := range map[string]func(*lambda.Mapping){
		"FilterCriteria is not supported by the local stack; the function gets every message":                      func(m *lambda.Mapping) { m.FilterCriteria = "{}" },
		"MaximumConcurrency is 1; use 2 to 1000":                                                                   func(m *lambda.Mapping) { m.MaximumConcurrency = 1 },
		`FunctionResponseTypes has "All"; use ReportBatchItemFailures`:                                             func(m *lambda.Mapping) { m.FunctionResponseTypes = []string{"All"} },
		"Queue visibility timeout: 2 seconds is less than Function timeout: 3 seconds":                             func(m *lambda.Mapping) { m.Queue.VisibilityTimeout = 2 },
		"InvalidParameterValue: Value -1 for parameter BatchSize is invalid. Reason: Must be between 1 and 10000.": func(m *lambda.Mapping) { m.BatchSize = -1 },
	} {
		queues := sqs.New(clock.Real(), ids())
		q := sqs.Defaults("arn:aws:sqs:eu-west-1:111122223333:failure", "")
		require.NoError(t, queues.CreateQueue(q))
		m := lambda.Mapping{Queue: q}
		change(&m)
		_, err := lambda.Map(queues, m, newFunction(t, nil), nil)
		assert.EqualError(t, err, from+want)
	}
}
