package ministack_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"
)

// account is the one that ministack gives to credentials it does not know.
const account = "000000000000"

// patience is how long anything here may take that is waited for: the minute of the queue's
// delivery delay, and what a busy machine adds to it.
const patience = 5 * time.Minute

// server is a ministack that ends with the test.
type server struct {
	url      string
	folder   string // of its files and of the commands'
	recorder *recorder
	front    string // the recorder's address
	caller   string // of commands
}

// start starts a ministack on a free port. Functions that it runs find S3 at
// the address s3, and the other services at ministack. Workflows don't wait: a
// Wait state and a retry's pause take no time.
func start(t *testing.T, s3 string) server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	s := server{url: "http://" + address, folder: t.TempDir(), caller: administrator}
	s.recorder, s.front = record(t, s.url)
	log, err := os.Create(filepath.Join(s.folder, "ministack.log"))
	require.NoError(t, err)
	command := exec.Command(*program)
	command.Dir, command.Stdout, command.Stderr = s.folder, log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // with the functions that it starts
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "TMPDIR=" + s.folder,
		"GATEWAY_PORT=" + port, "BIND_HOST=127.0.0.1", "MINISTACK_HOST=127.0.0.1", "MINISTACK_ACCOUNT_ID=" + account,
		"IOT_MTLS_ENABLED=0", "SFTP_ENABLED=0", "SFN_WAIT_SCALE=0",
		"AWS_ENDPOINT_URL=" + s.url, "AWS_ENDPOINT_URL_S3=" + s3,
	}
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) // it keeps nothing
		_ = command.Wait()
		require.NoError(t, log.Close())
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the last that ministack wrote:\n%s", text[max(0, len(text)-8000):])
		}
	})
	require.Eventually(t, func() bool {
		answer, err := http.Get(s.url + "/_ministack/health")
		return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	}, patience, 50*time.Millisecond, "ministack does not answer")
	return s
}

// config is that of an SDK client of ministack.
func (s server) config(region string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: &s.url,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}

// run runs a command against ministack and gives what it wrote to standard
// output.
func (s server) run(t *testing.T, folder, name string, words ...string) []byte {
	t.Helper()
	out, errors, code := s.try(t, folder, nil, name, words...)
	require.Zero(t, code, "%s %s\n%s\n%s", name, strings.Join(words, " "), out, errors)
	return []byte(out)
}

// try runs a command that may fail. A shell finds sam and aws by these names.
func (s server) try(t *testing.T, folder string, environment []string, name string, words ...string) (out, errors string, code int) {
	t.Helper()
	if name == "aws" { // exec would look where this process does
		name = filepath.Join(filepath.Dir(*sam), name)
	}
	command := exec.CommandContext(t.Context(), name, words...)
	command.Dir = folder
	command.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+s.front, "AWS_ACCESS_KEY_ID="+s.caller, "AWS_SECRET_ACCESS_KEY=test",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_PAGER=", "SAM_CLI_TELEMETRY=0",
		"PATH="+filepath.Dir(*sam)+":"+os.Getenv("PATH"))
	command.Env = append(command.Env, environment...)
	var stdout, stderr strings.Builder
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		require.IsType(t, &exec.ExitError{}, err)
	}
	return stdout.String(), stderr.String(), command.ProcessState.ExitCode()
}
