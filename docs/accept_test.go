package docs_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/accept"
	"autobackup/cmd/autobackup/cli"
)

// typed is a command as a document shows it, with what it prints.
func typed(t *testing.T, words ...string) string {
	t.Helper()
	var out, stderr bytes.Buffer
	require.Equal(t, cli.Expected, cli.Run(words, &out, &stderr), stderr.String())
	return out.String()
}

func TestTheAuditsPageShowsWhatAcceptPrintsAndWrites(t *testing.T) {
	t.Setenv("AUTOBACKUP_WHO", "ana@example.com")
	page, err := filepath.Abs("audit.md")
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	printed := typed(t, "accept", "s3://docs", "--replica", "docs-copy", "--reason", "NOT_ERASED", "--why", "erasure request 4411", "--until", "90d")
	written, err := os.ReadFile(accept.File)
	require.NoError(t, err)

	shown := steady("```\n$ autobackup accept s3://docs --replica docs-copy --reason NOT_ERASED --why \"erasure request 4411\" --until 90d\n" + printed + "```\n\nThe file has then:\n\n```json\n" + string(written) + "```\n")
	hold(t, page, "baseline", shown)
}

func TestTheAuditsPageShowsThePolicyOfTheProgram(t *testing.T) {
	page, err := filepath.Abs("audit.md")
	require.NoError(t, err)
	printed := typed(t, "policy", "audit", "--side", "primary", "--primary", "docs")
	hold(t, page, "policy", "```\n$ autobackup policy audit --side primary --primary docs\n"+printed+"```\n")
}

func TestTheSecurityPageShowsAnUploadersPolicy(t *testing.T) {
	page, err := filepath.Abs("security.md")
	require.NoError(t, err)
	printed := typed(t, "policy", "upload", "--primary", "autobackup-prod-primary-documents-123456789012")
	hold(t, page, "upload", "```\n$ autobackup policy upload --primary autobackup-prod-primary-documents-123456789012\n"+printed+"```\n")
}

// hold writes a block of a page, or says that it is no longer so.
func hold(t *testing.T, page, name, shown string) {
	t.Helper()
	want := between(t, read(t, page), name, shown)
	generated(t, page, want)
}

// steady takes times and folders of this run out of a text.
func steady(s string) string {
	s = regexp.MustCompile(`("at": ")[^"]*`).ReplaceAllString(s, "${1}2026-11-28T09:00:00Z")
	s = regexp.MustCompile(`("until": "|until )\d{4}-[^" ]*`).ReplaceAllString(s, "${1}2027-02-26T09:00:00Z")
	return regexp.MustCompile(`in "[^"]*/`).ReplaceAllString(s, `in "`)
}
