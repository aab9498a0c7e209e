package docs_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/internal/evidence"
)

const evidenceSample = "../cmd/autobackup/evidence/testdata/sample"

// inSample goes to a copy of the sample, and answers the page.
func inSample(t *testing.T) (page string) {
	t.Helper()
	page, err := filepath.Abs("evidence.md")
	require.NoError(t, err)
	folder := t.TempDir()
	require.NoError(t, os.CopyFS(folder, os.DirFS(evidenceSample)))
	t.Chdir(folder)
	return page
}

func TestTheEvidencePageShowsTheSample(t *testing.T) {
	page := inSample(t)
	file, err := os.Open("evidence/2025/03/01/09-2.jsonl.gz")
	require.NoError(t, err)
	defer file.Close() //nolint:errcheck // read only
	unpacked, err := gzip.NewReader(file)
	require.NoError(t, err)
	line, err := io.ReadAll(unpacked)
	require.NoError(t, err)
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, line, "", "  "))
	hold(t, page, "record", "```json\n"+indented.String()+"```\n")
	hold(t, page, "manifest", "```json\n"+read(t, "evidence/2025/03/02/manifest.json")+"```\n")
	hold(t, page, "verify", "```\n$ autobackup evidence verify .\n"+typed(t, "evidence", "verify", ".")+"```\n")
	var out, stderr bytes.Buffer
	require.Equal(t, cli.Unexpected, cli.Run([]string{"evidence", "report", ".", "--from", "2025-03-01", "--to", "2025-03-03"}, &out, &stderr), stderr.String())
	shown := regexp.MustCompile(`evidence-\d{8}-\d{6}`).ReplaceAllString(out.String(), "evidence-20250305-090000")
	hold(t, page, "report", "```\n$ autobackup evidence report . --from 2025-03-01 --to 2025-03-03\n"+shown+"```\n")
	hold(t, page, "policy", "```\n$ autobackup policy evidence --evidence s3://acme-evidence/prod\n"+typed(t, "policy", "evidence", "--evidence", "s3://acme-evidence/prod")+"```\n")
}

// byHand are the page's commands that need no autobackup.
func byHand(t *testing.T, page string) (all []string) {
	t.Helper()
	for _, block := range blocks(read(t, page)) {
		if !strings.HasPrefix(block, "autobackup ") {
			all = append(all, block)
		}
	}
	require.Len(t, all, 6)
	return all
}

// inBash is what commands print, and whether they end well.
func inBash(t *testing.T, commands string) (string, error) {
	t.Helper()
	for _, tool := range []string{"bash", "jq", "sha256sum", "gzip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not on this machine")
		}
	}
	out, err := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", commands).CombinedOutput()
	return string(out), err
}

func TestTheCommandsOfTheEvidencePageSayNothingWhereAllIsAsItWasWritten(t *testing.T) {
	page := inSample(t)
	commands := byHand(t, page)
	for _, block := range commands[:4] {
		out, err := inBash(t, block)
		assert.NoError(t, err, block)
		assert.Empty(t, out, block)
	}
	for i, name := range []string{"counted", "told"} {
		out, err := inBash(t, commands[4+i])
		require.NoError(t, err)
		hold(t, page, name, "```\n"+out+"```\n")
	}
}

// Each of the commands that print nothing sees what the page says of it.
func TestTheCommandsOfTheEvidencePageSeeWhatIsWrong(t *testing.T) {
	replace := func(t *testing.T, name, old, by string) {
		content := read(t, name)
		require.Contains(t, content, old)
		require.NoError(t, os.WriteFile(name, []byte(strings.Replace(content, old, by, 1)), 0o600))
	}
	for name, tc := range map[string]struct {
		command int
		do      func(t *testing.T)
		says    string
	}{
		"a changed file": {0, func(t *testing.T) {
			require.NoError(t, os.WriteFile("evidence/2025/03/01/09-1.jsonl.gz", []byte("else"), 0o600))
		}, "evidence/2025/03/01/09-1.jsonl.gz: FAILED"},
		"a missing file": {1, func(t *testing.T) { require.NoError(t, os.Remove("evidence/2025/03/01/09-1.jsonl.gz")) }, "> evidence/2025/03/01/09-1.jsonl.gz"},
		"a file that nobody names": {1, func(t *testing.T) {
			require.NoError(t, os.WriteFile("evidence/2025/03/01/09-7.jsonl.gz", nil, 0o600))
		}, "< evidence/2025/03/01/09-7.jsonl.gz"},
		"a changed manifest": {2, func(t *testing.T) { replace(t, "evidence/2025/03/02/manifest.json", "prod", "pro1") }, "evidence/2025/03/03/manifest.json does not follow on the one before"},
		"a missing manifest": {2, func(t *testing.T) { require.NoError(t, os.Remove("evidence/2025/03/01/manifest.json")) }, "evidence/2025/03/02/manifest.json does not follow on the one before"},
		"counts that differ": {3, func(t *testing.T) { replace(t, "evidence/2025/03/02/manifest.json", `"records": 3`, `"records": 4`) }, "2025-03-02: the counts do not sum"},
	} {
		t.Run(name, func(t *testing.T) {
			commands := byHand(t, inSample(t))
			tc.do(t)
			out, _ := inBash(t, commands[tc.command])
			assert.Contains(t, out, tc.says)
		})
	}
}

func TestTheEvidencePageHasEveryNameVerdictSourceAndKind(t *testing.T) {
	page := read(t, "evidence.md")
	for _, k := range evidence.Kinds() {
		assert.Contains(t, page, "\n| `"+string(k)+"` | ")
	}
	assert.Equal(t, len(evidence.Kinds()), strings.Count(section(t, page, "| what is found | when |\n"), "\n| `"))
	for _, v := range evidence.Verdicts() {
		assert.Contains(t, page, "\n| `"+string(v)+"` | ")
	}
	for _, s := range []evidence.Source{evidence.Upload, evidence.Audit, evidence.Scrub} {
		assert.Contains(t, page, "`"+string(s)+"`")
	}
	for _, form := range []any{evidence.Record{}, evidence.Acceptance{}, evidence.Replica{}, evidence.Manifest{}, evidence.Link{}, evidence.File{}, evidence.Count{}} {
		for _, name := range jsonNames(reflect.TypeOf(form)) {
			assert.Contains(t, page, "`"+name+"`")
		}
	}
}

// section is a table, from its head on.
func section(t *testing.T, page, head string) string {
	t.Helper()
	_, after, found := strings.Cut(page, head)
	require.True(t, found)
	table, _, _ := strings.Cut(after, "\n\n")
	return table
}

func jsonNames(of reflect.Type) (names []string) {
	for i := range of.NumField() {
		f := of.Field(i)
		if f.Anonymous {
			names = append(names, jsonNames(f.Type)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}
