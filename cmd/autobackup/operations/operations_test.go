package operations_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/operations"
	"autobackup/internal/keep"
)

// shelf is a bucket in memory.
type shelf struct {
	objects map[string]string
	broken  error
}

// List implements keep.Store.
func (s *shelf) List(_ context.Context, prefix, after string) (all []keep.Object, err error) {
	for _, name := range slices.Sorted(maps.Keys(s.objects)) {
		if strings.HasPrefix(name, prefix) && name > after {
			all = append(all, keep.Object{Name: name})
		}
	}
	return all, s.broken
}

// Open implements keep.Store.
func (s *shelf) Open(_ context.Context, name string) (io.ReadCloser, error) {
	if content, has := s.objects[name]; has {
		return io.NopCloser(strings.NewReader(content)), nil
	}
	return nil, fs.ErrNotExist
}

// Make implements keep.Store.
func (s *shelf) Make(_ context.Context, name string, content []byte) (bool, error) {
	if _, has := s.objects[name]; has || s.broken != nil {
		return false, s.broken
	}
	s.objects[name] = string(bytes.Clone(content))
	return true, nil
}

// Delete implements keep.Store.
func (s *shelf) Delete(context.Context, string) error { return errors.New("nothing is ever deleted") }

var at = time.Date(2026, 3, 1, 13, 4, 5, 6, time.FixedZone("CET", 3600))

func begun(t *testing.T, s keep.Store, b operations.Begin) *operations.Operation {
	t.Helper()
	o, err := operations.Start(t.Context(), s, b)
	require.NoError(t, err)
	return o
}

func TestAnOperationIsAFolderWhoseNameBeginsWithItsTimeAndNoTwoAreOne(t *testing.T) {
	s := &shelf{objects: map[string]string{}}
	first := begun(t, s, operations.Begin{Command: "retry", At: at, Who: "a"})
	second := begun(t, s, operations.Begin{Command: "retry", At: at, Who: "b"})
	assert.Regexp(t, `^20260301T120405Z-retry-[0-9a-f]{8}$`, first.ID())
	assert.NotEqual(t, first.ID(), second.ID())
	require.NoError(t, first.Note(t.Context(), "parked", []operations.Message{{From: "queue", ID: "m"}}))
	require.NoError(t, first.Note(t.Context(), operations.Executions, []operations.Message{{From: "x", ID: "n"}}))
	require.NoError(t, first.End(t.Context(), operations.End{At: at, Done: 2}))
	for _, name := range []string{"begin.json", "000001-parked.json", "000002-executions.json", "end.json"} {
		assert.Contains(t, s.objects, "operations/"+first.ID()+"/"+name)
	}
	assert.Len(t, s.objects, 5)
}

func TestTheMessagesOfExecutionsAreKnownSinceATimeWhateverThisMachinesClockSays(t *testing.T) {
	s := &shelf{objects: map[string]string{}}
	for n, at := range []time.Time{at.Add(-72 * time.Hour), at.Add(-20 * time.Hour), at} {
		o := begun(t, s, operations.Begin{Command: "retry", At: at})
		require.NoError(t, o.Note(t.Context(), operations.Executions, []operations.Message{{From: "x", ID: string(rune('a' + n))}}))
		require.NoError(t, o.Note(t.Context(), "parked", []operations.Message{{From: "queue", ID: string(rune('a' + n))}}))
	}
	known, err := operations.Retried(t.Context(), s, at)
	require.NoError(t, err)
	assert.Equal(t, map[operations.Entry]bool{{Execution: "x", Message: "b"}: true, {Execution: "x", Message: "c"}: true}, known, "clocks may differ by a day")

	for name := range s.objects {
		s.objects[name] = "{cut off"
	}
	known, err = operations.Retried(t.Context(), s, at)
	require.NoError(t, err)
	assert.Empty(t, known)
	s.broken = errors.New("denied")
	_, err = operations.Retried(t.Context(), s, at)
	require.EqualError(t, err, "read what was retried before: denied")
	_, err = operations.Since(t.Context(), s, at)
	require.EqualError(t, err, "read what was done: denied")
	_, err = operations.Start(t.Context(), s, operations.Begin{})
	require.EqualError(t, err, "record who does this and why, before anything is changed (nothing was): denied")
}

func TestWhatWasDoneIsShownTheLastFirstAlsoWhereItNeverEnded(t *testing.T) {
	s := &shelf{objects: map[string]string{}}
	begun(t, s, operations.Begin{Command: "retry", At: at.Add(-2 * time.Hour), Why: "too long ago"})
	killed := begun(t, s, operations.Begin{Command: "discard", At: at, Why: "killed"})
	require.NoError(t, killed.Note(t.Context(), "parked", nil))
	ended := begun(t, s, operations.Begin{Command: "retry", At: at.Add(time.Second), Why: "ended"})
	require.NoError(t, ended.End(t.Context(), operations.End{At: at.Add(time.Minute), Done: 3, Left: 1}))
	all, err := operations.Since(t.Context(), s, at.Add(-time.Hour))
	require.NoError(t, err)
	require.Len(t, all, 2)
	assert.Equal(t, "ended", all[0].Begin.Why)
	assert.Equal(t, &operations.End{At: at.Add(time.Minute).UTC(), Done: 3, Left: 1}, all[0].End)
	assert.Equal(t, "killed", all[1].Begin.Why)
	assert.Nil(t, all[1].End)
	assert.Equal(t, 1, all[1].Pages)
}
