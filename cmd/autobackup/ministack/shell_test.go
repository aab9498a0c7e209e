package ministack_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shim stands before the programs in the shells' PATH. It writes down what each was
// called with and what came of it. Nobody sleeps. A question is answered with yes, and not
// by the line of the paste that comes after it.
const shim = `#!/bin/sh
PATH=${PATH#*:}
export PATH
name=${0##*/}
call=$(mktemp -d "$RECORDED/$(date +%s%N).XXXX")
printf '%s\0' "$name" "$@" > "$call/words"
printf '%s' "${AWS_PAGER-less}" > "$call/pager"
case $name in
sleep) : > "$call/out"; echo 0 > "$call/code"; exit 0 ;;
go) echo y | "$name" "$@" > "$call/out" 2> "$call/err" ;;
*) "$name" "$@" > "$call/out" 2> "$call/err" ;;
esac
code=$?
echo $code > "$call/code"
cat "$call/err" >&2
cat "$call/out"
exit $code
`

// recorded are the programs whose calls are written down.
var recorded = []string{"aws", "go", "gh", "sleep"}

// invocation is a program that a shell started.
type invocation struct {
	words    []string
	pager    string // AWS_PAGER, or the pager of the AWS CLI where it is not set
	out, err string
	code     int
}

func (c invocation) String() string { return strings.Join(c.words, " ") }

// shell is an interactive one, such as a terminal has: with the rules that hold for what is
// typed or pasted, not those for a script's lines.
type shell struct {
	name   string
	stdin  io.WriteCloser
	out    *output
	folder string // where the programs are recorded
	seen   []string
}

// output is what a shell wrote to both of its outputs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// interactive are the shells and how they are started as in a terminal, without anybody's settings.
var interactive = map[string][]string{
	"bash": {"--norc", "--noprofile", "-i"},
	"zsh":  {"-f", "-i"},
}

// open starts a shell in a folder, as in a new terminal.
func open(t *testing.T, name, working string, environment ...string) *shell {
	t.Helper()
	s := &shell{name: name, out: &output{}, folder: t.TempDir()}
	bin := t.TempDir()
	for _, program := range recorded {
		require.NoError(t, os.WriteFile(filepath.Join(bin, program), []byte(shim), 0o700)) //nolint:gosec // it is run
	}
	command := exec.Command(name, interactive[name]...) //nolint:gosec // one of two
	command.Dir = working
	command.Env = append(slices.DeleteFunc(os.Environ(), func(setting string) bool { return strings.HasPrefix(setting, "AWS_") }),
		"PATH="+bin+":"+filepath.Dir(*sam)+":"+os.Getenv("PATH"), "RECORDED="+s.folder, "PS1=", "PS2=", "PROMPT_EOL_MARK=", "TERM=dumb", "XDG_CONFIG_HOME="+t.TempDir(),
		"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1")
	command.Env = append(command.Env, environment...)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal of the test's, where somebody has one
	command.Stdout, command.Stderr = s.out, s.out
	stdin, err := command.StdinPipe()
	require.NoError(t, err)
	s.stdin = stdin
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		_ = command.Wait()
	})
	s.paste(t, "true") // bash says first that it has no terminal
	return s
}

// ended tells the exit code of a paste's last command.
const ended = "printf '\\npasted: %s\\n' $?\n"

// paste types a whole block at once, and gives the programs that it started, what was shown
// and the exit code of its last command. What a program eats of the paste, does not come
// back, and then the block never ends.
func (s *shell) paste(t *testing.T, block string) (calls []invocation, shown string, code int) {
	t.Helper()
	before := len(s.out.String())
	_, err := io.WriteString(s.stdin, strings.TrimRight(block, "\n")+"\n"+ended)
	require.NoError(t, err)
	deadline := time.Now().Add(2 * patience)
	for {
		shown = s.out.String()[before:]
		if at := strings.LastIndex("\n"+shown, "\npasted: "); at >= 0 {
			if text, _, whole := strings.Cut(shown[at+len("pasted: "):], "\n"); whole {
				code, err = strconv.Atoi(text)
				require.NoError(t, err)
				return s.calls(t), strings.ReplaceAll(shown, ended, ""), code
			}
		}
		require.True(t, time.Now().Before(deadline), "%s does not come to the end of this paste:\n%s\nIt showed:\n%s", s.name, block, shown)
		time.Sleep(10 * time.Millisecond)
	}
}

// calls are those since it was asked before.
func (s *shell) calls(t *testing.T) (all []invocation) {
	t.Helper()
	entries, err := os.ReadDir(s.folder)
	require.NoError(t, err)
	for _, e := range entries {
		if slices.Contains(s.seen, e.Name()) {
			continue
		}
		s.seen = append(s.seen, e.Name())
		read := func(name string) string {
			text, err := os.ReadFile(filepath.Join(s.folder, e.Name(), name))
			if !os.IsNotExist(err) {
				require.NoError(t, err)
			}
			return string(text)
		}
		c := invocation{words: strings.Split(strings.TrimSuffix(read("words"), "\x00"), "\x00"), pager: read("pager"), out: read("out"), err: read("err")}
		c.code, err = strconv.Atoi(strings.TrimSpace(read("code")))
		require.NoError(t, err, "%s did not end", c)
		all = append(all, c)
	}
	return all
}
