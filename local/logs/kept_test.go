package logs_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/logs"
	"autobackup/local/store"
	"autobackup/local/template"
)

// keeping is a service with a group, which keeps its lines in a folder.
func keeping(t *testing.T, dir string) (*logs.Service, template.Made, func()) {
	t.Helper()
	s := logs.New(clock.Real())
	made, err := deploy(t, s, 7)
	require.NoError(t, err)
	kept, err := store.Open(dir)
	require.NoError(t, err)
	require.NoError(t, s.Load(kept))
	return s, made, func() {
		require.NoError(t, kept.Broken())
		require.NoError(t, kept.Close())
	}
}

func TestLinesAreThereAgainWithTheSameStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		first, _, stop := keeping(t, dir)
		for i := range 12 { // of which 10 would come before 2 by their names
			require.NoError(t, first.As(gate.Caller{}).Put(group, "stream "+fmt.Sprint(i%2), fmt.Sprintf("line %d: \"☃\"\n", i)))
			time.Sleep(time.Hour)
		}
		before := first.Lines(group)
		require.Len(t, before, 12)
		stop()

		second, _, stop := keeping(t, dir)
		after := second.Lines(group)
		require.Len(t, after, 12)
		for i := range after {
			assert.True(t, before[i].Time.Equal(after[i].Time))
			assert.Equal(t, []string{before[i].Stream, before[i].Text}, []string{after[i].Stream, after[i].Text})
		}
		require.NoError(t, second.As(gate.Caller{}).Put(group, "a", "later"))
		stop()
		third, _, stop := keeping(t, dir)
		assert.Len(t, third.Lines(group), 13, "a later line takes no other's place")
		assert.Equal(t, "later", third.Lines(group)[12].Text)
		time.Sleep(8 * 24 * time.Hour)
		assert.Empty(t, third.Lines(group), "which its retention no longer keeps")
		stop()
	})
}

func TestAsManyLinesAreKeptAsAGroupHas(t *testing.T) {
	dir := t.TempDir()
	first, _, stop := keeping(t, dir)
	for i := range 34 {
		require.NoError(t, first.As(gate.Caller{}).Put(group, "a", mebibyte(i)))
	}
	stop()
	kept, err := store.Open(dir)
	require.NoError(t, err)
	n := 0
	require.NoError(t, store.Each(kept, "logs lines", func(string, logs.Line) error { n++; return nil }))
	assert.Equal(t, 32, n)
	require.NoError(t, kept.Close())
	second, made, stop := keeping(t, dir)
	assert.Equal(t, "0002", second.Lines(group)[0].Text[:4])
	require.NoError(t, second.As(gate.Caller{}).Put(group, "a", mebibyte(34)))
	require.Equal(t, 32, len(second.Lines(group)), "what was there counts")
	assert.Equal(t, "0003", second.Lines(group)[0].Text[:4])

	require.NoError(t, second.Types().Delete(target, made))
	stop()
	third, _, stop := keeping(t, dir)
	assert.Empty(t, third.Lines(group), "a group that was deleted has taken its lines with it")
	stop()
}

// A stream that was there needs nobody who may make one.
func TestAStreamThatWasThereIsThereAgain(t *testing.T) {
	dir := t.TempDir()
	first, _, stop := keeping(t, dir)
	require.NoError(t, first.As(gate.Caller{}).Put(group, "a", "line"))
	stop()
	second, _, stop := keeping(t, dir)
	defer stop()
	g := gate.New(account)
	user, err := g.User("f", map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}})
	require.NoError(t, err)
	require.NoError(t, second.As(user).Put(group, "a", "line"))
	require.Error(t, second.As(user).Put(group, "b", "line"))
}

func TestLinesOfAGroupThatIsNoLongerThereAreLeftOut(t *testing.T) {
	dir := t.TempDir()
	first, _, stop := keeping(t, dir)
	require.NoError(t, first.As(gate.Caller{}).Put(group, "a", "line"))
	stop()
	kept, err := store.Open(dir)
	require.NoError(t, err)
	require.NoError(t, logs.New(clock.Real()).Load(kept))
	require.NoError(t, kept.Close())
}
