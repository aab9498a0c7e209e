package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Around makes the faults of a function's invocations. build makes the code that runs in one
// process: as in Lambda, a process has one invocation at a time, and the next one where it is
// still there.
func Around[F ~func(context.Context, []byte) ([]byte, error)](i *Injector, build func() (F, error)) (F, error) {
	first, err := build()
	if err != nil {
		return nil, err
	}
	p := &processes[F]{build: build, idle: []F{first}}
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
		code, err := p.take()
		if err != nil {
			return nil, err
		}
		var answer []byte
		killed, err := Process(ctx, func(ctx context.Context) (err error) {
			answer, err = code(ctx, payload)
			return err
		})
		if killed {
			return nil, i.ends(ctx, &Fault{What: Crashed})
		}
		p.give(code)
		if err := i.ends(ctx, i.after(call)); err != nil {
			return nil, err
		}
		return answer, err
	}, nil
}

// processes are those of a function that wait for an invocation.
type processes[F any] struct {
	build func() (F, error)
	mu    sync.Mutex
	idle  []F
}

func (p *processes[F]) take() (F, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		code := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return code, nil
	}
	return p.build()
}

func (p *processes[F]) give(code F) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, code)
}

var errKilled = errors.New("the process was killed")

// process is one that a fault may kill. nil is one that nothing kills.
type process struct {
	once   sync.Once
	killed chan struct{}
}

type processKey struct{}

func processOf(ctx context.Context) *process {
	p, _ := ctx.Value(processKey{}).(*process)
	return p
}

func (p *process) gone() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.killed:
		return true
	default:
		return false
	}
}

// kill ends the process: whatever it asks for from now on, nobody hears.
func (p *process) kill() error {
	p.once.Do(func() { close(p.killed) })
	return errKilled
}

// Process runs something until it ends or is killed at a call. What was killed may go on by itself,
// and reaches nobody.
func Process(ctx context.Context, run func(context.Context) error) (killed bool, err error) {
	p := &process{killed: make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- run(context.WithValue(ctx, processKey{}, p)) }()
	select {
	case err := <-ended:
		if !p.gone() {
			return false, err
		}
	case <-p.killed:
	}
	return true, nil
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
