package cli_test

import (
	"encoding/json"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/accept"
	"autobackup/cmd/autobackup/cli"
	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
)

// accepted is what a command line with these words adds to a new file.
func accepted(t *testing.T, words ...string) (entries []audit.Acceptance, stdout string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "accepted.json")
	code, stdout, stderr := run(append([]string{"accept", "--file", file}, words...)...)
	require.Equal(t, cli.Expected, code, stderr)
	assert.Empty(t, stderr)
	entries, err := accept.Read(file)
	require.NoError(t, err)
	return entries, stdout
}

func TestAcceptTakesOutWhatItsWordsName(t *testing.T) {
	said := []string{"--why", "meant", "--until", "30d", "--who", "Ana"}
	for _, c := range []struct {
		words []string
		want  audit.Acceptance
	}{
		{[]string{"s3://docs", "--reason", "NOT_ERASED"}, audit.Acceptance{Primary: "docs", Reason: reason.NotErased}},
		{[]string{"s3://docs", "--replica", "copy", "--prefix", "tmp/"}, audit.Acceptance{Primary: "docs", Replica: "copy", Prefix: "tmp/"}},
		{[]string{"--primary", "docs", "--key", "tmp/"}, audit.Acceptance{Primary: "docs", Key: "tmp/"}},
		{[]string{"s3://docs/tmp/?versionId=v1"}, audit.Acceptance{Primary: "docs", Key: "tmp/", Version: "v1"}},
		{[]string{"s3://docs/a/b"}, audit.Acceptance{Primary: "docs", Key: "a/b"}},
		{[]string{"s3://docs/a?versionId=b?versionId=v1"}, audit.Acceptance{Primary: "docs", Key: "a?versionId=b", Version: "v1"}},
		{[]string{"--primary", "docs", "--key", "a", "--version", "v1"}, audit.Acceptance{Primary: "docs", Key: "a", Version: "v1"}},
		{[]string{"s3://docs/a", "--primary", "docs", "--key", "a"}, audit.Acceptance{Primary: "docs", Key: "a"}},
		{[]string{"--object", `{"Bucket": "docs", "Key": "a\n?versionId=", "VersionId": "v1"}`}, audit.Acceptance{Primary: "docs", Key: "a\n?versionId=", Version: "v1"}},
		{[]string{"--primary", "docs", "--object", `{"Key": "\u202e", "VersionId": "v1"}`}, audit.Acceptance{Primary: "docs", Key: "\u202e", Version: "v1"}},
	} {
		entries, _ := accepted(t, append(c.words, said...)...)
		require.Len(t, entries, 1)
		got := entries[0]
		assert.Equal(t, got.At.Add(30*24*time.Hour), got.Until)
		assert.WithinDuration(t, time.Now(), got.At, time.Minute)
		c.want.Why, c.want.Who, c.want.At, c.want.Until = "meant", "Ana", got.At, got.Until
		assert.Equal(t, c.want, got)
	}
}

func TestAcceptAddsAnEntryForEachReasonAndTellsThem(t *testing.T) {
	entries, stdout := accepted(t, "s3://docs", "--reason", "NOT_ERASED", "--reason", "ARCHIVED", "--why", "w", "--until", "1d", "--who", "Ana")
	assert.Len(t, entries, 2)
	assert.Contains(t, stdout, "NOT_ERASED: docs -> every replica\nARCHIVED: docs -> every replica\naccepted until ")
	assert.Contains(t, stdout, ` by "Ana", in "`)
	assert.True(t, strings.HasSuffix(stdout, "accepted.json\": have it reviewed.\n"), stdout)
}

func TestAcceptSaysInWhoseNameWhereNobodyIsNamed(t *testing.T) {
	t.Setenv("AUTOBACKUP_WHO", "Bo")
	words := []string{"s3://docs", "--reason", "NOT_ERASED", "--why", "w", "--until", "1d"}
	entries, _ := accepted(t, words...)
	assert.Equal(t, "Bo", entries[0].Who)

	require.NoError(t, os.Unsetenv("AUTOBACKUP_WHO"))
	me, err := user.Current()
	require.NoError(t, err)
	entries, stdout := accepted(t, words...)
	assert.Equal(t, me.Username, entries[0].Who)
	assert.Contains(t, stdout, `" (your name on this machine; --who or AUTOBACKUP_WHO gives another)`)
}

func TestTheCommandsThatAReportPrintsAreTaken(t *testing.T) {
	i := audit.Item{Primary: "docs", Replica: "copy", Key: "a/b", Version: "v1", Reason: reason.NotErased}
	words := strings.Fields(report.AcceptVersion(i, time.Now()))
	require.Equal(t, []string{"autobackup", "accept"}, words[:2])
	code, _, stderr := run(append(words[1:], "--file", filepath.Join(t.TempDir(), "accepted.json"))...)
	assert.Equal(t, cli.Trouble, code)
	assert.Contains(t, stderr, "write why this is as it should be", "whoever takes it has to say why")
	for i := range words {
		words[i] = strings.Replace(words[i], "WHY", "scratch", 1)
	}
	entries, _ := accepted(t, words[2:]...)
	a := entries[0]
	assert.Equal(t, []string{"docs", "copy", "a/b", "v1", "NOT_ERASED", "scratch"}, []string{a.Primary, a.Replica, a.Key, a.Version, string(a.Reason), a.Why})
}

func TestAcceptListsTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "accepted.json")
	code, _, stderr := run("accept", "s3://docs", "--reason", "NOT_ERASED", "--why", "w", "--until", "1d", "--who", "Ana", "--file", file)
	require.Equal(t, cli.Expected, code, stderr)
	before, err := os.ReadFile(file) // #nosec G304: of this test
	require.NoError(t, err)
	code, stdout, _ := run("accept", "--list", "--file", file)
	assert.Equal(t, cli.Expected, code)
	assert.Contains(t, stdout, "NOT_ERASED: docs -> every replica  Ana  w\n")
	after, err := os.ReadFile(file) // #nosec G304: of this test
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after))

	var listed, added struct{ Accepted []audit.Acceptance }
	code, stdout, _ = run("accept", "--list", "--json", "--file", file)
	assert.Equal(t, cli.Expected, code)
	require.NoError(t, json.Unmarshal([]byte(stdout), &listed))
	code, stdout, stderr = run("accept", "s3://docs", "--reason", "ARCHIVED", "--why", "w", "--until", "1d", "--who", "Bo", "--json", "--file", file)
	assert.Equal(t, cli.Expected, code, stderr)
	require.NoError(t, json.Unmarshal([]byte(stdout), &added))
	require.Len(t, added.Accepted, 1, "what was added alone")
	assert.Equal(t, []string{"ARCHIVED", "Bo"}, []string{string(added.Accepted[0].Reason), added.Accepted[0].Who})
	entries, err := accept.Read(file)
	require.NoError(t, err)
	assert.ElementsMatch(t, entries, slices.Concat(listed.Accepted, added.Accepted))

	t.Chdir(t.TempDir())
	_, stdout, _ = run("accept", "--list", "--json")
	assert.JSONEq(t, `{"accepted": []}`, stdout)
}

func TestAcceptRefusesWhatItCannotBeSureOf(t *testing.T) {
	file := filepath.Join(t.TempDir(), "accepted.json")
	for want, words := range map[string][]string{
		"--why is missing":                          {"s3://docs", "--until", "1d"},
		"--until is missing":                        {"s3://docs", "--why", "w"},
		"write a date such as":                      {"s3://docs", "--why", "w", "--until", "soon"},
		"it would take out everything":              {"s3://docs", "--why", "w", "--until", "1d"},
		`"primary" is missing`:                      {"--why", "w", "--until", "1d", "--key", "a"},
		`two values for the key, "a" and "b"`:       {"s3://docs/b", "--key", "a", "--why", "w", "--until", "1d"},
		`two values for the bucket, "a" and "docs"`: {"s3://docs/b", "--primary", "a", "--why", "w", "--until", "1d"},
		"docs\" is no address of a bucket":          {"docs", "--why", "w", "--until", "1d"},
		"give s3://docs with --prefix tmp/ for all keys that begin so, or with --key tmp/ for the one object": {"s3://docs/tmp/", "--why", "w", "--until", "1d"},
		"no version id stands behind ?versionId=:":                                                            {"s3://docs/a?versionId=", "--why", "w", "--until", "1d"},
		"no version id stands behind \"VersionId\"::":                                                         {"--object", `{"Bucket":"docs","Key":"a","VersionId":""}`, "--why", "w", "--until", "1d"},
		"read --object: ": {"--object", `{"Bucket":"docs","Kay":"a"}`, "--why", "w", "--until", "1d"},
	} {
		code, stdout, stderr := run(append([]string{"accept", "--file", file}, words...)...)
		assert.Equal(t, cli.Trouble, code, want)
		assert.Empty(t, stdout, want)
		assert.Contains(t, stderr, want)
		assert.NoFileExists(t, file)
	}
	code, _, stderr := run("accept", "--list", "--file", file)
	assert.Equal(t, cli.Trouble, code)
	assert.Contains(t, stderr, "accepted.json: there is no such file")
	t.Chdir(t.TempDir())
	code, stdout, _ := run("accept", "--list")
	assert.Equal(t, cli.Expected, code, "who named none may have none")
	assert.Equal(t, "Nothing is accepted.\n", stdout)
	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	code, _, stderr = run("accept", "--list", "--file", file)
	assert.Equal(t, cli.Trouble, code)
	assert.Contains(t, stderr, "read what is accepted: ")
}

func TestTheFileThatAcceptWritesIsTheOneThatAnAuditReads(t *testing.T) {
	for _, command := range []string{"accept", "audit"} {
		_, stdout, _ := run(command, "--help")
		assert.Contains(t, stdout, accept.File, command)
	}
}
