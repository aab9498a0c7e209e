package batch_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
)

func TestOnlyABatchIsValid(t *testing.T) {
	for payload, want := range map[string]string{
		`{"messages":[]}`:   "",
		`{"messages":null}`: `"messages" is missing: it is the array of queue messages`,
		`{}`:                `"messages" is missing: it is the array of queue messages`,
		`null`:              `"messages" is missing: it is the array of queue messages`,
	} {
		t.Run(payload, func(t *testing.T) {
			var b batch.Batch
			require.NoError(t, json.Unmarshal([]byte(payload), &b))
			if want == "" {
				assert.NoError(t, b.Validate())
				return
			}
			assert.EqualError(t, b.Validate(), want)
		})
	}
}

func TestAMessageThatWasParkedSaysOfWhichReplicasItWasTold(t *testing.T) {
	long := strings.Repeat("b", 64)
	for name, c := range map[string]struct {
		attributes string
		again      bool
		was        []string
	}{
		"one that nobody parked":                    {`{}`, false, nil},
		"one without facts":                         {`{"reason":{"stringValue":"WORKFLOW_ERROR"}}`, true, nil},
		"one that was edited since":                 {`{"reason":{"stringValue":"ARCHIVED"},"facts":{"stringValue":"{\"replicas\":[{\"bucket\":\"a\",\"verdict\":\"failed\"}]}"},"sum":{"stringValue":"0a0a0a0a"}}`, false, nil},
		"one that is as it was parked":              {`{"reason":{"stringValue":"ARCHIVED"},"facts":{"stringValue":"{\"replicas\":[{\"bucket\":\"a\",\"verdict\":\"failed\"}]}"},"sum":{"stringValue":"` + batch.Sum("b") + `"}}`, true, []string{"a"}},
		"facts alone, which nobody parks with":      {`{"facts":{"stringValue":"{\"replicas\":[{\"bucket\":\"a\",\"verdict\":\"failed\"}]}"}}`, false, nil},
		"facts that are none":                       {`{"reason":{},"facts":{"stringValue":"{"}}`, true, nil},
		"binary facts":                              {`{"reason":{},"facts":{"binaryValue":"e30="}}`, true, nil},
		"of two replicas the one that failed":       {`{"reason":{},"facts":{"stringValue":"{\"replicas\":[{\"bucket\":\"a\",\"verdict\":\"failed\"},{\"bucket\":\"b\",\"verdict\":\"verified\"}]}"}}`, true, []string{"a"}},
		"what can't be a bucket's name is left out": {`{"reason":{},"facts":{"stringValue":"{\"replicas\":[{\"bucket\":\"` + long + `\",\"verdict\":\"failed\"},{\"verdict\":\"failed\"}]}"}}`, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var m batch.Message
			require.NoError(t, json.Unmarshal([]byte(`{"messageId":"m","body":"b","messageAttributes":`+c.attributes+`}`), &m))
			assert.Equal(t, batch.Message{ID: "m", Body: "b", Again: c.again, Was: c.was}, m)
			sent, err := json.Marshal(m)
			require.NoError(t, err)
			var carried batch.Message
			require.NoError(t, json.Unmarshal(sent, &carried))
			assert.Equal(t, m, carried, "it travels from state to state")
		})
	}
}
