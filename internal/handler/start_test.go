package handler_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/handler"
)

// TestMain makes the test's own binary a Lambda function where GREETING is set,
// because handler.Start never returns.
func TestMain(m *testing.M) {
	if os.Getenv("GREETING") != "" {
		handler.Start(build)
	}
	os.Exit(m.Run())
}

func build(cfg aws.Config, env func(string) string, log *slog.Logger) (handler.Func, error) {
	if env("GREETING") != "hello" {
		return nil, fmt.Errorf("environment variable GREETING is %q: set it to hello", env("GREETING"))
	}
	return handler.New("greet", log, func(ctx context.Context, r request) (string, error) {
		switch r.Name {
		case "slow":
			return "", fmt.Errorf("greet: %w", context.DeadlineExceeded)
		case "wrapped":
			return "", fmt.Errorf("greet: %w", errors.New("nobody there"))
		case "gc":
			return strconv.Itoa(debug.SetGCPercent(handler.GCPercent)), nil // the setting until now
		case "panic":
			panic("no such guest")
		}
		return "hello " + r.Name + " in " + cfg.Region, nil
	}), nil
}

// function is this test's binary as a function with the given environment.
func function(ctx context.Context, env ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append([]string{"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null"}, env...)
	return cmd
}

// TestErrorNamesReachTheStateMachine runs aws-lambda-go's own loop against a
// runtime API, which is what decides how ErrorEquals sees an error.
func TestErrorNamesReachTheStateMachine(t *testing.T) {
	exchanges := []struct{ payload, path, body string }{
		{`{"name":"you"}`, "/response", `"hello you in eu-central-1"`},
		{`{"name":"gc"}`, "/response", `"400"`},
		{`{"name":1}`, "/error", `{"errorMessage":"bad input: decode the payload: json: cannot unmarshal number into Go struct field request.name of type string; the folder events has a good one of each function","errorType":"Autobackup.BadInput"}`},
		{`{"name":"slow"}`, "/error", `{"errorMessage":"greet: context deadline exceeded","errorType":"Autobackup.Transient"}`},
		{`{"name":"wrapped"}`, "/error", `{"errorMessage":"greet: nobody there","errorType":"Autobackup.Internal"}`},
		{`{"name":"panic"}`, "/error", `{"errorMessage":"panic: no such guest","errorType":"Autobackup.Internal"}`},
		{`{"name":"again"}`, "/response", `"hello again in eu-central-1"`},
	}
	payloads := make([]string, len(exchanges))
	for i := range exchanges {
		payloads[i] = exchanges[i].payload
	}
	got, output := invoked(t, payloads, "GREETING=hello", "AWS_REGION=eu-central-1")
	for i, want := range exchanges {
		assert.Equal(t, want.path+" "+want.body, got[i])
	}
	assert.Contains(t, output, `"stack":"goroutine`)
}

// invoked are the answers of a function to these payloads, each behind its path in the
// runtime API, and what the function wrote.
func invoked(t *testing.T, payloads []string, env ...string) (answers []string, output string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			answers = append(answers, strings.TrimPrefix(r.URL.Path, "/2018-06-01/runtime/invocation/r")+" "+string(body))
			w.WriteHeader(http.StatusAccepted)
			return
		}
		if len(answers) == len(payloads) {
			cancel()
			<-r.Context().Done()
			return
		}
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "r")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", "4102444800000")
		_, _ = io.WriteString(w, payloads[len(answers)])
	}))
	written, err := function(ctx, append(env, "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(api.URL, "http://"))...).CombinedOutput()
	api.Close()
	require.Error(t, err, "the function runs until it is killed")
	require.Len(t, answers, len(payloads), string(written))
	return answers, string(written)
}

func TestUnderSamLocalInvokeAFunctionThatCanNotBeBuiltAnswersWithWhatToSet(t *testing.T) {
	got, output := invoked(t, []string{`{"name":"you"}`}, "GREETING=hi", "AWS_REGION=eu-central-1", "AWS_SAM_LOCAL=true")
	assert.Equal(t, []string{`/error {"errorMessage":"function does not start: environment variable GREETING is \"hi\": set it to hello","errorType":"Autobackup.Internal"}`}, got)
	assert.Contains(t, output, `"msg":"function does not start"`)
}

func TestFunctionThatCanNotBeBuiltSaysWhatToSet(t *testing.T) {
	tests := map[string]struct {
		env  []string
		want string
	}{
		"a variable of its own": {
			[]string{"GREETING=hi", "AWS_REGION=eu-central-1"}, `"error":"environment variable GREETING is \"hi\": set it to hello"`,
		},
		"no region": {
			[]string{"GREETING=hello"}, `"error":"environment variable AWS_REGION is not set: set it to the function's region, like eu-central-1"`,
		},
		"a variable of the SDK": {
			[]string{"GREETING=hello", "AWS_REGION=eu-central-1", "AWS_MAX_ATTEMPTS=many"}, `"error":"load the AWS configuration from the environment: `,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			output, err := function(t.Context(), tt.env...).CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			assert.Equal(t, 1, exit.ExitCode())
			assert.Contains(t, string(output), `"level":"ERROR","msg":"function does not start",`+tt.want)
		})
	}
}
