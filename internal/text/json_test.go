package text_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/text"
)

func TestEscapeJSONEscapesWhatIsNotPrintableAndNothingElse(t *testing.T) {
	assert.Equal(t, "\"é☃\"\n", string(text.EscapeJSON([]byte("\"é☃\"\n"))))
	assert.Equal(t, `"\u202e\u009b[2J\U"`, string(text.EscapeJSON([]byte("\"\u202e\u009b[2J\\U\""))))
	assert.Equal(t, `"\udb40\udc01"`, string(text.EscapeJSON([]byte("\"\U000e0001\""))))
}

func TestWhatIsEscapedIsTheSameValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.String().Draw(t, "value")
		encoded, err := json.Marshal(value)
		require.NoError(t, err)
		var back string
		require.NoError(t, json.Unmarshal(text.EscapeJSON(encoded), &back))
		assert.Equal(t, value, back)
	})
}
