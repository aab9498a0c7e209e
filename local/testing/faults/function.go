package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

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
		f := i.before(call)
		i.set(call.Resource, f)
		if err := i.ends(ctx, f); err != nil {
			return nil, err
		}
		answer, err := code(ctx, payload)
		if err := i.ends(ctx, i.after(call)); err != nil {
			return nil, err
		}
		return answer, err
	}
}

var errUnknown = errors.New("something that nothing names")

// ends is how an invocation ends that goes wrong: nil where it goes on. Lambda has one name for a
// process that exits, and that of a time-out is given by whoever runs the function.
// https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
func (i *Injector) ends(ctx context.Context, f *Fault) error {
	if f == nil {
		return nil
	}
	switch f.What {
	case Ahead, Behind:
		return nil
	case Slow:
		i.almost(ctx)
		return nil
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

// almost waits until a second before whoever waits gives up, if somebody will.
func (i *Injector) almost(ctx context.Context) {
	if deadline, ok := ctx.Deadline(); ok {
		_ = i.clk.Sleep(ctx, deadline.Sub(i.clk.Now())-time.Second) // who gives up earlier is told so
	}
}

// astray is by how much a function's clock is wrong: more than signatures may be old.
// https://docs.aws.amazon.com/AmazonS3/latest/developerguide/RESTAuthentication.html#RESTAuthenticationTimeStamp
const astray = 20 * time.Minute

// set sets a function's clock for an invocation.
func (i *Injector) set(functionARN string, f *Fault) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.skew[functionARN] = 0
	switch {
	case f != nil && f.What == Ahead:
		i.skew[functionARN] = astray
	case f != nil && f.What == Behind:
		i.skew[functionARN] = -astray
	}
}

// Clock is that of the functions of a name, in whatever region. Invocations of one that are under
// way at once have the clock of the one that came last.
func (i *Injector) Clock(function string) func() time.Time {
	return func() time.Time {
		i.mu.Lock()
		defer i.mu.Unlock()
		now := i.clk.Now()
		for arn, skew := range i.skew {
			if strings.HasSuffix(arn, ":"+function) {
				now = now.Add(skew)
			}
		}
		return now
	}
}
