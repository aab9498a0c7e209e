package cli_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/local"
	"autobackup/local/clock"
)

// What docs/adopt.md has people type works in this order, against stacks that take the bucket.
func TestTheCommandsOfThePageOnAdoptingWork(t *testing.T) {
	text, err := os.ReadFile("../../../docs/adopt.md")
	require.NoError(t, err)
	g := newGuarded(t, clock.Skipping(t.Context()))
	g.existing()
	t.Setenv("AWS_ACCESS_KEY_ID", local.AccessKey)
	samconfig, err := os.ReadFile("../../../samconfig.toml")
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("samconfig.toml", samconfig, 0o600))
	var typed []string
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(block[1]) {
			words := strings.Fields(line)
			if line == "go build -o bin/ ./cmd/autobackup\n" { // the program that is tested
				typed = append(typed, "build")
				continue
			}
			require.Equal(t, "autobackup", words[0], line)
			code, stdout, stderr := run(words[1:]...)
			want := cli.Expected
			if len(typed) == 1 { // there is no terminal to be asked on
				want = cli.Unexpected
				assert.Contains(t, stdout, "to be changed")
			}
			assert.Equal(t, want, code, "%s\n%s%s", line, stdout, stderr)
			assert.NotContains(t, stdout, "grant", line)
			assert.NotEmpty(t, stdout, line)
			typed = append(typed, words[1])
		}
	}
	assert.Equal(t, []string{"build", "attach", "attach", "attach", "attach", "attach", "doctor", "attach", "attach", "attach", "detach", "policy", "policy", "policy"}, typed)
}
