package cli_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/local"
	"autobackup/local/clock"
)

// opening is an output that opens the address in it, as a browser would, and then has Ctrl-C pressed.
type opening struct {
	t    *testing.T
	text strings.Builder
	page chan string
}

func (o *opening) Write(b []byte) (int, error) {
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+/\?token=\w+`).Find(b)
	require.NotNil(o.t, address, string(b))
	go func() {
		page := ""
		jar, _ := cookiejar.New(nil)
		r, _ := http.NewRequestWithContext(o.t.Context(), http.MethodGet, string(address), nil)
		if answer, err := (&http.Client{Jar: jar}).Do(r); err == nil {
			text, _ := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			page = string(text)
		}
		o.page <- page
		_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
	}()
	return o.text.Write(b)
}

// What docs/console.md has people type shows a page until it is stopped.
func TestTheConsoleShowsThePageUntilItIsStopped(t *testing.T) {
	g := newGuarded(t, clock.Real())
	t.Setenv("AWS_ACCESS_KEY_ID", local.AccessKey)
	text, err := os.ReadFile("../../../docs/console.md")
	require.NoError(t, err)
	lines := regexp.MustCompile(`(?m)^autobackup console .*$`).FindAllString(string(text), -1)
	require.Len(t, lines, 2)
	for i, does := range []string{"reads and changes nothing", "has messages retried and discarded where you say so"} {
		words := strings.Fields(strings.ReplaceAll(lines[i], "eu-central-1", g.first))
		out, said := &opening{t: t, page: make(chan string, 1)}, strings.Builder{}
		assert.Equal(t, cli.Expected, cli.Run(append(words[1:], "--listen", "127.0.0.1:0"), out, &said), said.String())
		page := <-out.page
		assert.Contains(t, page, "<h1>Overview</h1>")
		assert.Contains(t, page, "<strong>dev</strong>")
		assert.Contains(t, out.text.String(), "The page of the stage dev, which "+does+", until Ctrl-C:\n")
	}
}

// The page can read what the credentials can: it is for this machine alone.
func TestTheConsoleListensOnThisMachineAlone(t *testing.T) {
	g := newGuarded(t, clock.Real())
	t.Setenv("AWS_ACCESS_KEY_ID", local.AccessKey)
	for listen, want := range map[string]string{
		"0.0.0.0:0": "name an address of the loopback", "nowhere": "listen on nowhere: ",
	} {
		code, stdout, stderr := run("console", "--region", g.first, "--listen", listen)
		assert.Equal(t, cli.Trouble, code)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, want)
	}
}

// A page of what is not there would say so only to who has opened it.
func TestTheConsoleShowsNoPageOfAStageThatIsNotThereOrThatNobodyMayAskFor(t *testing.T) {
	g := newGuarded(t, clock.Real())
	t.Setenv("AWS_ACCESS_KEY_ID", local.AccessKey)
	code, stdout, stderr := run("console", "--stage", "nope", "--region", g.first, "--listen", "127.0.0.1:0")
	assert.Equal(t, cli.Trouble, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "there is no queue autobackup-validation-dlq-nope in "+g.first+": name the stage with --stage")

	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	code, stdout, stderr = run("console", "--region", g.first, "--listen", "127.0.0.1:0")
	assert.Equal(t, cli.Trouble, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "find credentials for your account: ")
}
