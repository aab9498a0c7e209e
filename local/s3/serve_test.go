package s3_test

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// .ci/run ends the program by TERM.
func TestServeLeavesNoObjectsBehindWhenItIsTerminated(t *testing.T) {
	program := filepath.Join(t.TempDir(), "serve")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./testdata/serve").CombinedOutput()
	require.NoError(t, err, string(out))
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, free.Close())
	dir := t.TempDir()
	serve := exec.CommandContext(t.Context(), program, "-listen", free.Addr().String())
	serve.Env = append(os.Environ(), "TMPDIR="+dir)
	log, err := serve.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, serve.Start())
	lines := bufio.NewScanner(log)
	require.True(t, lines.Scan(), "it says when it serves")
	require.True(t, strings.HasSuffix(lines.Text(), "serving on "+free.Addr().String()), lines.Text())
	require.NoError(t, serve.Process.Signal(syscall.SIGTERM))
	require.NoError(t, serve.Wait(), "it ends in order")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}
