package local_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/lambda"
	"autobackup/local/sqs"
)

func TestAStackTellsOfEventsThatWereDropped(t *testing.T) {
	inWorld(t, func(w *world) {
		w.put("short", "content")
		assert.Empty(t, w.Undelivered())
		w.put(strings.Repeat("x", 900), "content")
		w.put(strings.Repeat("y", 900), "content")
		w.settle()
		rule := fmt.Sprintf("rule arn:aws:events:%s:%s:rule/", w.region, account)
		require.Len(t, w.Undelivered(), 1)
		told := w.Undelivered()[0]
		assert.Equal(t, 2, told.Times)
		assert.True(t, strings.HasPrefix(told.What, rule), told.What)
		assert.Contains(t, told.What, "dropped an event")
	}, replace("template.yaml", "MaximumMessageSize: !FindInMap [Sizes, ValidationQueue, MessageBytes]", "MaximumMessageSize: 1024"),
		replace("template.yaml", "          DeadLetterConfig:\n            Arn: !GetAtt EventDLQ.Arn\n", ""))
}

func TestAStackTellsOfBatchesThatPipesAndMappingsCouldNotHandOver(t *testing.T) {
	inWorld(t, func(w *world) {
		w.function("failure-notifier").FailNext(1, lambda.FunctionError{Type: "Broken", Message: "it is"})
		_, err := w.SQS.Send(w.queue("failure-queue"), sqs.Outgoing{Body: "{}"})
		require.NoError(t, err)
		w.send("{}")
		w.settle()
		told := map[string]int{}
		for _, u := range w.Undelivered() {
			what, _, _ := strings.Cut(u.What, ":")
			told[what] += u.Times
		}
		tries := 0 // that the queue allows a message that no execution takes
		for _, m := range w.parked() {
			tries += m.ReceiveCount
		}
		require.Positive(t, tries)
		assert.Equal(t, map[string]int{
			"event source mapping from autobackup-failure-queue-dev to autobackup-failure-notifier-dev": 1,
			"pipe autobackup-validation-pipe-dev":                                                       tries,
		}, told)
	}, replace("template.yaml", "Target: !Ref ValidationStateMachine", "Target: arn:aws:states:eu-central-1:123456789012:stateMachine:none"))
}
