// Package faults is what goes wrong in a world, as data: which call, at which attempt, and
// how. A Scenario is a file that can be kept and played again, and an Injector makes its
// faults where calls pass: at the gate, on the network, and around a function's code.
package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Place is where a call passes, and where a fault is made.
type Place string

// The places.
const (
	// Gate is where every call is decided. Its actions are those of policies. Beside denials,
	// what services do for each other goes wrong here: it passes no network.
	Gate Place = "gate"
	// Network is where requests of functions pass. Its actions are the API's operations.
	Network Place = "network"
	// Function is around a function's code, whoever invokes it.
	Function Place = "function"
)

// Call is a call by what can be known of it before it is made.
type Call struct {
	At        Place  `json:"at"`
	Principal string `json:"principal,omitempty"` // ARN of a role or name of a service; none of an invocation
	Action    string `json:"action"`
	Resource  string `json:"resource"`
}

// Kind is what goes wrong.
type Kind string

// What goes wrong.
const (
	Denied       Kind = "denied"                             // no identity-based policy allows it
	DeniedByAll  Kind = "denied by a service control policy" // which no template has
	Throttled    Kind = "throttled"                          // in the service's own words
	Broken       Kind = "broken"                             // the service answers 5xx
	Silent       Kind = "time-out"                           // nobody answers, or the function has not in its time
	Reset        Kind = "reset"                              // the connection, without an answer
	Expired      Kind = "expired"                            // the credentials
	Truncated    Kind = "truncated"                          // half of the answer, then no more
	Garbled      Kind = "garbled"                            // an answer of something between
	Crashed      Kind = "crashed"                            // the function's process
	OutOfMemory  Kind = "out of memory"                      // the function's process
	UnknownError Kind = "unknown error"                      // of the function, that nothing names
	WrappedError Kind = "wrapped error"                      // of the function: its name is that of the wrapping
	Killed       Kind = "killed"                             // the function's process, at a call that it makes
)

// kind says where something can go wrong, and when: before what was asked for is done, or after.
type kind struct {
	at            []Place
	before, after bool
}

var kinds = map[Kind]kind{
	Denied:       {[]Place{Gate}, true, false},
	DeniedByAll:  {[]Place{Gate}, true, false},
	Throttled:    {[]Place{Gate, Network}, true, false},
	Broken:       {[]Place{Gate, Network}, true, true},
	Silent:       {[]Place{Gate, Network, Function}, true, true},
	Reset:        {[]Place{Network}, true, true},
	Expired:      {[]Place{Network}, true, false},
	Truncated:    {[]Place{Network}, false, true},
	Garbled:      {[]Place{Network}, false, true},
	Crashed:      {[]Place{Function}, true, true},
	OutOfMemory:  {[]Place{Function}, true, false},
	UnknownError: {[]Place{Function}, true, false},
	WrappedError: {[]Place{Function}, true, false},
	Killed:       {[]Place{Network}, true, true},
}

// Fault is one thing that goes wrong.
type Fault struct {
	Call
	Attempt int  `json:"attempt"`         // the n-th such call; with Done, of those that were done
	Lasts   bool `json:"lasts,omitempty"` // this call and all such that follow
	What    Kind `json:"what"`
	Done    bool `json:"done,omitempty"` // what was asked for is done; the answer is lost
}

// Passes says whether the fault goes by itself: the same call made again succeeds, and
// whoever called can tell that from the error.
func (f Fault) Passes() bool {
	return !f.Lasts && slices.Contains([]Kind{Throttled, Broken, Silent, Reset, Truncated}, f.What)
}

// Of are the faults that a call at a place can have, each once and at its first attempt, but for
// Kills.
func Of(c Call) []Fault {
	return of(c, Denied, DeniedByAll, Throttled, Broken, Silent, Reset, Expired, Truncated, Garbled, Crashed, OutOfMemory, UnknownError, WrappedError)
}

// Kills are the ends of a process at a call: before it is made, and once it has been done.
func Kills(c Call) []Fault { return of(c, Killed) }

func of(c Call, those ...Kind) (all []Fault) {
	for _, what := range those {
		k := kinds[what]
		if !slices.Contains(k.at, c.At) {
			continue
		}
		if k.before {
			all = append(all, Fault{Call: c, Attempt: 1, What: what})
		}
		if k.after {
			all = append(all, Fault{Call: c, Attempt: 1, What: what, Done: true})
		}
	}
	return all
}

// Scenario is a world and what goes wrong in it.
type Scenario struct {
	World  string  `json:"world"`
	Faults []Fault `json:"faults"`
}

// Parse reads a scenario's file.
func Parse(text []byte) (s Scenario, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("scenario: %w; write it as a failed exploration prints it", err)
	}
	if d.More() {
		return s, fmt.Errorf("scenario: something follows the JSON object; write one scenario into a file")
	}
	if s.World == "" {
		return s, fmt.Errorf("scenario: it has no world; name one of those that are explored")
	}
	if len(s.Faults) == 0 {
		return s, fmt.Errorf("scenario: it has no faults; name at least one")
	}
	for n, f := range s.Faults {
		if err := f.check(); err != nil {
			return s, fmt.Errorf("scenario: faults[%d]: %w", n, err)
		}
	}
	return s, nil
}

func (f Fault) check() error {
	k, known := kinds[f.What]
	switch {
	case !known:
		return fmt.Errorf("what is %q; use %s", f.What, listed(kinds))
	case !slices.Contains([]Place{Gate, Network, Function}, f.At):
		return fmt.Errorf("at is %q; use %s, %s or %s", f.At, Gate, Network, Function)
	case !slices.Contains(k.at, f.At):
		return fmt.Errorf("%q can't be made at the %s; use one of %q", f.What, f.At, k.at)
	case f.Done && !k.after:
		return fmt.Errorf("%q does nothing of what was asked for; leave done out", f.What)
	case !f.Done && !k.before:
		return fmt.Errorf("%q is an answer to what was done; set done", f.What)
	case f.Attempt < 1:
		return fmt.Errorf("attempt is %d; the first is 1", f.Attempt)
	case f.Action == "" || f.Resource == "":
		return fmt.Errorf("it names no action or no resource; name both")
	case (f.Principal == "") != (f.At == Function):
		return fmt.Errorf("at is %s and the principal is %q; name one for a call, and none for an invocation", f.At, f.Principal)
	}
	return nil
}

func listed(kinds map[Kind]kind) string {
	var all []string
	for what := range kinds {
		all = append(all, string(what))
	}
	slices.Sort(all)
	return fmt.Sprintf("one of %q", all)
}

// String is the scenario as its file.
func (s Scenario) String() string {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text) + "\n"
}
