package alert_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/alert"
	"autobackup/internal/s3event"
)

// script is the part of an e-mail that shows both sides of a version and copies it
// in place: its commands, without the sentences between them.
func script(t require.TestingT, key, version string) string {
	x := situations["replica-missing/completed"].example()
	x.Object.Key, x.Object.VersionID = key, version
	_, rest, ok := strings.Cut(alert.Compose(prod, news(x)).Message, "\n  What S3 answers now:\n")
	require.True(t, ok)
	rest, _, ok = strings.Cut(rest, "\n\nThe original messages\n")
	require.True(t, ok)
	var commands []string
	for _, line := range strings.Split(rest, "\n") {
		if command, ok := strings.CutPrefix(line, "    "); ok {
			commands = append(commands, command)
		} else {
			require.Regexp(t, `^  [A-Z][A-Za-z]* `, line, "neither a command nor a sentence")
		}
	}
	return strings.Join(commands, "\n") + "\n"
}

// copies says whether the e-mail has a command that copies the version: of an id as
// S3 makes them, and a key that the CLI does not take for one.
func copies(o s3event.ObjectVersion) bool {
	return regexp.MustCompile(`^[A-Za-z0-9._-]+$`).MatchString(o.VersionID) && !strings.Contains(o.Key, "?versionId=")
}

// assertCommands checks what the AWS CLI gets as its arguments.
func assertCommands(t require.TestingT, commands [][]string, o s3event.ObjectVersion) {
	want := []map[string]string{
		{"": "s3api head-object", "--region": "eu-central-1", "--bucket": "docs-primary", "--checksum-mode": "ENABLED", "Key": o.Key, "VersionId": o.VersionID},
		{"": "s3api head-object", "--region": "eu-west-1", "--bucket": "docs-replica", "--checksum-mode": "ENABLED", "Key": o.Key, "VersionId": o.VersionID},
	}
	if o.VersionID == "" {
		delete(want[0], "VersionId")
		delete(want[1], "VersionId")
	}
	if copies(o) {
		want = append(want, map[string]string{"": "s3api copy-object", "--region": "eu-central-1", "--bucket": "docs-primary",
			"--storage-class": "STANDARD", "Key": o.Key, "CopySource": "docs-primary/" + o.Key + "?versionId=" + o.VersionID})
	}
	var got []map[string]string
	for i, args := range commands {
		if args[0] == "autobackup" {
			require.Equal(t, 2, i, "behind what S3 answers")
			assertExplained(t, args, o)
			continue
		}
		got = append(got, options(t, args))
	}
	assert.Equal(t, want, got)
}

// assertExplained checks what autobackup explain gets, which takes what stands behind the
// last ?versionId= for the version.
func assertExplained(t require.TestingT, args []string, o s3event.ObjectVersion) {
	require.Equal(t, []string{"autobackup", "explain"}, args[:2])
	if args[2] == "--object" {
		var named map[string]string
		require.NoError(t, json.Unmarshal([]byte(args[3]), &named))
		if len(args) == 5 {
			named["Bucket"], _ = strings.CutPrefix(args[4], "s3://")
		}
		assert.Equal(t, []string{"docs-primary", o.Key, o.VersionID}, []string{named["Bucket"], named["Key"], named["VersionId"]})
		return
	}
	require.Len(t, args, 3)
	key, ok := strings.CutPrefix(args[2], "s3://docs-primary/")
	require.True(t, ok, args[2])
	version := ""
	if at := strings.LastIndex(key, "?versionId="); at >= 0 {
		key, version = key[:at], key[at+len("?versionId="):]
	}
	assert.Equal(t, o.Key, key)
	assert.Equal(t, o.VersionID, version)
}

// options reads arguments as the AWS CLI does: what looks like an option is one,
// and what looks like a file or a page is loaded.
func options(t require.TestingT, args []string) map[string]string {
	require.GreaterOrEqual(t, len(args), 2)
	got := map[string]string{"": args[0] + " " + args[1]}
	members := map[string]string{"--key": "Key", "--version-id": "VersionId", "--copy-source": "CopySource"}
	for i := 2; i < len(args); i += 2 {
		require.Regexp(t, `^--[a-z-]+$`, args[i], "an option")
		require.Less(t, i+1, len(args))
		require.NotRegexp(t, `^-|^$|^(?i)(fileb?|https?)://`, args[i+1], "the CLI takes it for something else")
		switch name := args[i]; {
		case name == "--cli-input-json":
			require.NoError(t, json.Unmarshal([]byte(args[i+1]), &got))
		case members[name] != "":
			got[members[name]] = args[i+1]
		default:
			got[name] = args[i+1]
		}
	}
	return got
}

func TestCommandsMeanTheirVersionWhateverItsKeyAndId(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := s3event.ObjectVersion{Key: anyKey().Draw(t, "key"), VersionID: anyVersionID().Draw(t, "version")}
		assertCommands(t, split(t, script(t, o.Key, o.VersionID)), o)
	})
}

// hostileWords are meant to be read as something else than themselves by a shell,
// by the AWS CLI or by an eye.
var hostileWords = []string{
	"plain.txt", "with space", "it's", `"quoted"`, "$(touch pwned)", "`id`", "$HOME", "${x:-y}", "a\nb", "a\n\nb\n", "!!", "!x", "*", "?", "[a]", "~", "~root",
	"=ls", "a=~", "-dash", "--bucket", "-", "file:///etc/passwd", "FILEB://x", "https://example.com", `back\slash`, `trailing\`, "\\'", "'", "''", "tab\t", "\r\n",
	"\x01\x1b[31m", "\x7f", "ünï/字/😀", "a;b|c&d>e<f", "a&&b||c", "#", "{a,b}", "(x)", " ", "\u202e", "^x^y^", "%s%n", "a?versionId=b", `{"Key":"x"}`, "\u2028",
}

// hostileVersions have a hostile key, a hostile version id, or both. An id is of
// printable ASCII without spaces, as package s3event lets through.
func hostileVersions() (all []s3event.ObjectVersion) {
	for i, word := range hostileWords {
		id := strings.Map(func(r rune) rune {
			if r < '!' || r > '~' {
				return ';'
			}
			return r
		}, hostileWords[len(hostileWords)-1-i])
		all = append(all, s3event.ObjectVersion{Key: word, VersionID: versionID},
			s3event.ObjectVersion{Key: "a.txt", VersionID: id}, s3event.ObjectVersion{Key: word, VersionID: id})
	}
	return all
}

func TestCommandsMeanTheirVersionInRealShells(t *testing.T) {
	var all strings.Builder
	for _, o := range hostileVersions() {
		all.WriteString(script(t, o.Key, o.VersionID))
	}
	for _, shell := range []string{"sh", "dash", "bash", "zsh"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("no %s here: TestCommandsMeanTheirVersionWhateverItsKeyAndId covers the same with a splitter of its own", shell)
			continue
		}
		commands := typed(t, path, all.String())
		for _, o := range hostileVersions() {
			n := 3
			if copies(o) {
				n = 4
			}
			require.GreaterOrEqual(t, len(commands), n, shell)
			t.Run(fmt.Sprintf("%s/%q/%q", shell, o.Key, o.VersionID), func(t *testing.T) { assertCommands(t, commands[:n], o) })
			commands = commands[n:]
		}
		assert.Empty(t, commands, shell)
	}
}

// typed runs the commands in a shell whose aws prints its arguments.
func typed(t *testing.T, shell, script string) (commands [][]string) {
	const stub = "aws() { printf '%s\\000' \"$@\"; printf '\\000'; }\nautobackup() { aws autobackup \"$@\"; }\n"
	cmd := exec.CommandContext(t.Context(), shell, "-c", stub+script) //nolint:gosec // the point of the test
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, command := range strings.Split(strings.TrimSuffix(string(out), "\x00\x00"), "\x00\x00") {
		commands = append(commands, strings.Split(command, "\x00"))
	}
	return commands
}

// split reads a script as a shell would, if it holds nothing but bare words,
// single quotes and a variable; it fails on anything else.
func split(t require.TestingT, script string) (commands [][]string) {
	variables := map[string]string{}
	script, found := strings.CutPrefix(script, "export AWS_PAGER=\n")
	require.True(t, found, "no pager eats what is pasted")
	for _, line := range strings.Split(strings.TrimSuffix(script, "\n"), "\n") {
		if name, value, ok := strings.Cut(line, "='"); ok && !strings.Contains(name, " ") {
			require.Equal(t, len(value)-1, strings.Index(value, "'"), "one pair of quotes")
			variables[`"$`+name+`"`] = strings.TrimSuffix(value, "'")
			continue
		}
		line, ok := strings.CutPrefix(line, "aws ")
		require.True(t, ok || strings.HasPrefix(line, "autobackup "), line)
		var words []string
		for line != "" {
			var word string
			switch line[0] {
			case '"':
				end := 2 + strings.Index(line[1:], `"`)
				require.Contains(t, variables, line[:end])
				word, line = variables[line[:end]], line[end:]
			case '\'':
				end := 1 + strings.Index(line[1:], "'")
				require.Positive(t, end, "an open quote")
				word, line = line[1:end], line[end+1:]
			default:
				word, line, _ = strings.Cut(line, " ")
				require.Regexp(t, `^[A-Za-z0-9_./:@+-][A-Za-z0-9_./:=@+-]*$`, word, "a bare word")
				line = " " + line
			}
			words = append(words, word)
			line = strings.TrimPrefix(line, " ")
		}
		commands = append(commands, words)
	}
	return commands
}

func TestCommandsOfTheEndingNameTheirRegion(t *testing.T) {
	message := alert.Compose(prod, news(situations["content/sizes-differ"].example())).Message
	for _, line := range strings.Split(message, "\n") {
		if strings.HasPrefix(line, "    aws ") {
			assert.Contains(t, line, " --region eu-", line)
		}
	}
	other := prod
	other.Queues.DLQARN = "no-arn"
	assert.NotContains(t, alert.Compose(other, news(workflowError())).Message, "--region  ")
}
