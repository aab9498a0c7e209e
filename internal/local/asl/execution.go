package asl

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/internal/local/clock"
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

// Result is how an execution ended.
type Result struct {
	Status types.ExecutionStatus
	Output []byte // JSON; where Status is SUCCEEDED
	Error  string // where Status is FAILED
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
	given    Execution
	history  *history
	input    any
	started  time.Time
	deadline time.Time // zero for none
}

// Run executes the machine and returns when it has ended. The end of ctx aborts
// the execution, as StopExecution does.
func (m *Machine) Run(ctx context.Context, e Execution) Result {
	r := m.start(ctx, e)
	defer func() { r.idle() }()
	return r.finish()
}

// run is an execution under way. From start on it holds the clock's work, and
// it still does when finish returns.
type run struct {
	*strand
	machine *Machine
	cancel  context.CancelFunc
}

func (m *Machine) start(ctx context.Context, e Execution) *run {
	if e.Clock == nil {
		e.Clock = clock.Real()
	}
	x := &execution{given: e, started: e.Clock.Now(), history: &history{clock: e.Clock, emit: e.History}}
	cancel := context.CancelFunc(func() {})
	if m.timeout > 0 {
		x.deadline = x.started.Add(m.timeout)
		ctx, cancel = e.Clock.WithTimeout(ctx, m.timeout)
	}
	s := &strand{execution: x, ctx: ctx, random: rand.New(rand.NewPCG(e.Seed, 0))} // #nosec G404: repeatable on purpose
	s.busy()
	return &run{strand: s, machine: m, cancel: cancel}
}

func (r *run) finish() Result {
	defer r.cancel()
	result := r.end(r.begin(r.machine))
	result.Start, result.Stop = r.started, r.clock().Now()
	r.history.close()
	result.Path = r.history.path
	result.Transitions = len(result.Path) + r.history.charged
	return result
}

// begin reads the input and runs the states.
func (s *strand) begin(m *Machine) (output any, err error) {
	text, role := string(s.given.Input), s.given.RoleARN
	s.aside(types.HistoryEvent{Type: types.HistoryEventTypeExecutionStarted,
		ExecutionStartedEventDetails: &types.ExecutionStartedEventDetails{Input: &text, InputDetails: notTruncated, RoleArn: &role}})
	if len(s.given.Input) > sizeLimit {
		return nil, &Error{Name: DataLimitExceeded, Cause: "The execution's input exceeds the maximum number of bytes service limit."}
	}
	if s.input, err = decode(s.given.Input); err != nil {
		return nil, &Error{Name: Runtime, Cause: "The execution's input is not JSON: " + err.Error() + "."}
	}
	return m.walk(s, s.input)
}

// end records how the execution ended.
func (s *strand) end(output any, err error) Result {
	switch {
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
	s.record(types.HistoryEvent{Type: types.HistoryEventTypeExecutionAborted,
		ExecutionAbortedEventDetails: &types.ExecutionAbortedEventDetails{}})
	return Result{Status: types.ExecutionStatusAborted}
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
