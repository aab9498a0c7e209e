package retry

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
)

// call is a Task's three events; end is its last.
func call(first int64, service, queue, body string, end types.HistoryEventType) []types.HistoryEvent {
	return []types.HistoryEvent{
		{Id: first, Type: types.HistoryEventTypeTaskScheduled, TaskScheduledEventDetails: &types.TaskScheduledEventDetails{
			ResourceType: &service, Parameters: aws.String(fmt.Sprintf(`{"QueueUrl":"https://sqs/1/%s","MessageBody":%q}`, queue, body)),
		}},
		{Id: first + 1, PreviousEventId: first, Type: types.HistoryEventTypeTaskStarted},
		{Id: first + 2, PreviousEventId: first + 1, Type: end},
	}
}

// compared is CompareETags' end with this output.
func compared(output string) []types.HistoryEvent { return exited(compareState, output) }

func exited(state, output string) []types.HistoryEvent {
	return []types.HistoryEvent{{Type: types.HistoryEventTypeTaskStateExited, StateExitedEventDetails: &types.StateExitedEventDetails{
		Name: &state, Output: &output,
	}}}
}

func TestOnlyWhatTheHistoryProvesIsSettled(t *testing.T) {
	const succeeded = types.HistoryEventTypeTaskSucceeded
	line := func(verdict string) string {
		return `{"summary":{"objects":[{"messageId":"m","verdict":"` + verdict + `"}]}}`
	}
	cases := map[string]struct {
		events  []types.HistoryEvent
		settled bool
	}{
		"nothing happened":                      {nil, false},
		"verified":                              {compared(line("verified")), true},
		"verified in the second line":           {compared(`{"summary":{"objects":[{"messageId":"n","verdict":"lagging"},{"messageId":"m","verdict":"verified"}]}}`), true},
		"a verdict in another state's output":   {exited("FetchETags", line("verified")), false},
		"skipped":                               {compared(line("skipped")), true},
		"failed, and not parked":                {compared(line("failed")), false},
		"lagging":                               {compared(line("lagging")), false},
		"an output that is cut off":             {compared(line("verified")[:40]), false},
		"parked":                                {call(1, "sqs", "dlq", "b", succeeded), true},
		"parking failed":                        {call(1, "sqs", "dlq", "b", types.HistoryEventTypeTaskFailed), false},
		"parking timed out":                     {call(1, "sqs", "dlq", "b", types.HistoryEventTypeTaskTimedOut), false},
		"parking had not answered":              {call(1, "sqs", "dlq", "b", succeeded)[:2], false},
		"another message was parked":            {call(1, "sqs", "dlq", "c", succeeded), false},
		"sent to another queue":                 {call(1, "sqs", "other-dlq", "b", succeeded), false},
		"said to another service":               {call(1, "sns", "dlq", "b", succeeded), false},
		"parked while another call was refused": {append(call(1, "sqs", "dlq", "c", types.HistoryEventTypeTaskFailed), call(4, "sqs", "dlq", "b", succeeded)...), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newSettlement("dlq")
			for _, e := range c.events {
				s.event(e)
			}
			assert.Equal(t, c.settled, len(s.unsettled([]message{{ID: "m", Body: "b"}})) == 0)
		})
	}
}
