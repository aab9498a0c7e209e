package alert_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/reason"
)

// script is the part of an alert that shows both sides of an object.
func script(t require.TestingT, key string) string {
	a := alert.Compose(prod, []batch.Failed{failure(reason.ContentMismatch, key, both)})
	_, rest, ok := strings.Cut(a.Message, "What S3 answers now:\n")
	require.True(t, ok)
	script, _, ok := strings.Cut(rest, "\n\nThe original messages")
	require.True(t, ok)
	return script
}

// assertSides checks what the AWS CLI gets as its arguments.
func assertSides(t require.TestingT, commands [][]string, key string) {
	require.Len(t, commands, 2)
	for i, place := range [][2]string{{"docs-primary", "eu-central-1"}, {"docs-replica", "eu-west-1"}} {
		got := map[string]string{}
		args := commands[i]
		require.Equal(t, []string{"aws", "s3api", "head-object"}, args[:3])
		for j := 3; j < len(args); j += 2 {
			got[args[j]] = args[j+1]
		}
		want := map[string]string{"--region": place[1], "--bucket": place[0], "--checksum-mode": "ENABLED"}
		if input, ok := got["--cli-input-json"]; ok {
			var members map[string]string
			require.NoError(t, json.Unmarshal([]byte(input), &members))
			require.Equal(t, map[string]string{"Key": key, "VersionId": "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"}, members)
			delete(got, "--cli-input-json")
		} else {
			require.NotRegexp(t, `^-|^(?i)(fileb?|https?)://`, got["--key"], "the CLI takes it for something else")
			want["--key"], want["--version-id"] = key, "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"
		}
		assert.Equal(t, want, got)
	}
}

func TestCommandsMeanTheirObjectWhateverItsKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := anyKey().Draw(t, "key")
		assertSides(t, split(t, script(t, key)), key)
	})
}

func TestCommandsMeanTheirObjectInARealShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Log("no sh here: TestCommandsMeanTheirObjectWhateverItsKey covers the same with a splitter of its own")
		return
	}
	for _, key := range []string{
		"plain.txt", "with space", "it's", `"quoted"`, "$(touch pwned)", "`id`", "$HOME", "a\nb", "!!", "*", "~", "-dash", "file:///etc/passwd",
		"FILEB://x", "https://example.com", `back\slash`, "\\'", "tab\t", "\x01\x1b[31m", "ünï/字/😀", "a;b|c&d>e", "#", "{a,b}", " ", "\u202e",
	} {
		t.Run(key, func(t *testing.T) {
			stub := "aws() { printf '%s\\n' aws \"$@\"; printf 'end\\n'; }\n"
			out, err := exec.Command(sh, "-c", stub+script(t, key)).Output() //nolint:gosec // the point of the test
			require.NoError(t, err)
			var commands [][]string
			for _, command := range strings.Split(strings.TrimSuffix(string(out), "end\n"), "end\n") {
				commands = append(commands, strings.Split(strings.TrimSuffix(command, "\n"), "\n"))
			}
			assertSides(t, commands, key)
		})
	}
}

// split reads a script as a shell would, if it holds nothing but bare words,
// single quotes and one variable; it fails on anything else.
func split(t require.TestingT, script string) (commands [][]string) {
	var version string
	for _, line := range strings.Split(script, "\n") {
		line = strings.TrimSpace(line)
		if value, ok := strings.CutPrefix(line, "version='"); ok {
			require.Equal(t, len(value)-1, strings.Index(value, "'"), "one pair of quotes")
			version = strings.TrimSuffix(value, "'")
			continue
		}
		var words []string
		for line != "" {
			var word string
			switch {
			case strings.HasPrefix(line, `"$version"`):
				word, line = version, line[len(`"$version"`):]
			case line[0] == '\'':
				end := 1 + strings.Index(line[1:], "'")
				require.Positive(t, end, "an open quote")
				word, line = line[1:end], line[end+1:]
			default:
				word, line, _ = strings.Cut(line, " ")
				require.Regexp(t, `^[A-Za-z0-9_./:=@+-]+$`, word, "a bare word")
				line = " " + line
			}
			words = append(words, word)
			line = strings.TrimPrefix(line, " ")
		}
		commands = append(commands, words)
	}
	return commands
}
