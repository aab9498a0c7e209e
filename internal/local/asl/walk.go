package asl

import (
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// walk goes from state to state until one ends the machine.
func (m machine) walk(s *strand, input any) (any, error) {
	for name := m.start; ; {
		output, next, err := m.states[name].pass(s, input)
		if err != nil || next == "" {
			return output, err
		}
		name, input = next, output
	}
}

// pass enters the state, runs it with its retries, and leaves it or fails.
func (st *state) pass(s *strand, input any) (output any, next string, err error) {
	if s.stopped() {
		return nil, "", errStopped
	}
	v, err := s.enter(st, input)
	if err != nil {
		return nil, "", err
	}
	output, text, next, err := v.try(input)
	if err != nil {
		return nil, "", err
	}
	v.record(types.HistoryEvent{Type: st.event("Exited"),
		StateExitedEventDetails: &types.StateExitedEventDetails{Name: &st.name, Output: &text, OutputDetails: notTruncated}})
	s.current = nil
	return output, next, nil
}

func (s *strand) enter(st *state, input any) (*visit, error) {
	if s.history.full() {
		return nil, &Error{Name: Runtime, Cause: "The execution reached the maximum number of history events (25000)."}
	}
	s.current = st
	text := encode(input)
	s.record(types.HistoryEvent{Type: st.event("Entered"),
		StateEnteredEventDetails: &types.StateEnteredEventDetails{Name: &st.name, Input: &text, InputDetails: notTruncated}})
	return &visit{strand: s, state: st, entered: s.clock().Now()}, nil
}

// try runs the state until it succeeds or no retrier is left; then the error may
// be caught.
func (v *visit) try(input any) (output any, text, next string, err error) {
	used := make([]int, len(v.state.recovery.retriers))
	for again := true; again; {
		output, next, err = v.state.action.run(v, input)
		if text, err = v.checked(output, err); err == nil || errors.Is(err, errStopped) {
			return output, text, next, err
		}
		err = asError(err)
		if again = v.again(asError(err), used); v.stopped() {
			return nil, "", "", errStopped
		}
	}
	return v.caught(asError(err), input)
}

// checked is a state's output as text, if it is not too large.
func (v *visit) checked(output any, err error) (string, error) {
	if err != nil {
		return "", err
	}
	text := encode(output)
	return text, v.fits(text)
}

// again waits for the next attempt, if a retrier has one for the error. Each
// retrier counts its own attempts.
func (v *visit) again(e *Error, used []int) bool {
	retriers := v.state.recovery.retriers
	i := slices.IndexFunc(retriers, func(r retrier) bool { return e.matches(r.errorEquals) })
	if i < 0 || used[i] == retriers[i].most {
		return false
	}
	used[i]++
	v.attempt++
	if v.sleepUntil(v.clock().Now().Add(retriers[i].delay(used[i], v.random))) != nil {
		return false
	}
	v.history.charge(1)
	return true
}

// caught hands an error to the state's catchers. The service records no
// MapStateFailed where the Map itself, not what it runs, ends by States.Runtime.
func (v *visit) caught(e *Error, input any) (output any, text, next string, err error) {
	if own := e.Name == Runtime && e.unplaced; v.state.kind == "Map" && !own {
		v.record(types.HistoryEvent{Type: types.HistoryEventTypeMapStateFailed})
	}
	output, next, err = v.state.recovery.catch(e.in(v.state.name), input)
	if text, err = v.checked(output, err); err != nil {
		err = asError(err).in(v.state.name)
	}
	return output, text, next, err
}

// fits checks data against the service's limit.
func (v *visit) fits(text string) error {
	if len(text) > sizeLimit {
		return &Error{Name: DataLimitExceeded, Cause: tooLarge(v.state.name)}
	}
	return nil
}
