package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/store"
)

// all reads the records of a kind.
func all(t *testing.T, s *store.Store, kind string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, store.Each(s, kind, func(key, value string) error { found[key] = value; return nil }))
	return found
}

func open(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestWhatALockSawChangeIsThereOnceItIsLetGo(t *testing.T) {
	s := open(t, t.TempDir())
	l := store.Lock{Store: s}
	value := any("first")
	change := func(now any) {
		l.Lock()
		defer l.Unlock()
		l.Changed("kind", "", func() any { return value })
		value = now
		assert.NotContains(t, all(t, s, "kind"), now, "it is not there yet")
	}
	change("second")
	assert.Equal(t, map[string]string{"": "second"}, all(t, s, "kind"))
	change(nil)
	assert.Empty(t, all(t, s, "kind"))
	l.Lock()
	l.Changed("kind", "a\x00b", func() any { return "kept" })
	l.Unlock()
	require.NoError(t, s.Close())
}

func TestAStoreHasItsRecordsAgainAndOneProgramHasIt(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir)
	first.Write(map[store.Record]any{{Kind: "kind", Key: "a"}: "1", {Kind: "kind", Key: "b"}: "2", {Kind: "other", Key: "a"}: "3"})
	_, err := store.Open(dir)
	require.ErrorIs(t, err, store.ErrInUse)
	require.NoError(t, first.Close())
	second := open(t, dir)
	assert.Equal(t, map[string]string{"a": "1", "b": "2"}, all(t, second, "kind"))
	assert.Empty(t, all(t, second, "none"))
}

func TestWhatCanNotBeWrittenBreaksTheStore(t *testing.T) {
	s := open(t, t.TempDir())
	require.NoError(t, s.Broken())
	s.Write(map[store.Record]any{{Kind: "kind", Key: "a"}: "1", {Kind: "kind", Key: "b"}: func() {}})
	require.ErrorContains(t, s.Broken(), `kind "b": json: unsupported type: func()`)
	<-s.Failed()
	assert.Empty(t, all(t, s, "kind"), "all or nothing")
	s.Write(map[store.Record]any{{Kind: "kind", Key: "c"}: "3"})
	assert.Empty(t, all(t, s, "kind"), "nothing is written any more")
}

func TestAFileIsOnTheDiskWithItsNameWhereSomethingIsKept(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "folder")
	var synced []string
	fsync := func(f *os.File) error { synced = append(synced, f.Name()); return nil }
	write := func(s *store.Store) {
		require.NoError(t, s.Folder(folder))
		file, err := os.Create(filepath.Join(folder, "file"))
		require.NoError(t, err)
		require.NoError(t, s.Sync(file))
		require.NoError(t, s.SyncName(file.Name()))
		require.NoError(t, file.Close())
	}
	write(nil)
	s := open(t, dir)
	write(s)
	assert.Empty(t, synced)
	s.Fsync = fsync
	write(s)
	assert.Equal(t, []string{dir, filepath.Join(folder, "file"), folder}, synced)
	s.Fsync = func(*os.File) error { return os.ErrPermission }
	require.ErrorIs(t, s.Folder(folder), os.ErrPermission)
	require.ErrorIs(t, s.SyncName(filepath.Join(dir, "none", "file")), os.ErrNotExist)
}

func TestAFolderWhereNothingCanBeMadeIsTold(t *testing.T) {
	_, err := store.Open(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestWithoutAStoreNothingIsKept(t *testing.T) {
	var s *store.Store
	s.Write(map[store.Record]any{{Kind: "kind", Key: "a"}: "1"})
	require.NoError(t, s.Broken())
	assert.Nil(t, s.Failed())
	assert.Empty(t, all(t, s, "kind"))
	var l store.Lock
	l.Lock()
	l.Changed("kind", "a", func() any { t.Error("nobody asks"); return nil })
	l.Unlock()
	require.NoError(t, s.Close())
}
