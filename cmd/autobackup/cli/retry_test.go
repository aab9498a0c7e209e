package cli_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/cmd/autobackup/cli"
	"autobackup/cmd/autobackup/retry"
	"autobackup/internal/handler"
	"autobackup/internal/wire"
	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/lambda"
	"autobackup/local/sqs"
)

// deployed is a primary stack at a loopback address that the environment's AWS
// configuration leads to. Its functions are never called.
func deployed(t *testing.T) (stack *local.Stack, region string) {
	t.Helper()
	environment, err := local.Environment(project, "default")
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(nil)
	stack, err = local.Start(t.Context(), local.Config{
		Clock: clock.Skipping(t.Context()), Project: project, Dir: t.TempDir(), Account: "123456789012",
		URL:     "http://" + server.Listener.Addr().String(),
		Runtime: lambda.InProcess(wire.Functions(io.Discard, time.Now), handler.Logger(io.Discard), func(region string) aws.Config { return aws.Config{Region: region} }),
	})
	require.NoError(t, err)
	server.Config.Handler = stack
	server.Start()
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, stack.Close())
	})
	_, err = stack.Deploy(environment, nil)
	require.NoError(t, err)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": environment.Region, "AWS_ACCESS_KEY_ID": local.AccessKey,
		"AWS_SECRET_ACCESS_KEY": local.SecretKey, "AWS_PROFILE": "", "AWS_DEFAULT_REGION": "", "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
		"HOME": t.TempDir(), "XDG_CONFIG_HOME": t.TempDir(),
	} {
		t.Setenv(name, value)
	}
	return stack, environment.Region
}

// answer makes standard input give a text.
func answer(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "stdin")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	opened, err := os.Open(file)
	require.NoError(t, err)
	before := os.Stdin
	os.Stdin = opened
	t.Cleanup(func() {
		os.Stdin = before
		require.NoError(t, opened.Close())
	})
}

func undelivered(t *testing.T, stack *local.Stack, region, body string) {
	t.Helper()
	_, err := stack.SQS.Send("arn:aws:sqs:"+region+":123456789012:autobackup-event-dlq-dev", sqs.Outgoing{Body: body})
	require.NoError(t, err)
}

// typed are the words of a command, of which some are in quotes.
var typed = regexp.MustCompile(`"[^"]*"|\S+`)

func TestTheCommandsOfThePagesAboutMessagesWork(t *testing.T) {
	stack, region := deployed(t)
	pages, err := filepath.Glob(filepath.Join(project, "docs/runbooks/*.md"))
	require.NoError(t, err)
	var commands [][]string
	for _, file := range append(pages, filepath.Join(project, "docs/operations.md")) {
		page, err := os.ReadFile(file) //nolint:gosec // the project's
		require.NoError(t, err)
		commands = append(commands, regexp.MustCompile(`(?m)^(?:go run ./cmd/|bin/)autobackup ((?:parked|retry|discard) .*)$`).FindAllStringSubmatch(string(page), -1)...)
	}
	require.Greater(t, len(commands), 15)
	here := strings.NewReplacer("$region", region, "$stage", "dev")
	for i, command := range commands {
		// Each is another: the clock of this stack skips and answers' dates do not, so that all is newer than a run.
		undelivered(t, stack, region, fmt.Sprint("event ", i))
		answer(t, "yes\n")
		var words []string
		for _, word := range typed.FindAllString(here.Replace(command[1]), -1) {
			words = append(words, strings.Trim(word, `"`))
		}
		code, stdout, stderr := run(words...)
		want := cli.Expected
		if words[0] == "parked" && !strings.Contains(command[1], "--done") {
			want = cli.Unexpected // there is something
		}
		assert.Equal(t, want, code, "%s\n%s%s", command[0], stdout, stderr)
		assert.NotEmpty(t, stdout, command[0])
	}
}

func TestRetryExitsByWhatBecameOfTheMessages(t *testing.T) {
	stack, region := deployed(t)
	undelivered(t, stack, region, "an event")

	code, stdout, stderr := run("retry")
	assert.Equal(t, cli.Trouble, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "autobackup: error: --why is missing")

	answer(t, "no\n")
	code, stdout, stderr = run("retry", "--why", "mended")
	assert.Equal(t, cli.Unexpected, code)
	assert.Contains(t, stdout, "result  the answer was no: nothing was changed   exit 1\n")
	assert.Contains(t, stderr, "Send 1 message to autobackup-validation-queue-dev? [y/N]")
	assert.Contains(t, stderr, "AWS_ENDPOINT_URL is set: this is about the stack at "+os.Getenv("AWS_ENDPOINT_URL")+", not about AWS's.\n")

	code, stdout, stderr = run("retry", "--stage", "qa", "--dry-run")
	assert.Equal(t, cli.Trouble, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "autobackup: error: there is no queue autobackup-validation-queue-qa in "+region)

	code, stdout, stderr = run("retry", "--from", "event-dlq", "--why", "mended", "--yes", "--json")
	assert.Equal(t, cli.Expected, code, stderr)
	var report retry.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	assert.Equal(t, 1, report.EventDLQ.Done)
	assert.Equal(t, region, report.Region)
	assert.Contains(t, stderr, "autobackup-event-dlq-dev", "the plan shows, beside the JSON")

	undelivered(t, stack, region, strings.Repeat("large", 1000))
	code, stdout, stderr = run("retry", "--from", "event-dlq", "--why", "mended", "--yes")
	assert.Equal(t, cli.Unexpected, code, stderr)
	assert.Contains(t, stdout, "Left where they are: 1 message\n")
	assert.Contains(t, stdout, "it has 5000 bytes, and autobackup-validation-queue-dev takes at most 2048")
	assert.True(t, strings.HasSuffix(stdout, "result  0 messages done, 1 left where they are   exit 1\n"), stdout)

	code, stdout, stderr = run("discard", "--from", "event-dlq", "--why", "checked by hand", "--yes")
	assert.Equal(t, cli.Expected, code, stderr)
	assert.Contains(t, stdout, "result  all done, 1 message   exit 0\n")
	code, stdout, stderr = run("parked", "--done")
	assert.Equal(t, cli.Expected, code, stderr)
	assert.Contains(t, stdout, " checked by hand ")
	assert.Contains(t, stdout, "result  3 operations since ")
	code, stdout, stderr = run("parked", "--json")
	assert.NotEqual(t, cli.Trouble, code, stderr)
	assert.True(t, json.Valid([]byte(stdout)))

	t.Setenv("AWS_REGION", "")
	for _, command := range []string{"retry", "discard", "parked"} {
		code, _, stderr = run(command)
		assert.Equal(t, cli.Trouble, code)
		assert.Contains(t, stderr, "name the primary stack's with --region or AWS_REGION")
	}
}
