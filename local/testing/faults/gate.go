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

// silence is how long a call between services is not answered: longer than any task waits.
const silence = 301 * time.Second

// At makes the faults of calls that pass a gate, but for those of the account's owner.
func (i *Injector) At(g *gate.Gate, clk *clock.Clock) {
	g.Fault = func(c gate.Call) error {
		if call, ok := ofGate(c); ok {
			return failed(g, clk, c, i.before(call))
		}
		return nil
	}
	g.Lost = func(c gate.Call) error {
		if call, ok := ofGate(c); ok {
			return failed(g, clk, c, i.after(call))
		}
		return nil
	}
}

func ofGate(c gate.Call) (Call, bool) {
	by := cmp.Or(c.By.Role, c.By.Service)
	return Call{Gate, by, c.Action, class(c.Resource)}, by != ""
}

func failed(g *gate.Gate, clk *clock.Clock, c gate.Call, f *Fault) error {
	if f == nil {
		return nil
	}
	switch f.What {
	case Denied:
		return g.DeniedBy(c, iam.IdentitySide, false)
	case DeniedByAll:
		return g.DeniedBy(c, iam.SCPSide, true)
	case Throttled:
		answer := gate.TooMany(c.Action)
		return answered(answer.Code, answer.Status)
	case Silent:
		_ = clk.Sleep(context.Background(), silence) // nothing ends it
		return fmt.Errorf("no answer: %w", context.DeadlineExceeded)
	default: // Broken
		return answered(breaking(service(c.Action)), http.StatusInternalServerError)
	}
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
