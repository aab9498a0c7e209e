package faults

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Around makes the faults of a function's invocations.
func Around[F ~func(context.Context, []byte) ([]byte, error)](i *Injector, code F) F {
	return func(ctx context.Context, payload []byte) ([]byte, error) {
		call := Call{At: Function, Action: "lambda:InvokeFunction"}
		if lc, ok := lambdacontext.FromContext(ctx); ok {
			call.Resource = lc.InvokedFunctionArn
		}
		if f := i.before(call); f != nil {
			return nil, f.ends(ctx)
		}
		answer, err := code(ctx, payload)
		if f := i.after(call); f != nil {
			return nil, f.ends(ctx)
		}
		return answer, err
	}
}

var errUnknown = errors.New("something that nothing names")

// ends is how an invocation ends that goes wrong. Lambda has one name for a process that
// exits, and that of a time-out is given by whoever runs the function.
// https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
func (f *Fault) ends(ctx context.Context) error {
	switch f.What {
	case Crashed:
		return messages.InvokeResponse_Error{Type: "Runtime.ExitError", Message: "Error: Runtime exited with error: exit status 2"}
	case OutOfMemory:
		return messages.InvokeResponse_Error{Type: "Runtime.OutOfMemory", Message: "Error: Runtime exited with error: signal: killed"}
	case UnknownError:
		return errUnknown
	case WrappedError:
		return fmt.Errorf("in the function: %w", messages.InvokeResponse_Error{Type: "Autobackup.Transient", Message: "that nobody sees"})
	default: // Silent
		<-ctx.Done()
		return ctx.Err()
	}
}
