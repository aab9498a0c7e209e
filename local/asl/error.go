package asl

import (
	"errors"
	"fmt"
	"slices"
)

// Error names of the language that the interpreter raises or gives a meaning
// to. A task may answer with any other name.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
const (
	All                    = "States.ALL"
	DataLimitExceeded      = "States.DataLimitExceeded"
	ExceedToleratedFailure = "States.ExceedToleratedFailureThreshold"
	IntrinsicFailure       = "States.IntrinsicFailure"
	ItemReaderFailed       = "States.ItemReaderFailed"
	NoChoiceMatched        = "States.NoChoiceMatched"
	ResultPathMatchFailure = "States.ResultPathMatchFailure"
	ResultWriterFailed     = "States.ResultWriterFailed"
	Runtime                = "States.Runtime"
	TaskFailed             = "States.TaskFailed"
	Timeout                = "States.Timeout"
)

// Error is an error in the language's terms: what ErrorEquals matches, and the
// {"Error", "Cause"} object that Catch hands on.
type Error struct {
	Name  string
	Cause string
	// unplaced is set on the interpreter's own errors until the state that they
	// happened in is known.
	unplaced bool
	// covered is set on the States.DataLimitExceeded that States.ALL covers: see
	// Execution.TerminalDataLimit.
	covered bool
}

func (e *Error) Error() string {
	if e.Cause == "" {
		return e.Name
	}
	return e.Name + ": " + e.Cause
}

// errStopped ends a line of states whose execution or Map was stopped. It is
// never seen by Retry or Catch.
var errStopped = errors.New("stopped")

func failure(name, format string, args ...any) *Error {
	return &Error{Name: name, Cause: fmt.Sprintf(format, args...), unplaced: true}
}

// asError puts any error into the language's terms.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Name: TaskFailed, Cause: err.Error()}
}

// in names the state that one of the interpreter's own errors happened in, as
// the service does.
func (e *Error) in(state string) *Error {
	if !e.unplaced {
		return e
	}
	cause := fmt.Sprintf("An error occurred while executing the state '%s'. %s", state, e.Cause)
	return &Error{Name: e.Name, Cause: cause}
}

// matches tells whether an ErrorEquals list covers the error. States.Runtime
// is terminal: nothing covers it. States.DataLimitExceeded is covered by its
// own name only, unless it came of a task's result.
func (e *Error) matches(errorEquals []string) bool {
	switch {
	case e.Name == Runtime:
		return false
	case slices.Contains(errorEquals, e.Name):
		return true
	case e.Name == DataLimitExceeded && !e.covered:
		return false
	case slices.Contains(errorEquals, All):
		return true
	}
	return e.Name != Timeout && slices.Contains(errorEquals, TaskFailed)
}
