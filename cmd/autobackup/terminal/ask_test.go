package terminal_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/terminal"
)

func TestAChoiceIsAWordInSmallLetters(t *testing.T) {
	for typed, want := range map[string]string{"y\n": "y", " P \n": "p", "\n": "", "": "", "t": "t"} {
		var prompt strings.Builder
		answer, err := terminal.Choose(t.Context(), strings.NewReader(typed), &prompt, "y apply   N stop:", "--yes")
		require.NoError(t, err)
		assert.Equal(t, want, answer, "%q", typed)
		assert.Equal(t, "y apply   N stop: ", prompt.String())
	}
}

func TestOnlyAYesIsOne(t *testing.T) {
	for typed, want := range map[string]bool{"y\n": true, "YES\n": true, "no\n": false, "yess\n": false, "": false} {
		yes, err := terminal.Ask(t.Context(), strings.NewReader(typed), io.Discard, "go on?", "--yes")
		require.NoError(t, err)
		assert.Equal(t, want, yes, "%q", typed)
	}
}

func TestAQuestionThatCantBeAnsweredSaysHowNotToBeAsked(t *testing.T) {
	_, err := terminal.Choose(t.Context(), iotest.ErrReader(errors.New("broken")), io.Discard, "?", "--yes")
	assert.EqualError(t, err, "read the answer: broken (--yes)")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	waits, _ := io.Pipe()
	_, err = terminal.Choose(ctx, waits, io.Discard, "?", "--yes")
	assert.ErrorIs(t, err, context.Canceled)
}
