// Package lambda is AWS Lambda on one machine. A function runs either as its
// real executable over the Lambda Runtime API, or in this process with the same
// time-out and the same error payloads; an event source mapping feeds it from an
// SQS queue.
// https://docs.aws.amazon.com/lambda/latest/dg/welcome.html
package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/local/clock"
	"autobackup/local/wire"
)

// maxPayload bounds an invocation's payload and its answer.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const maxPayload = 6 << 20

// Config is a function's configuration.
type Config struct {
	Name        string
	ARN         string            // its region is the function's
	Code        string            // its CodeUri
	Timeout     int               // seconds, 1 to 900
	AccessKey   string            // what code in this process signs with; "" where it does so as it is made
	MemorySize  int               // MB; told to the function, not enforced
	Environment map[string]string // of the process; credentials and endpoints come here too
	Concurrency int               // processes at once, further invocations wait; 0 is 1
	Log         io.Writer         // what a process writes; nil drops it
	Unlock      func() error      // whether its environment may be decrypted; nil: it may
	Logged      func(text string) // is told of each invocation, for the function's log group; nil: nobody is
	// Enter has an invocation begin, where the account may run one more function; nil: it may.
	Enter func() (leave func(), err error)
	// Counted gets what Lambda measures of each invocation; nil: nobody does.
	Counted func(metric string, value float64)
	// Embedded gets each line of the embedded metric format that a process prints; nil: nobody does.
	Embedded func(line []byte)
}

func (c Config) check() error {
	a, err := arn.Parse(c.ARN)
	switch {
	case err != nil || a.Service != "lambda":
		return fmt.Errorf("function %s: %q is no function ARN; write it as arn:aws:lambda:region:account:function:name", c.Name, c.ARN)
	case c.Timeout < 1 || c.Timeout > 900:
		return fmt.Errorf("function %s: Timeout is %d seconds; use 1 to 900", c.Name, c.Timeout)
	}
	return nil
}

func (c Config) timeout() time.Duration { return time.Duration(c.Timeout) * time.Second }

// Function is a function that can be invoked.
type Function struct {
	Config
	clk    *clock.Clock
	newID  func() string
	runner runner

	mu    sync.Mutex
	fault *FunctionError
	fails int // invocations that fault still fails

	next   *Function      // what took its place; nil: nothing has
	active sync.WaitGroup // invocations under way, none of which begins once there is a next

	closing sync.Once
}

// runner runs one invocation. Its error is a *FunctionError, or the context's.
type runner interface {
	run(ctx context.Context, i invocation) ([]byte, error)
	close()
}

type invocation struct {
	id      string
	payload []byte
}

func newFunction(clk *clock.Clock, newID func() string, c Config, r runner) (*Function, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return &Function{Config: c, clk: clk, newID: newID, runner: r}, nil
}

// Invoke runs the function and waits for its answer, as a request-response
// invocation does. What the function or its process did wrong is answered as a
// *FunctionError, what Lambda itself refuses as a *wire.Error.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
func (f *Function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	f = f.enter()
	defer f.active.Done()
	defer f.clk.Work()()
	if len(payload) > maxPayload {
		return nil, &wire.Error{Code: "RequestTooLargeException", Status: http.StatusRequestEntityTooLarge,
			Message: fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation", maxPayload)}
	}
	if len(payload) > 0 { // an invocation may have none
		if err := json.Unmarshal(payload, new(json.RawMessage)); err != nil {
			return nil, wire.Invalid("InvalidRequestContentException", "Could not parse request body into json: %v", err)
		}
	}
	if f.Unlock != nil {
		if err := f.Unlock(); err != nil {
			return nil, err
		}
	}
	if f.Enter != nil {
		leave, err := f.Enter()
		if err != nil {
			f.throttled()
			return nil, err
		}
		defer leave()
	}
	began := f.clk.Now()
	answer, err := f.perform(ctx, payload)
	f.count(f.clk.Now().Sub(began), err)
	return answer, err
}

// enter begins an invocation, of what has taken the function's place by now.
func (f *Function) enter() *Function {
	f.mu.Lock()
	next := f.next
	if next == nil {
		f.active.Add(1)
	}
	f.mu.Unlock()
	if next != nil {
		return next.enter()
	}
	return f
}

// succeededBy has another function take the place of this one, also for whoever has it. ended
// waits for the invocations under way, and closes the function.
func (f *Function) succeededBy(next *Function) (ended func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = next
	return func() {
		f.active.Wait()
		f.Close()
	}
}

// throttled measures an invocation that the account has no room for, which counts as none.
// https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
func (f *Function) throttled() {
	if f.Counted != nil {
		f.Counted("Throttles", 1)
	}
}

// count measures an invocation that reached the function.
func (f *Function) count(took time.Duration, err error) {
	if f.Counted == nil {
		return
	}
	failed := 0.0
	if errors.As(err, new(*FunctionError)) {
		failed = 1
	}
	f.Counted("Invocations", 1)
	f.Counted("Errors", failed)
	f.Counted("Throttles", 0)
	f.Counted("Duration", float64(took)/float64(time.Millisecond))
}

// perform runs the function, or fails as it was asked to.
func (f *Function) perform(ctx context.Context, payload []byte) ([]byte, error) {
	if fault := f.takeFault(); fault != nil {
		return nil, fault
	}
	i := invocation{id: f.newID(), payload: payload}
	if f.Logged != nil {
		f.Logged("START RequestId: " + i.id + " Version: $LATEST")
		defer f.Logged("END RequestId: " + i.id)
	}
	answer, err := f.runner.run(ctx, i)
	if err != nil {
		return nil, err
	}
	if len(answer) > maxPayload {
		return nil, responseTooLarge()
	}
	return answer, nil
}

// FailNext makes the next n invocations fail with fault, without running the
// function. Its Payload may be empty: it is made of Type and Message.
func (f *Function) FailNext(n int, fault FunctionError) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.fails = functionError(fault.Type, fault.Message), n
	if len(fault.Payload) > 0 {
		f.fault.Payload = fault.Payload
	}
}

func (f *Function) takeFault() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails == 0 {
		return nil
	}
	f.fails--
	return f.fault
}

// Close ends the function's processes and waits for them.
func (f *Function) Close() { f.closing.Do(f.runner.close) }
