package events_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/events"
	"autobackup/local/sqs"
)

const (
	ruleARN   = "arn:aws:events:eu-west-1:111122223333:rule/uploads"
	queueARN  = "arn:aws:sqs:eu-west-1:111122223333:validation"
	dlqARN    = "arn:aws:sqs:eu-west-1:111122223333:event-dlq"
	s3Pattern = `{"source":["aws.s3"]}`
)

func newBus(t *testing.T) (*events.Bus, *sqs.Service) {
	t.Helper()
	var n atomic.Int64
	queues := sqs.New(clock.Real(), func() string { return fmt.Sprint(n.Add(1)) })
	small := sqs.Defaults(queueARN, "")
	small.MaximumMessageSize = 1024
	require.NoError(t, queues.CreateQueue(small))
	require.NoError(t, queues.CreateQueue(sqs.Defaults(dlqARN, "")))
	return events.New(func(string) events.Queues { return queues }), queues
}

func messages(t *testing.T, queues *sqs.Service, queue string) []sqs.Message {
	t.Helper()
	all, err := queues.Messages(queue)
	require.NoError(t, err)
	return all
}

func TestAMatchingEventGoesToTheQueueAsItIs(t *testing.T) {
	bus, queues := newBus(t)
	require.NoError(t, bus.AddRule(events.Rule{ARN: ruleARN, Pattern: []byte(s3Pattern), Targets: []events.Target{{ARN: queueARN}}}))
	event := "{ \"source\":\"aws.s3\", \"x\": \"<&>\" }"
	require.NoError(t, bus.Put([]byte(event)))
	require.NoError(t, bus.Put([]byte(`{"source":"aws.ec2"}`)))
	got := messages(t, queues, queueARN)
	require.Len(t, got, 1)
	assert.Equal(t, event, got[0].Body)
	assert.Empty(t, got[0].Attributes)
	assert.Equal(t, map[string]events.Counts{ruleARN: {Matched: 1, Delivered: 1}}, bus.Counts())
}

func TestADisabledRuleMatchesNothing(t *testing.T) {
	bus, queues := newBus(t)
	require.NoError(t, bus.AddRule(events.Rule{ARN: ruleARN, Pattern: []byte(s3Pattern), Disabled: true, Targets: []events.Target{{ARN: queueARN}}}))
	require.NoError(t, bus.Put([]byte(`{"source":"aws.s3"}`)))
	assert.Empty(t, messages(t, queues, queueARN))
	for n, enabled := range []bool{true, false} {
		bus.Switch(ruleARN, enabled)
		require.NoError(t, bus.Put([]byte(`{"source":"aws.s3"}`)))
		assert.Len(t, messages(t, queues, queueARN), 1, n)
	}
}

func TestAnEventThatTheQueueRefusesGoesToTheDeadLetterQueue(t *testing.T) {
	large := `{"source":"aws.s3","x":"` + strings.Repeat("x", 1024) + `"}`
	for name, c := range map[string]struct{ target, code, message string }{
		"too large": {queueARN, "INVALID_PARAMETER", "InvalidParameterValue: One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."},
		"no queue":  {queueARN + "-gone", "NO_RESOURCE", "AWS.SimpleQueueService.NonExistentQueue: The specified queue does not exist."},
	} {
		t.Run(name, func(t *testing.T) {
			bus, queues := newBus(t)
			require.NoError(t, bus.AddRule(events.Rule{ARN: ruleARN, Pattern: []byte(s3Pattern), Targets: []events.Target{{ARN: c.target, DeadLetterARN: dlqARN}}}))
			require.NoError(t, bus.Put([]byte(large)))
			got := messages(t, queues, dlqARN)
			require.Len(t, got, 1)
			assert.Equal(t, large, got[0].Body)
			assert.Equal(t, map[string]sqs.Attribute{
				"RULE_ARN": {DataType: "String", Value: ruleARN}, "TARGET_ARN": {DataType: "String", Value: c.target},
				"ERROR_CODE": {DataType: "String", Value: c.code}, "ERROR_MESSAGE": {DataType: "String", Value: c.message},
			}, got[0].Attributes)
			assert.Equal(t, events.Counts{Matched: 1, DeadLettered: 1}, bus.Counts()[ruleARN])
		})
	}
}

func TestWithoutADeadLetterQueueARefusedEventIsDroppedAndCounted(t *testing.T) {
	for name, dead := range map[string]string{"none": "", "one that refuses too": dlqARN + "-gone"} {
		t.Run(name, func(t *testing.T) {
			bus, _ := newBus(t)
			require.NoError(t, bus.AddRule(events.Rule{ARN: ruleARN, Pattern: []byte(s3Pattern), Targets: []events.Target{{ARN: queueARN + "-gone", DeadLetterARN: dead}}}))
			require.NoError(t, bus.Put([]byte(`{"source":"aws.s3"}`)))
			assert.Equal(t, events.Counts{Matched: 1, Dropped: 1}, bus.Counts()[ruleARN])
		})
	}
}

func TestRulesThatAreNotSupportedAreRefusedByName(t *testing.T) {
	with := func(target events.Target) events.Rule {
		return events.Rule{ARN: ruleARN, Pattern: []byte(s3Pattern), Targets: []events.Target{{ARN: queueARN}, target}}
	}
	for want, r := range map[string]events.Rule{
		`"uploads" is no rule ARN; write it as arn:aws:events:region:account:rule/name`:                                                           {ARN: "uploads"},
		"rule " + ruleARN + ": event pattern: $.a: must be an object or an array":                                                                 {ARN: ruleARN, Pattern: []byte(`{"a":1}`)},
		"rule " + ruleARN + ": target 1: Input is not supported by the local stack; the target gets the event as it is":                           with(events.Target{ARN: queueARN, Input: "{}"}),
		"rule " + ruleARN + ": target 1: InputPath is not supported by the local stack; the target gets the event as it is":                       with(events.Target{ARN: queueARN, InputPath: "$.detail"}),
		"rule " + ruleARN + ": target 1: InputTransformer is not supported by the local stack; the target gets the event as it is":                with(events.Target{ARN: queueARN, InputTransformer: "{}"}),
		"rule " + ruleARN + ": target 1: arn:aws:lambda:eu-west-1:1:function:f is not supported by the local stack as a target; use an SQS queue": with(events.Target{ARN: "arn:aws:lambda:eu-west-1:1:function:f"}),
		"rule " + ruleARN + ": target 1: RoleArn is not supported by the local stack for a queue: its policy says which rule may send":            with(events.Target{ARN: queueARN, RoleARN: "arn:aws:iam::1:role/r"}),
		"rule " + ruleARN + ": target 1: arn:aws:sns:eu-west-1:1:t is not supported by the local stack as a target; use an SQS queue":             with(events.Target{ARN: queueARN, DeadLetterARN: "arn:aws:sns:eu-west-1:1:t"}),
		"rule " + ruleARN + ": target 1: a target needs an ARN":                                                                                   with(events.Target{}),
	} {
		bus, _ := newBus(t)
		assert.EqualError(t, bus.AddRule(r), want)
	}
}

func TestAnEventIsOneJSONObject(t *testing.T) {
	bus, _ := newBus(t)
	assert.EqualError(t, bus.Put([]byte(`null`)), "put event: an event is one JSON object")
	assert.EqualError(t, bus.Put([]byte(`{} {}`)), "put event: an event is one JSON object")
	assert.EqualError(t, bus.Put([]byte(`{`)), "put event: an event is a JSON object: unexpected EOF")
}

// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
func TestARuleTellsWhatItDidAndWhatFailedOnlyWhereSomethingDid(t *testing.T) {
	for _, c := range []struct {
		name, event, deadLetter string
		want                    map[string]int
	}{
		{"delivered", `{"source":"aws.s3"}`, dlqARN, map[string]int{"Invocations": 1}},
		{"no event of the rule", `{"source":"aws.ec2"}`, dlqARN, map[string]int{}},
		{"refused", `{"source":"aws.s3","long":"` + strings.Repeat("x", 2000) + `"}`, dlqARN, map[string]int{"Invocations": 1, "FailedInvocations": 1, "InvocationsSentToDlq": 1}},
		{"refused twice", `{"source":"aws.s3","long":"` + strings.Repeat("x", 2000) + `"}`, queueARN, map[string]int{"Invocations": 1, "FailedInvocations": 1, "InvocationsFailedToBeSentToDlq": 1}},
		{"dropped", `{"source":"aws.s3","long":"` + strings.Repeat("x", 2000) + `"}`, "", map[string]int{"Invocations": 1, "FailedInvocations": 1}},
	} {
		bus, _ := newBus(t)
		got := map[string]int{}
		bus.Metrics = func(rule, metric string) {
			assert.Equal(t, ruleARN, rule)
			got[metric]++
		}
		require.NoError(t, bus.AddRule(events.Rule{ARN: ruleARN, Pattern: []byte(s3Pattern), Targets: []events.Target{{ARN: queueARN, DeadLetterARN: c.deadLetter}}}))
		require.NoError(t, bus.Put([]byte(c.event)))
		assert.Equal(t, c.want, got, c.name)
	}
}
