package text_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/text"
)

func TestShortenLeavesOutTheMiddle(t *testing.T) {
	for name, tc := range map[string]struct {
		text  string
		limit int
		want  string
	}{
		"what fits stays as it is":             {"abcdef", 6, "abcdef"},
		"two thirds of what is kept begin it":  {"folder/of/a/long/name.txt", 15, "folder/o....txt"},
		"the smallest limit leaves dots alone": {"abcdef", 3, "..."},
		"a limit below that counts as it":      {"abcdef", 0, "..."},
		"no rune is cut":                       {"éééééééé", 12, "ééé...é"},
		"an empty text is empty":               {"", 3, ""},
	} {
		assert.Equal(t, tc.want, text.Shorten(tc.text, tc.limit), name)
	}
}

func TestWhatIsShortenedFitsAndIsTheBeginningAndTheEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := strings.Repeat(rapid.String().Draw(t, "text"), rapid.IntRange(1, 20).Draw(t, "times"))
		limit := rapid.IntRange(3, 100).Draw(t, "limit")
		short := text.Shorten(whole, limit)
		if len(whole) <= limit {
			assert.Equal(t, whole, short)
			return
		}
		assert.LessOrEqual(t, len(short), limit)
		assert.Greater(t, len(short), limit-2*utf8.UTFMax)
		assert.True(t, utf8.ValidString(short))
		assert.True(t, beginsAndEnds(whole, short), short)
	})
}

// beginsAndEnds says whether short is a beginning of whole, three dots, and an end.
func beginsAndEnds(whole, short string) bool {
	for i := range short {
		head, tail := short[:i], strings.TrimPrefix(short[i:], "...")
		if tail != short[i:] && strings.HasPrefix(whole, head) && strings.HasSuffix(whole, tail) {
			return true
		}
	}
	return false
}

func TestCountSaysHowManyInWords(t *testing.T) {
	assert.Equal(t, "0 objects", text.Count(0, "object"))
	assert.Equal(t, "1 object", text.Count(1, "object"))
	assert.Equal(t, "2 objects", text.Count(2, "object"))
}

func TestEncodedIsTheLengthAsJSONWithoutHTMLEscapes(t *testing.T) {
	assert.Equal(t, len(`{"a":"<&>\n"}`), text.Encoded(map[string]string{"a": "<&>\n"}))
	assert.Zero(t, text.Encoded(make(chan int)), "what can't be encoded takes nothing")
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SliceOf(rapid.StringMatching(`[^<>&]*`)).Draw(t, "value")
		encoded, err := json.Marshal(value)
		require.NoError(t, err)
		assert.Equal(t, len(encoded), text.Encoded(value))
	})
}
