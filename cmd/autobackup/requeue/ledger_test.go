package requeue

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheLedgerLiesInTheConfigurationFolderOfTheUser(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", "/configuration")
	assert.Equal(t, "/configuration/autobackup/requeued.jsonl", DefaultLedger())
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("HOME", "")
	assert.Empty(t, DefaultLedger(), "a system without one")
}

func TestTheLedgerRemembersByExecutionAndMessage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	l, err := readLedger(path)
	require.NoError(t, err)
	require.NoError(t, l.open())
	at := time.Date(2026, 3, 1, 13, 4, 5, 6, time.FixedZone("CET", 3600))
	require.NoError(t, l.note("execution-1", []message{{ID: "a"}, {ID: "b"}}, at))
	require.NoError(t, l.note("execution-2", []message{{ID: "c"}}, at))
	assert.True(t, l.has("execution-1", message{ID: "a"}), "in the same run")
	l.close()

	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Contains(t, string(text), `{"execution":"execution-1","message":"a","at":"2026-03-01T12:04:05Z"}`+"\n")
	l, err = readLedger(path)
	require.NoError(t, err)
	assert.Equal(t, map[entry]bool{{"execution-1", "a"}: true, {"execution-1", "b"}: true, {"execution-2", "c"}: true}, l.known)
	assert.False(t, l.has("execution-2", message{ID: "a"}))
}

func TestALedgerThatCannotBeReadIsNotTakenForAnEmptyOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("x", 1<<20)), 0o600))
	_, err := readLedger(path)
	assert.ErrorContains(t, err, "read the ledger "+path+": bufio.Scanner: token too long (name another file with --ledger)")
	_, err = readLedger(filepath.Join(path, "below a file"))
	assert.ErrorContains(t, err, "not a directory (name another file with --ledger)")
}

func TestWhatTheLedgerCannotNoteIsAnError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	l := &ledger{known: map[entry]bool{}, file: full}
	defer l.close()
	err = l.note("execution-1", []message{{ID: "a"}, {ID: "b"}}, time.Now())
	assert.ErrorContains(t, err, "no space left on device (the next run puts 2 messages of execution-1 back again, which harms nothing)")
	err = l.note("execution-1", []message{{ID: "a"}}, time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC))
	assert.ErrorContains(t, err, "note what was put back: ")
	assert.ErrorContains(t, err, "year outside of range [0,9999]")
}
