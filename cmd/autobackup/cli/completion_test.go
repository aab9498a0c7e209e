package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/cmd/autobackup/retry"
)

// completed are the ways in which a line goes on.
func completed(t *testing.T, line string) []string {
	t.Helper()
	t.Setenv("COMP_LINE", line)
	t.Setenv("COMP_POINT", fmt.Sprint(len(line)))
	code, stdout, stderr := run()
	require.Equal(t, cli.Expected, code, stderr)
	return strings.Fields(stdout)
}

func TestALineGoesOnWithCommandsFlagsAndValues(t *testing.T) {
	assert.Equal(t, []string{"retry"}, completed(t, "autobackup ret"))
	assert.ElementsMatch(t, cli.Commands(), completed(t, "autobackup "))
	assert.Subset(t, completed(t, "autobackup retry --"), []string{"--reason", "--why", "--tell", "--stage", "--dry-run"})
	assert.ElementsMatch(t, []string{"all", "parked", "executions", "event-dlq", "failure-dlq"}, completed(t, "autobackup retry --from "))
	assert.Len(t, completed(t, "autobackup discard --reason "), len(retry.Reasons()))
	assert.Equal(t, []string{"CONTENT_MISMATCH"}, completed(t, "autobackup parked --reason CONT"))
	assert.Contains(t, completed(t, "autobackup policy dis"), "discard")
}

// docs/operations.md has the line that shells are told so by.
func TestBothShellsAskTheProgramAsThePageHasIt(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(project, "docs/operations.md"))
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^eval "\$\(bin/autobackup completion\)"$`).FindString(string(page))
	require.NotEmpty(t, line)
	folder := filepath.Join(t.TempDir(), "a folder, 'quoted'")
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "bin"), 0o750))
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(folder, "bin")+"/", "./cmd/autobackup")
	build.Dir = project
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	for shell, ask := range map[string]string{
		"bash": `compopt() { :; }; C=$(complete -p autobackup); C=${C#*-C }; C=${C% autobackup}; export COMP_LINE="autobackup ret" COMP_POINT=14; eval "eval $C"`,
		"zsh":  `export COMP_LINE="autobackup ret" COMP_POINT=14; C=${_comps[autobackup]}; C=${C#*-C }; eval "eval $C"`,
	} {
		typed := exec.CommandContext(t.Context(), shell, map[string]string{"bash": "--norc", "zsh": "-f"}[shell], "-c", line+"\n"+ask) //nolint:gosec // the page's own line
		typed.Dir = folder
		out, err := typed.CombinedOutput()
		require.NoError(t, err, "%s: %s", shell, out)
		assert.Equal(t, "retry\n", string(out), shell)
	}
}
