package serve

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
)

func TestKeysOfATerminalEndServeByCtrlCAloneAndItsLinesReturn(t *testing.T) {
	var out strings.Builder
	var pressed []byte
	ctx, stop := context.WithCancel(t.Context())
	press := untilStopped(func(key byte) { pressed = append(pressed, key) }, stop)
	press('l')
	require.NoError(t, ctx.Err())
	press(3)
	require.Error(t, ctx.Err())
	assert.Equal(t, "l", string(pressed))

	s := newScreen(&out, clock.Real())
	s.raw(true)
	s.say("one")
	s.raw(false)
	s.say("two")
	assert.Regexp(t, `^\S+  one\r\n\S+  two\n$`, out.String())
}

func TestAKeyWithAnythingButPlainCharactersIsQuotedAndFitsALine(t *testing.T) {
	for key, want := range map[string]string{
		"a/b.txt": "a/b.txt", "a b": `"a b"`, "\x1b[2J": `"\x1b[2J"`, "a  verified  x": `"a  verified  x"`, `"a"`: `"\"a\""`, "☃": `"\u2603"`,
	} {
		assert.Equal(t, want, shown(key))
	}
	assert.LessOrEqual(t, len(shown(strings.Repeat("k", 1024))), widest)
	assert.LessOrEqual(t, len(shown(strings.Repeat("\u202e", 300))), widest)
}
