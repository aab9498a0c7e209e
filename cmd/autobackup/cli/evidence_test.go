package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/internal/evidence"
)

const sampleEvidence = "../evidence/testdata/sample"

func TestEvidenceVerifyEndsWithWhatItFound(t *testing.T) {
	code, stdout, stderr := run("evidence", "verify", sampleEvidence)
	assert.Equal(t, cli.Expected, code)
	assert.Contains(t, stdout, "result    as it was written   exit 0\n")
	assert.Empty(t, stderr)

	changed := t.TempDir()
	require.NoError(t, os.CopyFS(changed, os.DirFS(sampleEvidence)))
	require.NoError(t, os.Remove(filepath.Join(changed, "evidence/2025/03/02/manifest.json")))
	code, stdout, stderr = run("evidence", "verify", changed, "--json")
	assert.Equal(t, cli.Unexpected, code)
	assert.Empty(t, stderr)
	var v evidence.Verification
	require.NoError(t, json.Unmarshal([]byte(stdout), &v))
	require.Len(t, v.Problems, 1)
	assert.Equal(t, evidence.MissingManifest, v.Problems[0].Kind)

	code, stdout, stderr = run("evidence", "verify", changed, "--from", "2025-03-03")
	assert.Equal(t, cli.Expected, code, stderr)
	assert.Contains(t, stdout, "days      2025-03-03 to 2025-03-03: 1 manifest\n")
	code, _, stderr = run("evidence", "verify", changed, "--from", "then")
	assert.Equal(t, cli.Trouble, code)
	assert.Contains(t, stderr, "--from then: it is no day: write one as 2026-01-31")

	code, stdout, stderr = run("evidence", "verify", t.TempDir())
	assert.Equal(t, cli.Trouble, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "autobackup: error: verify ")
	assert.Contains(t, stderr, "there is nothing in evidence/ there")
}

func TestEvidenceReportWritesAFolderAndEndsWithWhatItShows(t *testing.T) {
	sample, err := filepath.Abs(sampleEvidence)
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	code, stdout, stderr := run("evidence", "report", sample, "--from", "2025-03-01", "--to", "2025-03-03")
	assert.Equal(t, cli.Unexpected, code)
	assert.Contains(t, stdout, "result    2 failed; 1 unknown   exit 1\n")
	assert.Empty(t, stderr)
	made, err := filepath.Glob("evidence-*/report.html")
	require.NoError(t, err)
	assert.Len(t, made, 1)

	code, stdout, _ = run("evidence", "report", sample, "--from", "2025-03-03", "--to", "2025-03-03", "--output", "here", "--redact-keys", "--json")
	assert.Equal(t, cli.Unexpected, code)
	var r evidence.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	assert.True(t, r.Redacted)
	assert.EqualValues(t, 4, r.Seen)
	assert.NotEmpty(t, r.Program)
	table, err := os.ReadFile("here/records.csv")
	require.NoError(t, err)
	assert.NotContains(t, string(table), "4411.pdf")

	empty := t.TempDir()
	code, stdout, stderr = run("evidence", "report", empty, "--from", "2025-03-01", "--to", "2025-03-03")
	assert.Equal(t, cli.Trouble, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "there is nothing in evidence/ there")
	left, err := filepath.Glob("evidence-*")
	require.NoError(t, err)
	assert.Len(t, left, 1, "a folder that nothing came into is taken away")

	for want, words := range map[string][]string{
		"missing flags: --from=2026-01-01": {"evidence", "report", sample, "--to", "2025-03-03"},
		"--from tomorrow: it is no day":    {"evidence", "report", sample, "--from", "tomorrow", "--to", "2025-03-03"},
		`expected "<where>"`:               {"evidence", "verify"},
	} {
		code, _, stderr = run(words...)
		assert.Equal(t, cli.Trouble, code)
		assert.Contains(t, stderr, want)
	}
}
