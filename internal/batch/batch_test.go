package batch_test

import (
	"encoding/json"
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
