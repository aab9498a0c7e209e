package faults

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"autobackup/local/clock"
	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/wire"
)

// How long a call between services is not answered: longer than any task waits, and shorter.
const (
	silence  = 301 * time.Second
	patience = 25 * time.Second
)

// closed is how long a pipe is stopped.
const closed = time.Hour

// At makes the faults of calls that pass a gate, but for those of the account's owner.
func (i *Injector) At(g *gate.Gate, clk *clock.Clock) {
	i.clk = clk
	g.Fault = func(c gate.Call) error {
		if call, ok := ofGate(c); ok {
			return i.failed(g, c, i.before(call))
		}
		return nil
	}
	g.Lost = func(c gate.Call) error {
		if call, ok := ofGate(c); ok {
			return i.failed(g, c, i.after(call))
		}
		return nil
	}
}

func ofGate(c gate.Call) (Call, bool) {
	by := cmp.Or(c.By.Role, c.By.Service)
	return Call{Gate, by, c.Action, class(c.Resource)}, by != ""
}

func (i *Injector) failed(g *gate.Gate, c gate.Call, f *Fault) error {
	if f == nil {
		return nil
	}
	switch f.What {
	case Slow:
		i.wait(patience)
		return nil
	case Late:
		i.wait(silence)
		return nil
	case Stopped, PipeStopped:
		i.stop(f.What)
		return nil
	case Denied:
		return g.DeniedBy(c, iam.IdentitySide, false)
	case DeniedByAll:
		return g.DeniedBy(c, iam.SCPSide, true)
	case Throttled:
		answer := gate.TooMany(c.Action)
		return answered(answer.Code, answer.Status)
	case Silent:
		i.wait(silence)
		return fmt.Errorf("no answer: %w", context.DeadlineExceeded)
	default: // Broken
		return answered(breaking(service(c.Action)), http.StatusInternalServerError)
	}
}

// wait keeps a call waiting, whatever becomes of whoever called.
func (i *Injector) wait(d time.Duration) {
	defer i.owe()()
	_ = i.clk.Sleep(context.Background(), d) // nothing ends it
}

// stop has people stop something, and goes on when they have. They don't wait for the call, which
// may be what they stop.
func (i *Injector) stop(what Kind) {
	if what == Stopped {
		go i.Hands.StopExecutions()
	} else {
		done := i.owe()
		go func() {
			defer done()
			i.Hands.StopPipe()
			_ = i.clk.Sleep(context.Background(), closed) // nothing ends it
			i.Hands.StartPipe()
		}()
	}
	i.wait(time.Second)
}

func answered(code string, status int) error {
	return &wire.Error{Code: code, Status: status, Message: "A fault that somebody wants."}
}

// breaking is a service's own error code of 500, on the pages named below.
func breaking(service string) string {
	switch service {
	case "s3", "sns":
		return "InternalError"
	case "lambda":
		return "ServiceException"
	case "events":
		return "InternalException"
	}
	return "InternalFailure"
}

// service is an action's.
func service(action string) string {
	of, _, _ := strings.Cut(action, ":")
	return of
}
