package minio_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/testing/minio"
)

func TestFindTellsWhatIsMissing(t *testing.T) {
	t.Setenv("AUTOBACKUP_MINIO", "")
	_, err := minio.Find()
	require.ErrorIs(t, err, minio.ErrNone)
	assert.ErrorContains(t, err, minio.Build)

	file := filepath.Join(t.TempDir(), "minio")
	t.Setenv("AUTOBACKUP_MINIO", file)
	_, err = minio.Find()
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.NotErrorIs(t, err, minio.ErrNone, "a path that is wrong is no reason to skip")

	require.NoError(t, os.WriteFile(file, nil, 0o600))
	found, err := minio.Find()
	require.NoError(t, err)
	assert.Equal(t, file, found)
}

func TestAServerThatEndsAtOnceIsToldWithItsLog(t *testing.T) {
	ends, err := exec.LookPath("false")
	require.NoError(t, err)
	dir := t.TempDir()
	_, err = minio.Start(t.Context(), ends, dir, "eu-central-1")
	assert.EqualError(t, err, "start MinIO: "+ends+" ended at once: read "+filepath.Join(dir, "eu-central-1.log"))
}

func TestDamageNeedsAnObjectWithAFileOfItsOwn(t *testing.T) {
	s := minio.Server{Drive: t.TempDir()}
	assert.EqualError(t, s.Damage("b", "k"), "damage b/k: 0 files have a first part of it, not 1")

	folder := filepath.Join(s.Drive, "b", "k", "id")
	require.NoError(t, os.MkdirAll(folder, 0o750))
	file := filepath.Join(folder, "part.1")
	require.NoError(t, os.WriteFile(file, []byte("abc"), 0o600))
	require.NoError(t, s.Damage("b", "k"))
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "acc", string(got), "one bit of one byte")
}
