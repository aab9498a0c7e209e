package local_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/lambda"
	"autobackup/local/samconfig"
	"autobackup/local/sqs"
)

const tallied = "arn:aws:sqs:eu-central-1:" + account + ":tallied"

// tally is a stack of one queue and one function, which takes its time over every
// batch.
type tally struct {
	*local.Stack
	takes time.Duration

	mu        sync.Mutex
	now, most int
	batches   []int           // messages in each
	at        []time.Duration // since the messages became visible
	bytes     int             // of the largest event
	start     time.Time
}

func (c *tally) handle(ctx context.Context, payload []byte) ([]byte, error) {
	var event events.SQSEvent
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.batches, c.at = append(c.batches, len(event.Records)), append(c.at, time.Since(c.start))
	c.bytes = max(c.bytes, len(payload))
	c.now++
	c.most = max(c.most, c.now)
	c.mu.Unlock()
	time.Sleep(c.takes) // bubble time
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now--
	return []byte(`{}`), nil
}

// tallying deploys the function with an event of type SQS that has more
// properties, in a bubble.
func tallying(t *testing.T, properties, queue string, takes time.Duration) (*tally, error) {
	t.Helper()
	folder := t.TempDir()
	text := fmt.Sprintf(`Transform: AWS::Serverless-2016-10-31
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: tallied, %s}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: tally
      CodeUri: lambdas/tally/
      Handler: bootstrap
      Runtime: provided.al2023
      Timeout: 60
      Events:
        Tallied:
          Type: SQS
          Properties: {Queue: !GetAtt Queue.Arn%s}
`, queue, properties)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "template.yaml"), []byte(text), 0o600))
	c := &tally{takes: takes, start: time.Now()}
	var err error
	c.Stack, err = local.Start(t.Context(), local.Config{
		Clock: clock.Real(), Project: folder, Dir: folder, Account: account, URL: "http://127.0.0.1",
		Runtime: func(clk *clock.Clock, newID func() string, config lambda.Config, _ string) (*lambda.Function, error) {
			return lambda.NewInProcess(clk, newID, config, c.handle)
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	_, err = c.Deploy(samconfig.Environment{TemplateFile: "template.yaml", StackName: "tally", Region: "eu-central-1"}, nil)
	return c, err
}

// send sends messages that all become visible at the same moment, which is the start:
// one after the other, they would be taken in whatever batches the scheduler makes.
func (c *tally) send(t *testing.T, n int, body string) {
	t.Helper()
	c.mu.Lock()
	c.start = time.Now().Add(time.Second)
	c.mu.Unlock()
	for range n {
		_, err := c.SQS.Send(tallied, sqs.Outgoing{Body: body, DelaySeconds: aws.Int(1)})
		require.NoError(t, err)
	}
}

// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
func TestAnEventOfTypeSQSBatchesAsItsPropertiesSay(t *testing.T) {
	const visible = "VisibilityTimeout: 360"
	large := strings.Repeat("x", 1_000_000)
	for name, c := range map[string]struct {
		properties string
		takes      time.Duration
		messages   int
		body       string
		batches    []int
		at         []time.Duration
		most       int
	}{
		"ten at a time, at once, by default":              {"", 0, 25, "m", []int{10, 10, 5}, []time.Duration{0, 0, 0}, 0},
		"as many as the size says":                        {", BatchSize: 4", 0, 9, "m", []int{4, 4, 1}, []time.Duration{0, 0, 0}, 0},
		"when the window is over":                         {", BatchSize: 1000, MaximumBatchingWindowInSeconds: 30", 0, 25, "m", []int{25}, []time.Duration{30 * time.Second}, 1},
		"when the batch is full, before the window's end": {", BatchSize: 20, MaximumBatchingWindowInSeconds: 30", 0, 45, "m", []int{20, 20, 5}, []time.Duration{0, 0, 30 * time.Second}, 0},
		"in the longest window":                           {", BatchSize: 10000, MaximumBatchingWindowInSeconds: 300", 0, 3, "m", []int{3}, []time.Duration{5 * time.Minute}, 1},
		"of less than 6 MB":                               {", BatchSize: 10000, MaximumBatchingWindowInSeconds: 30", 0, 8, large, []int{6, 2}, []time.Duration{0, 30 * time.Second}, 1},
		"two at once":                                     {", BatchSize: 1, ScalingConfig: {MaximumConcurrency: 2}", 10 * time.Second, 5, "m", []int{1, 1, 1, 1, 1}, []time.Duration{0, 0, 10 * time.Second, 10 * time.Second, 20 * time.Second}, 2},
		"seven at once":                                   {", BatchSize: 1, ScalingConfig: {MaximumConcurrency: 7}", 10 * time.Second, 8, "m", []int{1, 1, 1, 1, 1, 1, 1, 1}, append(make([]time.Duration, 7), 10*time.Second), 7},
		"five at once by default":                         {", BatchSize: 1", 10 * time.Second, 6, "m", []int{1, 1, 1, 1, 1, 1}, append(make([]time.Duration, 5), 10*time.Second), 5},
		"not at all":                                      {", Enabled: false", 0, 3, "m", nil, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := tallying(t, c.properties, visible, c.takes)
				require.NoError(t, err)
				s.send(t, c.messages, c.body)
				require.NoError(t, s.WaitIdle(t.Context()))
				synctest.Wait()
				assert.ElementsMatch(t, c.batches, s.batches)
				assert.Equal(t, c.at, s.at)
				assert.LessOrEqual(t, s.bytes, 6<<20)
				if c.most > 0 {
					assert.Equal(t, c.most, s.most)
				}
				left, err := s.SQS.Messages(tallied)
				require.NoError(t, err)
				if c.batches == nil {
					assert.Len(t, left, c.messages)
				} else {
					assert.Empty(t, left)
				}
			})
		})
	}
}

func TestAnEventOfTypeSQSIsRefusedAsByTheService(t *testing.T) {
	for properties, want := range map[string]string{
		", BatchSize: 0":                                    "BatchSize is 0; use 1 to 10000",
		", BatchSize: 10001":                                "Value 10001 for parameter BatchSize is invalid. Reason: Must be between 1 and 10000.",
		", BatchSize: 11":                                   "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
		", MaximumBatchingWindowInSeconds: 301":             "Value 301 for parameter MaximumBatchingWindowInSeconds is invalid. Reason: Must be between 0 and 300.",
		", MaximumBatchingWindowInSeconds: -1":              "Value -1 for parameter MaximumBatchingWindowInSeconds is invalid. Reason: Must be between 0 and 300.",
		", ScalingConfig: {MaximumConcurrency: 0}":          "MaximumConcurrency is 0; use 2 to 1000",
		", ScalingConfig: {MaximumConcurrency: 1}":          "MaximumConcurrency is 1; use 2 to 1000",
		", ScalingConfig: {MaximumConcurrency: 1001}":       "MaximumConcurrency is 1001; use 2 to 1000",
		", FunctionResponseTypes: [All]":                    `FunctionResponseTypes has "All"; use ReportBatchItemFailures`,
		", FilterCriteria: {Filters: [{Pattern: '{}'}]}":    "this property of AWS::Serverless::Function is not supported here",
		", ScalingConfig: {MaximumConcurrency: 2, More: 1}": "this property of AWS::Serverless::Function is not supported here",
		"": "Queue visibility timeout: 59 seconds is less than Function timeout: 60 seconds",
	} {
		queue := "VisibilityTimeout: 60"
		if properties == "" {
			queue = "VisibilityTimeout: 59"
		}
		_, err := tallying(t, properties, queue, 0)
		require.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "template.yaml:", "it tells the line")
	}
	_, err := tallying(t, ", BatchSize: 10000, MaximumBatchingWindowInSeconds: 300, ScalingConfig: {MaximumConcurrency: 1000}", "VisibilityTimeout: 60", 0)
	require.NoError(t, err, "a visibility time-out of less than six function time-outs is advised against, not refused")
}
