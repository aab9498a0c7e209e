package text_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/text"
)

func TestANameThatOthersChoseIsShownAsItIsOnlyWhereItMeansItself(t *testing.T) {
	for _, name := range []string{"a", "acme.invoices-1_B", strings.Repeat("n", 255)} {
		assert.True(t, text.Plain(name), name)
		assert.Equal(t, name, text.Name(name))
	}
	for name, shown := range map[string]string{
		"": `""`, "-rf": `"-rf"`, ".": `"."`, "a b": `"a b"`, "a;b": `"a;b"`, "a$b": `"a$b"`, "a\nb": `"a\nb"`, "a\x1b[2J": `"a\x1b[2J"`, "é": `"\u00e9"`,
	} {
		assert.False(t, text.Plain(name), name)
		assert.Equal(t, shown, text.Name(name))
	}
	assert.False(t, text.Plain(strings.Repeat("n", 256)))
	assert.LessOrEqual(t, len(text.Name(strings.Repeat("n", 256))), 80)
}
