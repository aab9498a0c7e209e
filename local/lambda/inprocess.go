package lambda

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"autobackup/local/clock"
)

// Handler is a function's code.
type Handler func(ctx context.Context, payload []byte) ([]byte, error)

// NewInProcess returns a function that runs handler in this process. Its
// context has the deadline by clk and the LambdaContext of aws-lambda-go. A
// handler that goes on after its time-out is left alone: its answer is dropped.
func NewInProcess(clk *clock.Clock, newID func() string, c Config, handler Handler) (*Function, error) {
	return newFunction(clk, newID, c, &inProcess{clk, c, handler})
}

type inProcess struct {
	clk     *clock.Clock
	config  Config
	handler Handler
}

func (*inProcess) close() {}

// withDeadline gives a clock's context the deadline that Lambda's has.
type withDeadline struct {
	context.Context
	at time.Time
}

func (c withDeadline) Deadline() (time.Time, bool) { return c.at, true }

type outcome struct {
	payload []byte
	err     error
}

func (p *inProcess) run(parent context.Context, i invocation) ([]byte, error) {
	ctx, cancel := p.clk.WithTimeout(parent, p.config.timeout())
	defer cancel()
	ctx = withDeadline{ctx, p.clk.Now().Add(p.config.timeout())}
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: i.id, InvokedFunctionArn: p.config.ARN})
	done := make(chan outcome, 1)
	go func() { done <- p.call(ctx, i.payload) }()
	select {
	case o := <-done:
		if !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			return o.payload, o.err
		}
	case <-ctx.Done():
	}
	if parent.Err() != nil {
		return nil, context.Cause(parent)
	}
	return nil, timedOut(i.id, p.config.timeout())
}

func (p *inProcess) call(ctx context.Context, payload []byte) (o outcome) {
	defer func() {
		if value := recover(); value != nil {
			o = outcome{err: panicked(value)}
		}
	}()
	answer, err := p.handler(ctx, payload)
	if err != nil {
		return outcome{err: handlerError(err)}
	}
	return outcome{payload: answer}
}
