package text_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"autobackup/internal/text"
)

func TestLine(t *testing.T) {
	tests := map[string]struct {
		text  string
		limit int
		want  string
	}{
		"printable ASCII stays as it is":          {"a ~ b", 5, "a ~ b"},
		"line breaks and tabs become spaces":      {"a\r\nb\tc", 10, "a  b c"},
		"other runes become one question mark":    {"é\x00🙂\x7f", 10, "????"},
		"what is too long ends with three dots":   {"abcdef", 5, "ab..."},
		"a long rune at the limit is not cut":     {strings.Repeat("🙂", 5), 5, "?????"},
		"bytes that are not UTF-8 become a mark":  {"a\xffb", 5, "a?b"},
		"a text of exactly the limit is not cut":  {"abcde", 5, "abcde"},
		"the smallest limit leaves the dots only": {"abcde", 3, "..."},
		"a limit below that counts as it":         {"abcde", -1, "..."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, text.Line(tt.text, tt.limit))
		})
	}
}

func TestLineIsAlwaysPrintableAndWithinItsLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(3, 300).Draw(t, "limit")
		line := text.Line(string(rapid.SliceOf(rapid.Byte()).Draw(t, "text")), limit)
		assert.LessOrEqual(t, len(line), limit)
		assert.Regexp(t, `^[ -~]*$`, line)
	})
}

func TestQuoted(t *testing.T) {
	tests := map[string]struct {
		text  string
		limit int
		want  string
	}{
		"a value stands in quotes":                 {"a b", 5, `"a b"`},
		"what is no printable ASCII is escaped":    {"é\x00\n\xff\"", 40, `"\u00e9\x00\n\xff\""`},
		"what is too long loses its closing quote": {"abcdef", 7, `"abc...`},
		"an escape that is cut stays printable":    {"éé", 10, `"\u00e9...`},
		"an empty value is two quotes":             {"", 3, `""`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, text.Quoted(tt.text, tt.limit))
		})
	}
}
