package lambda_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/lambda"
)

// executable is testdata/function, built once.
var executable = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "function")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "bootstrap")
	out, err := exec.Command("go", "build", "-tags=lambda.norpc", "-o", path, "./testdata/function").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := executable(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

func newBinary(t *testing.T, change func(*lambda.Config)) *lambda.Function {
	t.Helper()
	path, err := executable()
	require.NoError(t, err)
	c := lambda.Config{Name: "test", ARN: functionARN, Timeout: 30, MemorySize: 128, Environment: map[string]string{"BUCKET": "b", "AWS_LAMBDA_RUNTIME_API": "elsewhere"}}
	if change != nil {
		change(&c)
	}
	f, err := lambda.NewBinary(clock.Real(), ids(), c, path)
	require.NoError(t, err)
	t.Cleanup(f.Close)
	return f
}

func do(t *testing.T, f *lambda.Function, what string) (string, error) {
	t.Helper()
	answer, err := f.Invoke(t.Context(), []byte(`{"do":"`+what+`"}`))
	return string(answer), err
}

func TestAnExecutableGetsItsEnvironmentAndNothingElse(t *testing.T) {
	t.Setenv("SECRET_OF_THE_HOST", "x")
	answer, err := do(t, newBinary(t, nil), "environment")
	require.NoError(t, err)
	var env []string
	require.NoError(t, json.Unmarshal([]byte(answer), &env))
	for _, want := range []string{"BUCKET=b", "AWS_REGION=eu-west-1", "AWS_LAMBDA_FUNCTION_NAME=test", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128"} {
		assert.Contains(t, env, want)
	}
	assert.NotContains(t, answer, "SECRET_OF_THE_HOST")
	assert.NotContains(t, env, "AWS_LAMBDA_RUNTIME_API=elsewhere")
}

func TestAnInvocationHasItsContext(t *testing.T) {
	answer, err := do(t, newBinary(t, nil), "context")
	require.NoError(t, err)
	var got struct {
		ID, ARN, Trace string
		Left           float64
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &got))
	assert.Equal(t, "id-000001", got.ID)
	assert.Equal(t, functionARN, got.ARN)
	assert.InDelta(t, 30, got.Left, 5)
	assert.Regexp(t, `^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$`, got.Trace)
}

func TestErrorsOfAnExecutableHaveTheirNames(t *testing.T) {
	f := newBinary(t, nil)
	for what, want := range map[string]lambda.FunctionError{
		"typed":   {Type: "gone", Message: "gone"},
		"wrapped": {Type: "wrapError", Message: "wrapped: gone"},
		"plain":   {Type: "errorString", Message: "plain"},
		"named":   {Type: "ReplicaGone", Message: "named"},
		"panic":   {Type: "string", Message: "at the disco"},
	} {
		_, err := do(t, f, what)
		var got *lambda.FunctionError
		require.ErrorAs(t, err, &got, what)
		assert.Equal(t, want.Type, got.Type)
		assert.Equal(t, want.Message, got.Message)
		assert.Contains(t, string(got.Payload), `"errorType":"`+want.Type+`"`)
	}
}

func TestAProcessIsUsedAgainUntilItEnds(t *testing.T) {
	f := newBinary(t, nil)
	pid := func() string {
		answer, err := do(t, f, "pid")
		require.NoError(t, err)
		return answer
	}
	first := pid()
	assert.Equal(t, first, pid())
	_, err := do(t, f, "plain")
	assert.Error(t, err)
	assert.Equal(t, first, pid(), "an error doesn't end it")
	_, err = do(t, f, "panic")
	assert.Error(t, err)
	second := pid()
	assert.NotEqual(t, first, second, "a panic does")
	_, err = do(t, f, "exit")
	assert.EqualError(t, err, "Runtime.ExitError: RequestId: id-000007 Error: Runtime exited with error: exit status 7")
	assert.NotEqual(t, second, pid())
}

func TestAnExecutableThatHangsIsKilledAndReplaced(t *testing.T) {
	f := newBinary(t, func(c *lambda.Config) { c.Timeout = 1 })
	start := clock.Real().Now()
	_, err := do(t, f, "hang")
	assert.Less(t, clock.Real().Now().Sub(start), 5*time.Second)
	assert.EqualError(t, err, "Sandbox.Timedout: RequestId: id-000001 Error: Task timed out after 1.00 seconds")
	_, err = do(t, f, "pid")
	assert.NoError(t, err)
}

func TestInvocationsRunAtOnceUpToTheConcurrency(t *testing.T) {
	f := newBinary(t, func(c *lambda.Config) { c.Concurrency = 2 })
	var mu sync.Mutex
	pids := map[string]bool{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			answer, err := f.Invoke(t.Context(), []byte(`{"do":"pid"}`))
			mu.Lock()
			defer mu.Unlock()
			assert.NoError(t, err)
			pids[string(answer)] = true
		})
	}
	all.Wait()
	assert.LessOrEqual(t, len(pids), 2)
}

func TestEachLineOfAnExecutableIsAnEventOfTheFunctionsLogGroup(t *testing.T) {
	for name, log := range map[string]io.Writer{"beside a log": io.Discard, "alone": nil} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var lines []string
			f := newBinary(t, func(c *lambda.Config) {
				c.Log = log
				c.Logged = func(line string) {
					mu.Lock()
					defer mu.Unlock()
					lines = append(lines, line)
				}
			})
			for range 2 {
				_, err := do(t, f, "log")
				require.NoError(t, err)
			}
			f.Close()
			lines = slices.DeleteFunc(lines, func(l string) bool { return strings.Contains(l, " RequestId: ") }) // of Lambda itself
			assert.Equal(t, []string{"a line for the log", "a line for the log"}, lines)
		})
	}
}

func TestWhatAnExecutableWritesGoesToTheLog(t *testing.T) {
	var log bytes.Buffer
	f := newBinary(t, func(c *lambda.Config) { c.Log = &log })
	_, err := do(t, f, "log")
	require.NoError(t, err)
	f.Close()
	assert.Contains(t, log.String(), "a line for the log\n")
	_, err = f.Invoke(t.Context(), nil)
	assert.EqualError(t, err, "ResourceNotFoundException: Function not found: "+functionARN+" has been closed")
}

// A line of metrics is measured once it has ended, and stands in the log as well.
func TestLinesOfMetricsOfAnExecutableAreHandedOn(t *testing.T) {
	var log bytes.Buffer
	var lines []string
	f := newBinary(t, func(c *lambda.Config) {
		c.Log, c.Embedded = &log, func(line []byte) { lines = append(lines, string(line)) }
	})
	for range 2 {
		_, err := do(t, f, "measure")
		require.NoError(t, err)
	}
	f.Close()
	assert.Equal(t, []string{`{"Verified":1,"_aws":{"n":1}}`, `{"Verified":1,"_aws":{"n":1}}`}, lines)
	assert.Equal(t, 4, strings.Count(log.String(), "\n"))
}

func TestAnExecutableThatCannotStartIsTold(t *testing.T) {
	f := newBinary(t, func(c *lambda.Config) { c.Environment = map[string]string{"FAIL_INIT": "1"} })
	_, err := do(t, f, "pid")
	assert.EqualError(t, err, "Runtime.ExitError: RequestId: id-000001 Error: Runtime exited with error: exit status 3")

	missing, err := lambda.NewBinary(clock.Real(), ids(), lambda.Config{Name: "test", ARN: functionARN, Timeout: 1}, filepath.Join(t.TempDir(), "bootstrap"))
	require.NoError(t, err)
	defer missing.Close()
	_, err = do(t, missing, "pid")
	var got *lambda.FunctionError
	require.ErrorAs(t, err, &got)
	assert.Equal(t, "Runtime.InvalidEntrypoint", got.Type)
	assert.True(t, strings.HasSuffix(got.Message, "no such file or directory"), got.Message)
}

func TestAnAnswerOverSixMegabytesIsAnError(t *testing.T) {
	_, err := do(t, newBinary(t, nil), "large")
	assert.EqualError(t, err, "Function.ResponseSizeTooLarge: Response payload size exceeded maximum allowed payload size (6291456 bytes).")
}
