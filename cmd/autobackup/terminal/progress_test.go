package terminal

import (
	"bytes"
	"os"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProgressEndsBeforeItWasEverDrawnAndSaysWhatWasDone(t *testing.T) {
	var screen bytes.Buffer
	p := show(&screen)
	first := p.Track("first", 2)
	second := p.Track("second", 2)
	first.Increment(2)
	second.Increment(1)
	p.Stop()
	p.Stop()
	shown := text.StripEscape(screen.String())
	assert.Contains(t, shown, "first ... done! [2 in")
	assert.Contains(t, shown, "second ... fail! [1 in")
}

func TestProgressCountsWhereNobodySeesIt(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	p := On(file)
	tracker := p.Track("quiet", 3)
	tracker.Increment(2)
	p.Stop()
	assert.EqualValues(t, 2, tracker.Value())
	stat, err := file.Stat()
	require.NoError(t, err)
	assert.Zero(t, stat.Size())
	require.NoError(t, file.Close())
}

func TestProgressWithoutALineStopsAtOnce(t *testing.T) {
	var screen bytes.Buffer
	show(&screen).Stop()
	assert.Empty(t, screen.String())
}
