package explain_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/explain"
	"autobackup/internal/audit"
	"autobackup/local/s3"
)

// hostileKeys are meant to be read as something else than themselves by a shell, by the
// AWS CLI or by an eye.
var hostileKeys = []string{
	"it's", "$(touch pwned)", "`id`", "a\nb", "-dash", "file:///etc/passwd", "fileb:///etc/passwd", "file:///etc/'a'\n", "file:///etc/\rb", "\x01\x1b[31m", "\u202etxt.exe", "a?versionId=b", "a\tb", `back\slash'`, "ünï/字/😀", "a;b|c&d>e<f", " ",
}

func TestHostileKeysReachNeitherTheTerminalNorAShell(t *testing.T) {
	w := newWorld(t)
	bash, err := exec.LookPath("bash")
	require.NoError(t, err)
	for _, key := range hostileKeys {
		t.Run(strconv.QuoteToASCII(key), func(t *testing.T) {
			version := w.put(key, "content")
			w.Remove(replica, away, key, version)
			e := w.explained(key, version)
			shown := screen(t, e)
			for _, r := range strings.ReplaceAll(shown, "\n", "") {
				require.True(t, strconv.IsPrint(r), "%q in %q", r, shown)
			}
			require.Len(t, e.Replicas, 1)
			for _, way := range e.Replicas[0].Ways {
				if way.Lines == "" {
					assert.Equal(t, "file:///etc/\rb", key)
					assert.Contains(t, way.Says, "with an SDK")
					continue
				}
				for _, args := range typed(t, bash, way.Lines) {
					assertMeans(t, args, key, version)
				}
			}
		})
	}
}

// typed runs commands in a shell whose programs print their arguments, and what the AWS CLI would read
// instead of one.
func typed(t *testing.T, shell, script string) (commands [][]string) {
	t.Helper()
	const stub = `aws() {
  for arg; do
    case $arg in
      *=file:///dev/stdin) printf '%s=%s.\000' "${arg%%=*}-read" "$(cat; printf .)" ;;
      *) printf '%s\000' "$arg" ;;
    esac
  done >&2
  printf '\000' >&2
  printf '%s\n' "$latest"
}
autobackup() { aws autobackup "$@"; }
`
	latest := ""
	if _, rest, is := strings.Cut(script, `--output text)" = `); is { // what the copy in place compares with
		latest, _, _ = strings.Cut(rest, " ]")
	}
	cmd := exec.CommandContext(t.Context(), shell, "-c", "latest="+latest+"\n"+stub+script) //nolint:gosec // the point of the test
	cmd.Dir = t.TempDir()
	var out bytes.Buffer
	cmd.Stderr = &out
	require.NoError(t, cmd.Run(), out.String())
	if out.Len() == 0 {
		require.True(t, strings.HasPrefix(script, ": 'no command names it safely: "), script)
		return nil
	}
	for _, command := range strings.Split(strings.TrimSuffix(out.String(), "\x00\x00"), "\x00\x00") {
		commands = append(commands, strings.Split(command, "\x00"))
	}
	return commands
}

// assertMeans sees that a command is about the version.
func assertMeans(t *testing.T, args []string, key, version string) {
	t.Helper()
	got := map[string]string{}
	for i, arg := range args[:len(args)-1] {
		name, value, joined := strings.Cut(arg, "=")
		if joined && name == "--key-read" {
			name, value = "--key", strings.TrimSuffix(value, "..")
		} else {
			assert.NotRegexp(t, "^(--[a-z-]+=)?fileb?://", arg, "the AWS CLI reads a file instead")
		}
		if joined && (name == "--key" || name == "--version-id") {
			got[map[string]string{"--key": "Key", "--version-id": "VersionId"}[name]] = value
			continue
		}
		switch arg {
		case "--cli-input-json", "--object":
			require.NoError(t, json.Unmarshal([]byte(args[i+1]), &got))
		case "--key":
			got["Key"] = args[i+1]
		case "--copy-source":
			got["CopySource"] = args[i+1]
		case "--version-id", "--version":
			got["VersionId"] = args[i+1]
		}
	}
	assert.Equal(t, key, got["Key"], args)
	switch {
	case got["CopySource"] != "":
		assert.Equal(t, primary+"/"+key+"?versionId="+version, got["CopySource"])
	case args[1] != "head-object": // which asks for the latest
		assert.Equal(t, version, got["VersionId"], args)
	}
}

func TestTheJSONHasEverythingAndHidesNothing(t *testing.T) {
	w := newWorld(t)
	const key = "\u202ekey"
	version := w.put(key, "content")
	w.Remove(replica, away, key, version)
	var out bytes.Buffer
	e := w.explained(key, version)
	require.NoError(t, e.JSON(&out))
	assert.NotContains(t, out.String(), "\u202e")
	var got explain.Explanation
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	assert.Equal(t, *e, got)
}

func TestColoursAreForTerminalsOnly(t *testing.T) {
	w := newWorld(t)
	version := w.put("a", "content")
	for _, want := range []struct {
		category audit.Category
		colour   string
	}{{audit.Compared, "\x1b[32m"}, {audit.Finding, "\x1b[1;31m"}} {
		e := w.explained("a", version)
		require.Equal(t, want.category, e.Replicas[0].Item.Category)
		var shown bytes.Buffer
		require.NoError(t, e.Screen(&shown, true))
		assert.Contains(t, shown.String(), "\n"+want.colour+e.Replicas[0].Word)
		assert.Contains(t, shown.String(), want.colour+"exit ")
		assert.NotContains(t, screen(t, e), "\x1b")
		w.Remove(replica, away, "a", version)
	}
}

func TestCommandsReachTheSidesAsTheyWereReached(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	w := newWorld(t)
	version := w.put("a", "content")
	assert.NotContains(t, screen(t, w.explained("a", version)), "export ")
	e := w.explained("a", version)
	lines := ""
	for _, way := range e.Replicas[0].Ways {
		lines += way.Lines + "\n"
	}
	assert.Equal(t, 2, strings.Count(lines, "--endpoint-url "+w.url+" "))
	assert.NotContains(t, lines, "--profile")
	w.Remove(replica, away, "a", version)
	assert.Contains(t, screen(t, w.explained("a", version)), "; first: export AWS_ENDPOINT_URL="+w.url+"\n")
}

func TestAServerThatIsNotAWSHasNoBatchReplication(t *testing.T) {
	w := newWorld(t)
	w.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Fail: true} }
	shown := screen(t, w.explained("a", w.put("a", "content")))
	assert.Contains(t, shown, "again       use what this server offers to replicate existing versions again")
	assert.NotContains(t, shown, "s3control")
}

// full is a terminal that takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestAnExplanationThatCannotBeWrittenIsAnError(t *testing.T) {
	require.ErrorContains(t, (&explain.Explanation{}).Screen(full{}, false), "write the explanation: no room")
	require.Error(t, (&explain.Explanation{}).JSON(full{}))
}
