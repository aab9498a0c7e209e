package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/cmd/autobackup/discover"
)

func TestDiscoverShowsTheLocalStacksBucketsAndExitsByThem(t *testing.T) {
	_, region := deployed(t)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	code, stdout, stderr := run("discover")
	assert.Equal(t, cli.Unexpected, code, stderr)
	assert.Contains(t, stdout, "Fine: 4 buckets replicate and are validated\n")
	assert.Contains(t, stdout, "Coverage: 4 of 5 buckets replicate (80 %), 4 of them validated (80 % of all); 1 not\nResult: 1 blind spot; exit code 1\n")
	assert.Equal(t, "AWS_ENDPOINT_URL is set: this is about the buckets at "+os.Getenv("AWS_ENDPOINT_URL")+", not about AWS's.\n", stderr, "no progress without a terminal")

	code, stdout, _ = run("discover", "--json", "--region", region)
	assert.Equal(t, cli.Unexpected, code)
	var report discover.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	assert.Equal(t, 5, report.Coverage.Buckets)
	assert.Equal(t, 4, report.Coverage.Replicate)
	assert.Equal(t, 1, report.Exit)
}

func TestWrongUsageOfDiscoverSaysWhatToDo(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", "/nowhere")
	file := filepath.Join(t.TempDir(), "accounts.txt")
	require.NoError(t, os.WriteFile(file, []byte("111122223333\n1234\n"), 0o600))
	for want, args := range map[string][]string{
		"--role and --accounts go together": {"--role", "audit"},
		"the role is taken in each":         {"--accounts", file},
		"--external-id is for the role":     {"--external-id", "x"},
		"is no role's name":                 {"--role", "arn:aws:iam::111122223333:role/audit", "--accounts", file},
		"line 2: \"1234\" is no account":    {"--role", "audit", "--accounts", file},
		"no region is known":                {},
		"no/such/file":                      {"--role", "audit", "--accounts", "no/such/file"},
	} {
		code, stdout, stderr := run(append([]string{"discover"}, args...)...)
		assert.Equal(t, cli.Trouble, code, want)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, want)
	}
}
