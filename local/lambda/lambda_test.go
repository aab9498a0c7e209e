package lambda_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/lambda"
)

const functionARN = "arn:aws:lambda:eu-west-1:111122223333:function:test"

func ids() func() string {
	var n atomic.Int64
	return func() string { return fmt.Sprintf("id-%06d", n.Add(1)) }
}

func newFunction(t *testing.T, h lambda.Handler) *lambda.Function {
	t.Helper()
	f, err := lambda.NewInProcess(clock.Real(), ids(), lambda.Config{Name: "test", ARN: functionARN, Timeout: 3}, h)
	require.NoError(t, err)
	return f
}

type brokenError struct{}

func (brokenError) Error() string { return "broken" }

func TestErrorsOfAHandlerHaveTheNamesOfTheGoRuntime(t *testing.T) {
	for name, c := range map[string]struct {
		handler       lambda.Handler
		want, payload string
	}{
		"named by value":        {fails(messages.InvokeResponse_Error{Type: "Named", Message: "m"}), "Named: m", `{"errorMessage":"m","errorType":"Named"}`},
		"named, but wrapped":    {fails(fmt.Errorf("w: %w", messages.InvokeResponse_Error{Type: "Named", Message: "m"})), "wrapError: ", ""},
		"joined":                {fails(errors.Join(errors.New("a"))), "joinError: a", `{"errorMessage":"a","errorType":"joinError"}`},
		"a type of its own":     {fails(brokenError{}), "brokenError: broken", `{"errorMessage":"broken","errorType":"brokenError"}`},
		"a pointer":             {fails(&brokenError{}), "brokenError: broken", `{"errorMessage":"broken","errorType":"brokenError"}`},
		"a panic with text":     {func(context.Context, []byte) ([]byte, error) { panic("text") }, "string: text", `{"errorMessage":"text","errorType":"string"}`},
		"a panic with an error": {func(context.Context, []byte) ([]byte, error) { panic(brokenError{}) }, "brokenError: broken", `{"errorMessage":"broken","errorType":"brokenError"}`},
		"a panic with a named error": {func(context.Context, []byte) ([]byte, error) {
			panic(messages.InvokeResponse_Error{Type: "Named", Message: "m"})
		}, "Named: m", `{"errorMessage":"m","errorType":"Named"}`},
		"an answer that is too large": {func(context.Context, []byte) ([]byte, error) { return make([]byte, 6<<20+1), nil },
			"Function.ResponseSizeTooLarge: Response payload size exceeded maximum allowed payload size (6291456 bytes).", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newFunction(t, c.handler).Invoke(t.Context(), nil)
			var got *lambda.FunctionError
			require.ErrorAs(t, err, &got)
			assert.True(t, strings.HasPrefix(got.Error(), c.want), got.Error())
			if c.payload != "" {
				assert.JSONEq(t, c.payload, string(got.Payload))
			}
		})
	}
}

func fails(err error) lambda.Handler {
	return func(context.Context, []byte) ([]byte, error) { return nil, err }
}

func TestAHandlerGetsItsPayloadAndContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFunction(t, func(ctx context.Context, payload []byte) ([]byte, error) {
			lc, _ := lambdacontext.FromContext(ctx)
			deadline, _ := ctx.Deadline()
			return fmt.Appendf(nil, "%s %s %s %s", payload, lc.AwsRequestID, lc.InvokedFunctionArn, time.Until(deadline)), nil
		})
		answer, err := f.Invoke(t.Context(), []byte(`"payload"`))
		require.NoError(t, err)
		assert.Equal(t, `"payload" id-000001 `+functionARN+" 3s", string(answer))
	})
}

func TestAHandlerIsEndedAtItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, h := range map[string]lambda.Handler{
			"it heeds its context": func(ctx context.Context, _ []byte) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() },
			"it doesn't":           func(context.Context, []byte) ([]byte, error) { time.Sleep(time.Hour); return nil, nil },
		} {
			for range 20 { // whichever of handler and time-out is seen first
				start := time.Now()
				_, err := newFunction(t, h).Invoke(t.Context(), nil)
				assert.EqualError(t, err, "Sandbox.Timedout: RequestId: id-000001 Error: Task timed out after 3.00 seconds", name)
				assert.Equal(t, 3*time.Second, time.Since(start), name)
			}
		}
		time.Sleep(time.Hour)
	})
}

func TestACallerThatGoesAwayIsNoTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := newFunction(t, func(ctx context.Context, _ []byte) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() }).Invoke(ctx, nil)
		assert.ErrorIs(t, err, context.Canceled)
	})
}

func TestFaultsFailTheNextInvocationsWithoutRunningThem(t *testing.T) {
	runs := 0
	f := newFunction(t, func(context.Context, []byte) ([]byte, error) { runs++; return []byte("ok"), nil })
	f.FailNext(2, lambda.FunctionError{Type: "Lambda.TooManyRequestsException", Message: "Rate Exceeded."})
	for range 2 {
		_, err := f.Invoke(t.Context(), nil)
		var got *lambda.FunctionError
		require.ErrorAs(t, err, &got)
		assert.Equal(t, "Lambda.TooManyRequestsException", got.Type)
		assert.JSONEq(t, `{"errorType":"Lambda.TooManyRequestsException","errorMessage":"Rate Exceeded."}`, string(got.Payload))
	}
	answer, err := f.Invoke(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, "ok", string(answer))
	assert.Equal(t, 1, runs)
}

func TestAPayloadOverSixMegabytesIsRefused(t *testing.T) {
	f := newFunction(t, func(_ context.Context, p []byte) ([]byte, error) { return nil, nil })
	_, err := f.Invoke(t.Context(), make([]byte, 6<<20+1))
	assert.EqualError(t, err, "RequestTooLargeException: Request must be smaller than 6291456 bytes for the InvokeFunction operation")
	_, err = f.Invoke(t.Context(), []byte(`"`+strings.Repeat("x", 6<<20-2)+`"`))
	assert.NoError(t, err)
}

// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
func TestAPayloadThatIsNoJSONIsRefusedWithoutRunningTheFunction(t *testing.T) {
	runs := 0
	f := newFunction(t, func(context.Context, []byte) ([]byte, error) { runs++; return nil, nil })
	for _, payload := range []string{"{", "text", `{"a":1} {"b":2}`, "'a'", "\xef\xbb\xbf{}"} {
		_, err := f.Invoke(t.Context(), []byte(payload))
		require.ErrorContains(t, err, "InvalidRequestContentException: Could not parse request body into json: ", payload)
	}
	assert.Zero(t, runs)
	for _, payload := range []string{"", "null", " [1] ", `"text"`} {
		_, err := f.Invoke(t.Context(), []byte(payload))
		require.NoError(t, err, payload)
	}
}

func TestFunctionsAreCheckedWhenCreated(t *testing.T) {
	for want, c := range map[string]lambda.Config{
		`function f: "f" is no function ARN; write it as arn:aws:lambda:region:account:function:name`: {Name: "f", ARN: "f", Timeout: 3},
		"function f: Timeout is 0 seconds; use 1 to 900":                                              {Name: "f", ARN: functionARN},
		"function f: Timeout is 901 seconds; use 1 to 900":                                            {Name: "f", ARN: functionARN, Timeout: 901},
	} {
		_, err := lambda.NewInProcess(clock.Real(), ids(), c, nil)
		assert.EqualError(t, err, want)
		_, err = lambda.NewBinary(clock.Real(), ids(), c, "bootstrap")
		assert.EqualError(t, err, want)
	}
}
