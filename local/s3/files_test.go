package s3

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestShortBodiesStayInMemoryUpToABound(t *testing.T) {
	f := &files{dir: t.TempDir()}
	stored := func() int {
		entries, err := os.ReadDir(f.dir)
		require.NoError(t, err)
		return len(entries)
	}
	store := func(size int) *body {
		text := strings.Repeat("x", size)
		p, err := f.store(int64(size), func(w io.Writer) (part, error) {
			_, err := io.WriteString(w, text)
			return part{size: int64(size)}, err
		})
		require.NoError(t, err)
		var got bytes.Buffer
		b := newBody(false, p)
		require.NoError(t, b.copyTo(&got, 1, int64(size-2)))
		assert.True(t, text[1:size-1] == got.String(), "other bytes came back")
		return b
	}
	short := store(shortBody)
	assert.Equal(t, 0, stored())
	long := store(shortBody + 1)
	assert.Equal(t, 1, stored())
	short.release()
	long.release()
	assert.Equal(t, 0, stored())

	f.inMemory.Store(memoryBound - shortBody + 1)
	full := store(shortBody)
	assert.Equal(t, 1, stored(), "memory is full")
	full.release()
	assert.Equal(t, int64(memoryBound-shortBody+1), f.inMemory.Load())

	broken := errors.New("connection reset")
	for _, size := range []int64{1, shortBody + 1} {
		_, err := f.store(size, func(io.Writer) (part, error) { return part{}, broken })
		require.ErrorIs(t, err, broken)
	}
	assert.Equal(t, 0, stored())
	assert.Equal(t, int64(memoryBound-shortBody+1), f.inMemory.Load(), "what failed gives its room back")
}
