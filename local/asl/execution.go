package asl

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/clock"
)

// Execution is what an execution starts with. Two executions of one machine
// with the same values and a clock that shows the same times have the same
// history.
type Execution struct {
	Clock *clock.Clock
	// Seed is where jitter, States.MathRandom and States.UUID begin.
	Seed uint64

	ARN, Name, RoleARN                string
	StateMachineARN, StateMachineName string

	Input []byte // JSON
	// TerminalDataLimit says that States.ALL does not cover States.DataLimitExceeded
	// of a task's result, as the guide has it. False is what AWS recorded: there a
	// catcher of States.ALL took it. Any other overflow States.ALL never covers.
	// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
	TerminalDataLimit bool
	// Objects is where distributed Maps read items and write results; without
	// it they fail.
	Objects Objects
	// Dir is a folder for what grows with a Map Run, which makes it. An execution that
	// goes on or is redriven needs what is in it. Without it there is a folder until
	// the execution ends.
	Dir string
	// From is what the execution goes on with: the progress of one with the same names,
	// input and definition. What it waits for keeps its end; a task that was
	// under way is called again, as if its answer had been lost. History gets what
	// comes after From.Events. nil begins a new execution.
	From *Progress
	// Redrive makes an execution that did not succeed, and whose last progress is in
	// From, go on at what did not succeed, as RedriveExecution does.
	Redrive bool
	// MayRedrive is asked before a Map Run redrives a child. May be nil.
	MayRedrive func(executionARN string) error
	// Changed is called when the execution's progress may have changed; Progress
	// may be called in it. May be nil.
	Changed func()
	// History gets each event, in order, from one goroutine at a time. It must
	// not block. Events come when the clock has moved on from their instant.
	// May be nil.
	History func(types.HistoryEvent)
	// ChildHistory gets the events of the executions that distributed Maps start,
	// from several goroutines at a time. It must not block. May be nil.
	ChildHistory func(executionARN string, event types.HistoryEvent)
	// MapRun gets each Map Run when it starts, whenever one of its children
	// starts or ends, and when it ends. It must not block. May be nil.
	MapRun func(MapRun)
}

// Result is how an execution ended. One that was suspended is still RUNNING.
type Result struct {
	Status types.ExecutionStatus
	Output []byte // JSON; where Status is SUCCEEDED
	Error  string // where Status is FAILED, or ABORTED with one
	Cause  string
	Path   []string // names of the states entered, those of inline Map items included
	// Transitions is what the service charges for: states entered, retries, and
	// for each child of a distributed Map one and, if it is STANDARD, its own.
	// https://aws.amazon.com/step-functions/pricing/
	Transitions int
	Start, Stop time.Time
}

// execution is the state of a run.
type execution struct {
	given     Execution
	turn      turn
	history   *history
	input     any
	started   time.Time
	deadline  time.Time // zero for none
	redrives  int
	redriven  time.Time // the last time
	announce  bool      // that it is redriven
	suspended bool
	aborted   atomic.Pointer[Error] // what StopExecution was told
	folder    string                // to be removed at the end
}

// Run executes the machine and returns when it has ended. The end of ctx aborts
// the execution.
func (m *Machine) Run(ctx context.Context, e Execution) Result {
	return m.Begin(ctx, e).Finish()
}

// Run is an execution under way. From Begin on it holds the clock's work, until
// Finish returns.
type Run struct {
	*strand
	machine *Machine
	cancel  context.CancelFunc
	result  *Result // nil until it has ended
}

// Begin begins an execution, or goes on with one, which Finish then runs.
func (m *Machine) Begin(ctx context.Context, e Execution) *Run {
	if e.Clock == nil {
		e.Clock = clock.Real()
	}
	now := e.Clock.Now()
	x := &execution{given: e, turn: newTurn(), started: now, history: &history{clock: e.Clock, emit: e.History}}
	x.given.From, x.given.Redrive = nil, false
	if m.timeout > 0 {
		x.deadline = now.Add(m.timeout)
	}
	r := &Run{machine: m, strand: newStrand(x, ctx, e.Seed, 0)}
	if e.From != nil {
		from := *e.From
		if e.Redrive {
			from.redrive(now, x.deadline)
		}
		from.restore(r)
	}
	if r.cancel = func() {}; x.deadline.IsZero() {
		r.ctx, r.cancel = context.WithCancel(ctx)
	} else {
		r.ctx, r.cancel = e.Clock.WithTimeout(ctx, x.deadline.Sub(now))
	}
	if e.From != nil && e.From.Aborted != nil && !e.Redrive {
		r.Abort(e.From.Aborted.Name, e.From.Aborted.Cause)
	}
	r.hold()
	return r
}

// Finish runs the execution to its end, or until Suspend.
func (r *Run) Finish() Result {
	defer func() {
		if r.folder != "" {
			_ = os.RemoveAll(r.folder) // a folder for what is temporary
		}
		r.rest()
	}()
	return r.finish()
}

// Abort ends the execution, as StopExecution does with an error and a cause; each may
// be empty.
func (r *Run) Abort(name, cause string) {
	r.aborted.Store(&Error{Name: name, Cause: cause})
	r.cancel()
}

func (r *Run) finish() Result {
	r.turn.take()
	defer r.told()
	defer r.turn.give()
	defer r.cancel()
	if r.result != nil { // it ended in another run
		return *r.result
	}
	result := r.end(r.begin())
	result.Start, result.Stop = r.started, r.clock().Now()
	if r.suspended {
		return result
	}
	r.history.flush()
	result.Path = r.history.path
	result.Transitions = len(result.Path) + r.history.charged
	r.result = &result
	return result
}

// begin reads the input and runs the states.
func (r *Run) begin() (output any, err error) {
	if r.events == 0 {
		text, role := string(r.given.Input), r.given.RoleARN
		r.aside(types.HistoryEvent{Type: types.HistoryEventTypeExecutionStarted,
			ExecutionStartedEventDetails: &types.ExecutionStartedEventDetails{Input: &text, InputDetails: notTruncated, RoleArn: &role}})
	}
	if r.announce {
		r.beginAgain()
	}
	if len(r.given.Input) > sizeLimit {
		return nil, &Error{Name: DataLimitExceeded, Cause: "The execution's input exceeds the maximum number of bytes service limit."}
	}
	if r.input, err = decode(r.given.Input); err != nil {
		return nil, &Error{Name: Runtime, Cause: "The execution's input is not JSON: " + err.Error() + "."}
	}
	return r.machine.walk(r.strand, func() (any, error) { return r.input, nil })
}

// end records how the execution ended.
func (s *strand) end(output any, err error) Result {
	switch {
	case s.suspended:
		return Result{Status: types.ExecutionStatusRunning}
	case err == nil:
		text := encode(output)
		s.record(types.HistoryEvent{Type: types.HistoryEventTypeExecutionSucceeded,
			ExecutionSucceededEventDetails: &types.ExecutionSucceededEventDetails{Output: &text, OutputDetails: notTruncated}})
		return Result{Status: types.ExecutionStatusSucceeded, Output: []byte(text)}
	case !errors.Is(err, errStopped):
		e := asError(err)
		s.record(types.HistoryEvent{Type: types.HistoryEventTypeExecutionFailed,
			ExecutionFailedEventDetails: &types.ExecutionFailedEventDetails{Error: optional(e.Name), Cause: optional(e.Cause)}})
		return Result{Status: types.ExecutionStatusFailed, Error: e.Name, Cause: e.Cause}
	}
	s.last = nil // the service lets nothing come before these two
	if s.late() {
		s.record(types.HistoryEvent{Type: types.HistoryEventTypeExecutionTimedOut,
			ExecutionTimedOutEventDetails: &types.ExecutionTimedOutEventDetails{}})
		return Result{Status: types.ExecutionStatusTimedOut}
	}
	by := &Error{}
	if told := s.aborted.Load(); told != nil {
		by = told
	}
	s.record(types.HistoryEvent{Type: types.HistoryEventTypeExecutionAborted,
		ExecutionAbortedEventDetails: &types.ExecutionAbortedEventDetails{Error: optional(by.Name), Cause: optional(by.Cause)}})
	return Result{Status: types.ExecutionStatusAborted, Error: by.Name, Cause: by.Cause}
}

// told tells that the execution's progress may have changed. The caller has no turn.
func (x *execution) told() {
	if x.given.Changed != nil {
		x.given.Changed()
	}
}

// furnish makes a folder where none was given.
func (x *execution) furnish() {
	if x.given.Dir == "" {
		x.folder, _ = os.MkdirTemp("", "execution-*") // without it, what is written there fails
		x.given.Dir = x.folder
	}
}

// late tells whether the execution's TimeoutSeconds are over.
func (x *execution) late() bool {
	return !x.deadline.IsZero() && !x.given.Clock.Now().Before(x.deadline)
}

// region is that of the execution's ARN.
func (x *execution) region() string {
	if parts := strings.Split(x.given.ARN, ":"); len(parts) > 3 {
		return parts[3]
	}
	return ""
}
