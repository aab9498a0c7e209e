package shell_test

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/shell"
)

func TestWhatIsNotOddIsOneWordThatMeansItself(t *testing.T) {
	words := []string{"plain.txt", "a b", `"x"`, "$(id)", "`id`", "$HOME", "*", "~", "=ls", `a\b`, "a;b|c&d>e<f", "#", "!!", "{a,b}", "a=b", "%s", "x-y", "+1", "@x", ":x"}
	var script strings.Builder
	for _, w := range words {
		require.False(t, shell.Odd(w), w)
		script.WriteString("printf '%s\\n' " + shell.Quote(w) + "\n")
	}
	for _, name := range []string{"sh", "bash", "zsh"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Logf("no %s here", name)
			continue
		}
		cmd := exec.CommandContext(t.Context(), path, "-c", script.String()) //nolint:gosec // the point of the test
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Equal(t, strings.Join(words, "\n")+"\n", string(out), name)
	}
}

func TestAVersionIsCutFromTheEnd(t *testing.T) {
	for rest, want := range map[string][2]string{"k?versionId=V": {"k", "V"}, "k?versionId=": {"k", ""}, "a?versionId=b?versionId=V": {"a?versionId=b", "V"}} {
		key, version, named := shell.CutVersion(rest)
		assert.Equal(t, want, [2]string{key, version})
		assert.True(t, named)
	}
	key, version, named := shell.CutVersion("k?version=V")
	assert.Equal(t, [2]string{"k?version=V", ""}, [2]string{key, version})
	assert.False(t, named)
}

func TestBytesSetAVariableToTheTextInEveryShell(t *testing.T) {
	texts := []string{"", "-rf", "it's", "line\nbreak", "ends with breaks\n\n", "\\0101 %s %%", "$(id) `id` ${x}", "ü\u202e\U0001f600", "\x01\x7f\xff", "a b*?[c]", "=x"}
	var script strings.Builder
	for _, s := range texts {
		line := shell.Bytes("key", s)
		require.Regexp(t, `^[ -~]+$`, line)
		script.WriteString(line + "\nprintf '<%s>' \"${key%.}\"\n")
	}
	for _, name := range []string{"sh", "bash", "zsh"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Logf("no %s here", name)
			continue
		}
		out, err := exec.CommandContext(t.Context(), path, "-c", script.String()).CombinedOutput() //nolint:gosec // the point of the test
		require.NoError(t, err, "%s", out)
		assert.Equal(t, "<"+strings.Join(texts, "><")+">", string(out), name)
	}
}

func TestWhatCouldBeMisreadIsOdd(t *testing.T) {
	for _, s := range []string{"", "-x", "it's", "ü", "\n", "\x7f", "\x1b", "file://x", "FILEB://x", "http://x", "HTTPS://x", "\u202e", "\xff"} {
		assert.True(t, shell.Odd(s), "%q", s)
		assert.Regexp(t, `^[ -~]+$`, shell.Quote(s), "%q: printable all the same", s)
	}
}

func TestASCIIJSONIsTheSameTextWithNothingToMisread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[string]string{"Key": rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"it's", "😀", "\u2028", "\x7f", "<&>"})).Draw(t, "key")}
		encoded := shell.ASCIIJSON(want)
		require.Regexp(t, `^[ -&(-~]*$`, encoded)
		var got map[string]string
		require.NoError(t, json.Unmarshal([]byte(encoded), &got))
		require.Equal(t, want, got)
	})
}

func TestARegionIsNamedWhereItIsOne(t *testing.T) {
	assert.Equal(t, " --region eu-central-1", shell.InRegion("eu-central-1"))
	for _, no := range []string{"", "x y", "$(id)", "EU"} {
		assert.Empty(t, shell.InRegion(no), no)
	}
}

func TestACopyNamesItsVersionOrThereIsNone(t *testing.T) {
	const limit = 5 << 30
	assert.Equal(t, []string{"aws s3api copy-object --region eu-west-1 --bucket b --key 'a b' --copy-source 'b/a b?versionId=V1' --storage-class STANDARD"},
		shell.CopyObject("eu-west-1", "b", "a b", "V1", limit))
	assert.Equal(t, []string{`copy='{"CopySource":"b/it\u0027s?versionId=V1","Key":"it\u0027s"}'`, `aws s3api copy-object --bucket b --cli-input-json "$copy" --storage-class STANDARD`},
		shell.CopyObject("", "b", "it's", "V1", 0))
	assert.Empty(t, shell.CopyObject("", "b", "k", "V1", limit+1))
	assert.Empty(t, shell.CopyObject("", "b", "k", "V 1", 0))
	assert.Empty(t, shell.CopyObject("", "b", "k", "", 0))
	assert.Empty(t, shell.CopyObject("", "b", "k?versionId=x", "V1", 0))
}
