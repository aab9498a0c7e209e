package audit

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"autobackup/internal/audit"
)

// long is a Stream of one key with many versions.
type long struct{ next, step, left int }

func (l *long) Next() (audit.Row, bool, error) {
	if l.left == 0 {
		return audit.Row{}, false, nil
	}
	row := audit.Row{Key: "a\x01\uff5e", VersionID: fmt.Sprint(l.next), ETag: "e", Size: int64(l.next)}
	l.next += l.step
	l.left--
	return row, true, nil
}

func TestAKeyWithMoreVersionsThanMayWaitIsMergedOnDisk(t *testing.T) {
	const n = 60_000
	dir := t.TempDir() + "/work[0]"
	pairs, primary, replica := 0, 0, 0
	err := audit.Merge(&long{0, 1, n + 2}, &long{n, -1, n + 1}, &spill{dir: dir}, func(p audit.Pair) error {
		switch {
		case p.Replica == nil:
			require.Equal(t, fmt.Sprint(n+1), p.Primary.VersionID)
			primary++
		case p.Primary == nil:
			replica++
		default:
			require.Equal(t, p.Primary.VersionID, p.Replica.VersionID)
			require.Equal(t, "a\x01\uff5e", p.Primary.Key)
			require.Equal(t, p.Primary.Size, p.Replica.Size)
			pairs++
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []int{n + 1, 1, 0}, []int{pairs, primary, replica})
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestWhatAStoppedAuditSpilledIsTakenAway(t *testing.T) {
	dir := t.TempDir() + "/work[0]"
	s := &spill{dir: dir}
	require.NoError(t, s.Put(audit.Row{VersionID: "1"}, false))
	require.NoError(t, clearSpills(dir))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, clearSpills(dir+"/none"))
}
