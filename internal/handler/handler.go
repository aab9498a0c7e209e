// Package handler is the boundary between AWS Lambda and a function's code:
// payloads are decoded strictly, answers encoded, panics caught, and every error
// gets a name that the state machine can match. It knows no function.
package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Func is one function as Lambda invokes it: a JSON payload in, a JSON answer
// out. Its errors are messages.InvokeResponse_Error by value and nothing else,
// because aws-lambda-go takes the error's name from the outermost Go type of
// anything else.
type Func func(ctx context.Context, payload []byte) ([]byte, error)

// Invoke makes Func a lambda.Handler, so that aws-lambda-go hands it the payload
// as it is.
func (f Func) Invoke(ctx context.Context, payload []byte) ([]byte, error) { return f(ctx, payload) }

// Validator is implemented by an input that can be of the right shape and still
// wrong. Its error says what is wrong and what it should be.
type Validator interface{ Validate() error }

// New puts f behind the boundary. The payload must be one JSON value of In's
// shape; fields that In doesn't have are ignored, because AWS adds some. Errors
// are logged and answered with a name of package reason: BadInput for such a
// payload, Transient where AWS did not answer f or asked it to slow down,
// Internal for a panic and all other errors of f.
func New[In, Out any](name string, log *slog.Logger, f func(context.Context, In) (Out, error)) Func {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		answer, err := invoke(ctx, payload, f)
		if err == nil {
			return answer, nil
		}
		named := nameError(err)
		log.LogAttrs(ctx, slog.LevelError, "invocation failed", append(logged(err),
			slog.String("function", name), slog.String("requestId", requestID(ctx)),
			slog.String("errorType", named.Type), slog.String("errorMessage", named.Message))...)
		return nil, named
	}
}

func invoke[In, Out any](ctx context.Context, payload []byte, f func(context.Context, In) (Out, error)) (answer []byte, err error) {
	defer func() {
		if value := recover(); value != nil {
			answer, err = nil, &panicked{value: value, stack: debug.Stack()}
		}
	}()
	in, err := decode[In](payload)
	if err != nil {
		return nil, &badInput{err}
	}
	out, err := f(ctx, in)
	if err != nil {
		return nil, err
	}
	return encode(out)
}

func decode[In any](payload []byte) (in In, err error) {
	if err := json.Unmarshal(payload, &in); err != nil {
		return in, fmt.Errorf("decode the payload: %w", err)
	}
	if v, ok := any(&in).(Validator); ok {
		return in, v.Validate()
	}
	return in, nil
}

// encode leaves <, > and & as they are: escaped they would take six bytes each
// of the workflow's 256 KiB.
func encode(out any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(out); err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}

func requestID(ctx context.Context) string {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		return lc.AwsRequestID
	}
	return ""
}
