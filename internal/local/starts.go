package local

import (
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/internal/local/asl"
)

// Execution is one run of a state machine.
type Execution struct {
	ARN   string
	Name  string // unique among the state machine's executions
	Input []byte // JSON
	// Result is nil while the execution runs.
	Result *asl.Result

	named           bool // whoever started it chose the name
	stateMachineARN string
	started         time.Time
	events          []types.HistoryEvent // with Config.KeepHistory, unless it succeeded
}

// StartOption changes how an execution starts.
type StartOption func(*Execution)

// Named names an execution, where the service would make a name up. A name has 1
// to 80 characters, none of which is white space, a control character or one of
// <>{}[]?*"#%\^|~`$&,;:/
func Named(name string) StartOption {
	return func(e *Execution) { e.Name, e.named = name, true }
}

// StartExecution starts a state machine and returns at once, as the service's
// API does. The name and the input of an execution that runs answer with that
// execution; its name with another input, or the name of one that has ended, is
// the error ExecutionAlreadyExists. (The service forgets names after 90 days;
// here they stay.) What else the service refuses is the error of its name:
// StateMachineDoesNotExist, InvalidName, InvalidExecutionInput.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func (s *Stack) StartExecution(stateMachineARN string, input []byte, options ...StartOption) (*Execution, error) {
	e := &Execution{Input: input, stateMachineARN: stateMachineARN}
	for _, change := range options {
		change(e)
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	if !e.named {
		e.Name = s.newID()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.machines[stateMachineARN]
	if m == nil {
		return nil, noStateMachine(stateMachineARN)
	}
	e.ARN = executionARN(m, e.Name)
	if other := s.byARN[e.ARN]; other != nil {
		return other.startedAgain(e)
	}
	s.begin(m, e)
	return e, nil
}

// check refuses names and inputs as the service does.
func (e *Execution) check() error {
	if n := utf8.RuneCountInString(e.Name); e.named && (n == 0 || n > longestName || strings.ContainsFunc(e.Name, unfitForName)) {
		return &statesError{"InvalidName", "Invalid Name: '" + e.Name + "'"}
	}
	if len(e.Input) > largestInput {
		return &statesError{"InvalidExecutionInput", "Invalid State Machine Execution Input: 'it is larger than 262144 bytes.'"}
	}
	if err := json.Unmarshal(e.Input, new(json.RawMessage)); err != nil {
		return &statesError{"InvalidExecutionInput", "Invalid State Machine Execution Input: '" + err.Error() + "'"}
	}
	return nil
}

// Limits of StartExecution: the name in characters, the input in bytes.
const (
	longestName  = 80
	largestInput = 262_144
)

// unfitForName tells the characters that a name must not have.
func unfitForName(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || r == 0xfffe || r == 0xffff || r == utf8.MaxRune ||
		strings.ContainsRune("<>{}[]?*\"#%\\^|~`$&,;:/", r)
}

// startedAgain is the answer to a start with the name of e.
func (e *Execution) startedAgain(again *Execution) (*Execution, error) {
	if e.Result == nil && string(e.Input) == string(again.Input) {
		return e, nil
	}
	return nil, &statesError{"ExecutionAlreadyExists", "Execution Already Exists: '" + e.ARN + "'"}
}

func noStateMachine(arn string) error {
	return &statesError{"StateMachineDoesNotExist", "State Machine Does Not Exist: '" + arn + "'"}
}

// begin runs an execution; s.mu is held.
func (s *Stack) begin(m *machine, e *Execution) {
	e.started = s.Clock.Now()
	s.executions, s.byARN[e.ARN] = append(s.executions, e), e
	s.underway++
	run := asl.Execution{
		Clock: s.Clock, Seed: s.Seed, ARN: e.ARN, Name: e.Name,
		StateMachineARN: m.arn, StateMachineName: m.name, Input: e.Input,
		TerminalDataLimit: s.TerminalDataLimit,
		Objects:           m.objects, ChildHistory: s.History, MapRun: s.noteMapRun,
	}
	if s.History != nil || s.KeepHistory {
		run.History = func(event types.HistoryEvent) { s.event(e, event) }
	}
	s.running.Go(func() { s.run(m, e, run) })
}

// event hands on, and keeps, an event of an execution's history.
func (s *Stack) event(e *Execution, event types.HistoryEvent) {
	if s.History != nil {
		s.History(e.ARN, event)
	}
	if s.KeepHistory {
		s.mu.Lock()
		defer s.mu.Unlock()
		e.events = append(e.events, event)
	}
}

func (s *Stack) run(m *machine, e *Execution, run asl.Execution) {
	result := m.Run(s.ctx, run)
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Result = &result
	s.underway--
	if result.Status == types.ExecutionStatusSucceeded {
		e.events = nil
	}
	close(s.ended)
	s.ended = make(chan struct{})
}

// executionARN has the form arn:aws:states:region:account:execution:machine:name.
func executionARN(m *machine, name string) string {
	return strings.Replace(m.arn, ":stateMachine:", ":execution:", 1) + ":" + name
}

// Executions is a snapshot of all executions, in the order of their start.
func (s *Stack) Executions() []Execution {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Execution, 0, len(s.executions))
	for _, e := range s.executions {
		all = append(all, *e)
	}
	return all
}
