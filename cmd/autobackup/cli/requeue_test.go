package cli_test

import (
	"encoding/json"
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
	"autobackup/cmd/autobackup/requeue"
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

func TestTheRequeueCommandsOfOperationsWork(t *testing.T) {
	stack, region := deployed(t)
	page, err := os.ReadFile(filepath.Join(project, "docs/operations.md"))
	require.NoError(t, err)
	commands := regexp.MustCompile(`(?m)^(?:go run ./cmd/|bin/)autobackup (requeue.*)$`).FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, commands)
	here := strings.NewReplacer("$region", region, "$stage", "dev")
	for _, command := range commands {
		_, err := stack.SQS.Send("arn:aws:sqs:"+region+":123456789012:autobackup-event-dlq-dev", sqs.Outgoing{Body: "an event"})
		require.NoError(t, err)
		answer(t, "yes\n")
		code, stdout, stderr := run(strings.Fields(here.Replace(command[1]))...)
		assert.Equal(t, cli.Expected, code, "%s\n%s%s", command[0], stdout, stderr)
		assert.NotEmpty(t, stdout, command[0])
	}
}

func TestRequeueExitsByWhatBecameOfTheMessages(t *testing.T) {
	stack, region := deployed(t)
	_, err := stack.SQS.Send("arn:aws:sqs:"+region+":123456789012:autobackup-event-dlq-dev", sqs.Outgoing{Body: "an event"})
	require.NoError(t, err)

	answer(t, "no\n")
	code, stdout, stderr := run("requeue")
	assert.Equal(t, cli.Unexpected, code)
	assert.Contains(t, stdout, "Nothing was put back.")
	assert.Contains(t, stderr, "Put 1 message back into autobackup-validation-queue-dev? [y/N]")
	assert.Contains(t, stderr, "AWS_ENDPOINT_URL is set: this is about the stack at "+os.Getenv("AWS_ENDPOINT_URL")+", not about AWS's.\n")

	code, stdout, stderr = run("requeue", "--stage", "qa")
	assert.Equal(t, cli.Trouble, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "autobackup: error: there is no queue autobackup-validation-queue-qa in "+region)

	code, stdout, stderr = run("requeue", "--yes", "--json")
	assert.Equal(t, cli.Expected, code, stderr)
	var report requeue.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	assert.Equal(t, 1, report.EventDLQ.Sent)
	assert.Equal(t, region, report.Region)
	assert.Contains(t, stderr, "autobackup-event-dlq-dev", "the plan shows, beside the JSON")

	_, err = stack.SQS.Send("arn:aws:sqs:"+region+":123456789012:autobackup-event-dlq-dev", sqs.Outgoing{Body: strings.Repeat("large", 1000)})
	require.NoError(t, err)
	code, stdout, stderr = run("requeue", "--yes")
	assert.Equal(t, cli.Unexpected, code, stderr)
	assert.Contains(t, stdout, "Left where they are: 1 message\n")
	assert.Contains(t, stdout, "it has 5000 bytes, and autobackup-validation-queue-dev takes at most 2048")

	code, stdout, stderr = run("requeue", "--yes", "--ledger", t.TempDir())
	assert.Equal(t, cli.Trouble, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "is a directory (name another file with --ledger)")

	t.Setenv("AWS_REGION", "")
	code, _, stderr = run("requeue")
	assert.Equal(t, cli.Trouble, code)
	assert.Contains(t, stderr, "name the primary stack's with --region or AWS_REGION")
}

func TestTheHelpOfRequeueTellsItsExitCodes(t *testing.T) {
	code, stdout, _ := run("requeue", "--help")
	assert.Zero(t, code)
	assert.Contains(t, stdout, "Exit codes: 0 everything found was put back")
}
