package pipes_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/pipes"
	"autobackup/local/sqs"
)

const (
	queueARN = "arn:aws:sqs:eu-west-1:111122223333:validation"
	dlqARN   = "arn:aws:sqs:eu-west-1:111122223333:validation-dlq"
)

// machine records the executions that a pipe starts.
type machine struct {
	mu     sync.Mutex
	inputs []string
	at     []time.Duration
	errs   []string
	begin  time.Time
	refuse int // the next starts to refuse
}

func (m *machine) start(_ context.Context, input []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = append(m.at, time.Since(m.begin))
	if m.refuse > 0 {
		m.refuse--
		return errors.New("throttled")
	}
	m.inputs = append(m.inputs, string(input))
	return nil
}

func (m *machine) failed(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.errs = append(m.errs, err.Error())
}

// lengths are the numbers of records in the inputs so far.
func (m *machine) lengths(t *testing.T) []int {
	t.Helper()
	synctest.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	all := []int{}
	for _, input := range m.inputs {
		var records []any
		require.NoError(t, json.Unmarshal([]byte(input), &records))
		all = append(all, len(records))
	}
	return all
}

func newQueues(t *testing.T) *sqs.Service {
	t.Helper()
	var n atomic.Int64
	s := sqs.New(clock.Real(), func() string { return fmt.Sprintf("id-%d", n.Add(1)) })
	require.NoError(t, s.CreateQueue(sqs.Defaults(dlqARN, "")))
	q := sqs.Defaults(queueARN, "")
	q.VisibilityTimeout = 400
	q.RedrivePolicy = &sqs.RedrivePolicy{DeadLetterTargetARN: dlqARN, MaxReceiveCount: 3}
	require.NoError(t, s.CreateQueue(q))
	return s
}

func run(t *testing.T, s *sqs.Service, m *machine, c pipes.Config) {
	t.Helper()
	m.begin = time.Now()
	c.Name, c.SourceARN, c.InvocationType = "validation", queueARN, "FIRE_AND_FORGET"
	p, err := pipes.New(s, c, m.start, m.failed)
	require.NoError(t, err)
	t.Cleanup(p.Close)
}

func send(t *testing.T, s *sqs.Service, bodies ...string) {
	t.Helper()
	for _, b := range bodies {
		_, err := s.Send(queueARN, sqs.Outgoing{Body: b})
		require.NoError(t, err)
	}
}

func TestAnExecutionStartsWithTheArrayOfAFullBatchAndTheMessagesAreDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newQueues(t), &machine{}
		run(t, s, m, pipes.Config{BatchSize: 25, MaximumBatchingWindowInSeconds: 60})
		for i := range 60 {
			send(t, s, fmt.Sprintf(`{"key":"<%d>"}`, i))
		}
		assert.Equal(t, []int{25, 25}, m.lengths(t))
		time.Sleep(61 * time.Second)
		assert.Equal(t, []int{25, 25, 10}, m.lengths(t), "the window closes the rest")
		n, err := s.Count(queueARN)
		require.NoError(t, err)
		assert.Equal(t, sqs.Counts{}, n)
		var records []map[string]any
		require.NoError(t, json.Unmarshal([]byte(m.inputs[2]), &records))
		assert.Equal(t, `{"key":"<50>"}`, records[0]["body"], "the body is text")
		assert.Contains(t, m.inputs[2], `<50>`)
	})
}

func TestOneMessageIsAnArrayToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newQueues(t), &machine{}
		run(t, s, m, pipes.Config{})
		send(t, s, "alone")
		assert.Equal(t, []int{1}, m.lengths(t))
	})
}

func TestABatchClosesBeforeItIsTooLargeForAnExecution(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newQueues(t), &machine{}
		run(t, s, m, pipes.Config{BatchSize: 100, MaximumBatchingWindowInSeconds: 5})
		for range 4 {
			send(t, s, strings.Repeat("\"", 50_000)) // escaped: 100,000 characters
		}
		time.Sleep(10 * time.Second)
		assert.Equal(t, []int{2, 2}, m.lengths(t))
		for _, input := range m.inputs {
			assert.LessOrEqual(t, len(input), 262_144)
		}
	})
}

func TestMessagesOfAStartThatFailsComeBackAfterTheVisibilityTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newQueues(t), &machine{refuse: 1}
		run(t, s, m, pipes.Config{})
		send(t, s, "x")
		time.Sleep(500 * time.Second)
		assert.Equal(t, []int{1}, m.lengths(t))
		assert.Equal(t, []time.Duration{0, 400 * time.Second}, m.at)
		assert.Equal(t, []string{"pipe validation: start an execution for 1 messages: throttled"}, m.errs)
	})
}

func TestAMessageWhoseStartAlwaysFailsEndsInTheDeadLetterQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newQueues(t), &machine{refuse: 1000}
		run(t, s, m, pipes.Config{})
		send(t, s, "poison")
		time.Sleep(time.Hour)
		assert.Empty(t, m.lengths(t))
		assert.Len(t, m.at, 3)
		parked, err := s.Messages(dlqARN)
		require.NoError(t, err)
		require.Len(t, parked, 1)
		assert.Equal(t, "poison", parked[0].Body)
	})
}

func TestAStoppedPipeLeavesTheQueueAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newQueues(t), &machine{}
		run(t, s, m, pipes.Config{DesiredState: "STOPPED"})
		send(t, s, "x")
		time.Sleep(time.Hour)
		assert.Empty(t, m.lengths(t))
		n, err := s.Count(queueARN)
		require.NoError(t, err)
		assert.Equal(t, sqs.Counts{Visible: 1}, n)
	})
}

func TestPipesThatAreNotSupportedAreRefusedByName(t *testing.T) {
	const plain = " is not supported by the local stack; the target gets every message as it is"
	for want, change := range map[string]func(*pipes.Config){
		"pipe p: InputTemplate" + plain:           func(c *pipes.Config) { c.InputTemplate = "<$.body>" },
		"pipe p: FilterCriteria" + plain:          func(c *pipes.Config) { c.FilterCriteria = "{}" },
		"pipe p: Enrichment" + plain:              func(c *pipes.Config) { c.Enrichment = "arn" },
		"pipe p: EnrichmentInputTemplate" + plain: func(c *pipes.Config) { c.EnrichmentInputTemplate = "x" },
		`pipe p: InvocationType "REQUEST_RESPONSE" is not supported by the local stack; use FIRE_AND_FORGET`: func(c *pipes.Config) { c.InvocationType = "REQUEST_RESPONSE" },
		`pipe p: DesiredState is "PAUSED"; use RUNNING or STOPPED`:                                           func(c *pipes.Config) { c.DesiredState = "PAUSED" },
		"pipe p: InvalidParameterValue: Value 10001 for parameter BatchSize is invalid. Reason: Must be between 1 and 10000.": func(c *pipes.Config) {
			c.BatchSize = 10_001
		},
		"pipe p: InvalidParameterValue: Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10": func(c *pipes.Config) { c.BatchSize = 11 },
		"pipe p: AWS.SimpleQueueService.NonExistentQueue: The specified queue does not exist.":                                           func(c *pipes.Config) { c.SourceARN = dlqARN + "2" },
	} {
		c := pipes.Config{Name: "p", SourceARN: queueARN, InvocationType: "FIRE_AND_FORGET"}
		change(&c)
		_, err := pipes.New(newQueues(t), c, nil, nil)
		assert.EqualError(t, err, want)
	}
}
