package states

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"autobackup/local/wire"
)

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
// the error ExecutionAlreadyExists. The service forgets names after 90 days. What else the service refuses is the error of its name:
// StateMachineDoesNotExist, InvalidName, InvalidExecutionInput.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func (s *Service) StartExecution(stateMachineARN string, input []byte, options ...StartOption) (*Execution, error) {
	e := &Execution{Input: input}
	for _, change := range options {
		change(e)
	}
	if err := e.check(); err != nil {
		return nil, err
	}
	if !e.named {
		e.Name = s.NewID()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.machine(stateMachineARN)
	if err != nil {
		return nil, err
	}
	i := id{m.arn, e.Name}
	e.ARN, e.started = i.arn(), s.Clock.Now()
	if other := s.byID[i]; other != nil {
		if err := other.startedAgain(e); err != nil {
			return nil, err
		}
		return e, nil
	}
	running := &execution{id: i, started: e.started}
	s.add(running)
	s.begin(m, running, &live{input: input}, nil, false)
	return e, nil
}

// check refuses names and inputs as the service does.
func (e *Execution) check() error {
	if n := utf8.RuneCountInString(e.Name); e.named && (n == 0 || n > longestName || strings.ContainsFunc(e.Name, unfitForName)) {
		return wire.Invalid("InvalidName", "Invalid Name: '%s'", e.Name)
	}
	if len(e.Input) > largestInput {
		return wire.Invalid("InvalidExecutionInput", "Invalid State Machine Execution Input: 'it is larger than 262144 bytes.'")
	}
	if err := json.Unmarshal(e.Input, new(json.RawMessage)); err != nil {
		return wire.Invalid("InvalidExecutionInput", "Invalid State Machine Execution Input: '%s'", err.Error())
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
func (e *execution) startedAgain(again *Execution) error {
	if e.live != nil && e.live.result == nil && string(e.live.input) == string(again.Input) {
		again.started = e.started
		return nil
	}
	return wire.Invalid("ExecutionAlreadyExists", "Execution Already Exists: '%s'", e.arn())
}
