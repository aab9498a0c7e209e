// Package faults is what goes wrong in a world, as data: which call, at which attempt, and
// how. A Scenario is a file that can be kept and played again, and an Injector makes its
// faults where calls pass: at the gate, on the network, around a function's code, and where
// S3 hands on what happened.
package faults

import "slices"

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
	// Delivery is where S3 hands on an event or a notification: at least once, in any order.
	Delivery Place = "delivery"
)

var places = []Place{Gate, Network, Function, Delivery}

// Call is a call by what can be known of it before it is made. In a Fault, * stands for any
// characters, so that a whole service can be down.
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
	Slow         Kind = "slow"                               // answered just before whoever waits gives up
	Late         Kind = "late"                               // done once whoever waited has given up; of a delivery, after those that follow
	Skewed       Kind = "skewed"                             // refused, because the signature is of another time
	Ahead        Kind = "clock ahead"                        // of the function's process
	Behind       Kind = "clock behind"                       // of the function's process
	Twice        Kind = "twice"                              // delivered, and again later
	Stopped      Kind = "executions stopped"                 // by hand, all that run at this call
	PipeStopped  Kind = "pipe stopped"                       // by hand at this call, and started again after an hour
	Killed       Kind = "killed"                             // the function's process, at a call that it makes
)

// kind says where something can go wrong, and when: before what was asked for is done, or after.
type kind struct {
	at            []Place
	before, after bool
}

// inOrder are all kinds, as Of has them.
var inOrder = []Kind{
	Denied, DeniedByAll, Throttled, Broken, Silent, Reset, Expired, Truncated, Garbled, Crashed, OutOfMemory, UnknownError, WrappedError,
	Slow, Late, Skewed, Ahead, Behind, Twice, Stopped, PipeStopped,
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
	Slow:         {[]Place{Gate, Network, Function}, true, true},
	Late:         {[]Place{Gate, Network, Delivery}, true, false},
	Skewed:       {[]Place{Network}, true, false},
	Ahead:        {[]Place{Function}, true, false},
	Behind:       {[]Place{Function}, true, false},
	Twice:        {[]Place{Delivery}, true, false},
	Stopped:      {[]Place{Gate}, true, true},
	PipeStopped:  {[]Place{Gate}, true, true},
	Killed:       {[]Place{Network}, true, true},
}

// Fault is one thing that goes wrong.
type Fault struct {
	Call
	Attempt int  `json:"attempt"`           // the n-th such call; with Done, of those that were done
	Lasts   bool `json:"lasts,omitempty"`   // this call and all such that follow
	Minutes int  `json:"minutes,omitempty"` // with Lasts, from this call on; 0 is for ever
	What    Kind `json:"what"`
	Done    bool `json:"done,omitempty"` // what was asked for is done; the answer is lost, or slow
}

// Passes says whether the fault goes by itself: the same call made again succeeds, and
// whoever called can tell that from the error, or waits, or gets the same twice.
func (f Fault) Passes() bool {
	return !f.Lasts && slices.Contains([]Kind{Throttled, Broken, Silent, Reset, Truncated, Slow, Late, Skewed, Ahead, Behind, Twice, PipeStopped}, f.What)
}

// Of are the faults that a call at a place can have, each once and at its first attempt, but for
// Kills.
func Of(c Call) []Fault { return of(c, inOrder...) }

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
