package serve_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/serve"
)

// shell is a shell in the project's folder, in which somebody types lines. It finds the aws CLI of
// the tests, and knows nothing of who runs them; arguments are its $1 and so on.
func shell(t *testing.T, lines string, arguments ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), "bash", append([]string{"-c", lines, "bash"}, arguments...)...) //nolint:gosec // of the test
	c.Dir = project
	c.Env = append(os.Environ(), "PATH="+filepath.Dir(os.Getenv("AUTOBACKUP_AWS"))+":"+os.Getenv("PATH"),
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=")
	return c
}

// exports are the lines that the first screen has people paste the output of.
func (r running) exports(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, serve.Environment(t.Context(), r.at, &out))
	return out.String()
}
