package local_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/events"
)

// putting is a workflow that puts its input on the bus; its output is the answer, or the error
// with its cause.
var putting = workflow(`"StartAt":"Put","States":{
	"Put":{"Type":"Task","Resource":"arn:aws:states:::events:putEvents","Parameters":{"Entries.$":"$"},"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Told"}],"Next":"Told"},
	"Told":{"Type":"Pass","End":true}}`)

// https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
func TestAWorkflowPutsEventsAndFailsWhereOneIsNotTaken(t *testing.T) {
	inOpenWorld(t, func(w *world) {
		w.Events.Fault = func(e events.Entry) string {
			return map[bool]string{true: "InternalFailure"}[e.DetailType == "Slow"]
		}
		const entry = `{"Source":"autobackup","DetailType":"Object Version Settled","Detail":{"stage":"dev","severity":"info","text":"\"}<&>é"}}`
		for input, want := range map[string]string{
			"[" + entry + "]": "",
			`[{"Source":"autobackup","DetailType":"Slow","Detail":{}}]`: "EventBridge.FailedEntry",
			`[]`: "EventBridge.AmazonEventBridgeException",
			`[{"Source":"autobackup","DetailType":"Text","Detail":"{}"}]`:                       "States.Runtime",
			`[{"Source":"autobackup","DetailType":"Bus","Detail":{},"EventBusName":"default"}]`: "States.Runtime",
		} {
			_, err := w.States.StartExecution(w.machine(), []byte(input))
			require.NoError(t, err)
			w.settle()
			all := w.States.Executions()
			result := all[len(all)-1].Result
			var answer struct {
				FailedEntryCount *int
				Error            string
			}
			if json.Unmarshal(result.Output, &answer) != nil || result.Error != "" {
				answer.Error = result.Error
			}
			assert.Equal(t, want, answer.Error, input)
			if want == "" {
				require.NotNil(t, answer.FailedEntryCount)
				assert.Zero(t, *answer.FailedEntryCount)
			}
		}
		got := w.messages("tickets")
		require.Len(t, got, 1)
		var e struct{ Detail map[string]string }
		require.NoError(t, json.Unmarshal([]byte(got[0].Body), &e))
		assert.Equal(t, "\"}<&>é", e.Detail["text"])
	}, putting, tickets(t))
}
