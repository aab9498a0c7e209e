package asl

import (
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// walk goes from state to state until one ends the machine. first gives the
// input where nothing was entered yet.
func (m machine) walk(s *strand, first func() (any, error)) (any, error) {
	if err := m.arrive(s, first); err != nil {
		return nil, err
	}
	for {
		output, next, err := s.visit.pass()
		if err != nil {
			return nil, err
		}
		if next == "" {
			s.visit = nil
			return output, nil
		}
		s.visit = &visit{strand: s, state: m.states[next], input: output}
	}
}

// arrive is at the first state, or at that which the strand goes on with.
func (m machine) arrive(s *strand, first func() (any, error)) error {
	if s.visit != nil || s.broken != nil {
		return s.broken
	}
	input, err := first()
	if err == nil {
		s.visit = &visit{strand: s, state: m.states[m.start], input: input}
	}
	return err
}

// pass enters the state, runs it with its retries, and leaves it or fails.
func (v *visit) pass() (output any, next string, err error) {
	if v.entered.IsZero() {
		if err := v.enter(); err != nil {
			return nil, "", err
		}
	}
	output, text, next, err := v.try()
	if err != nil {
		if !errors.Is(err, errStopped) {
			v.failed = asError(err).Name
		}
		return nil, "", err
	}
	v.record(types.HistoryEvent{Type: v.state.event("Exited"),
		StateExitedEventDetails: &types.StateExitedEventDetails{Name: &v.state.name, Output: &text, OutputDetails: notTruncated}})
	return output, next, nil
}

func (v *visit) enter() error {
	if v.stopped() {
		return errStopped
	}
	if v.history.full() {
		return &Error{Name: Runtime, Cause: "The execution reached the maximum number of history events (25000)."}
	}
	v.entered = v.clock().Now()
	text := encode(v.input)
	v.record(types.HistoryEvent{Type: v.state.event("Entered"),
		StateEnteredEventDetails: &types.StateEnteredEventDetails{Name: &v.state.name, Input: &text, InputDetails: notTruncated}})
	return nil
}

// try runs the state until it succeeds or no retrier is left; then the error may
// be caught.
func (v *visit) try() (output any, text, next string, err error) {
	for again := true; again; {
		if err = v.pause(); err != nil {
			return nil, "", "", err
		}
		output, next, err = v.state.action.run(v, v.input)
		if text, err = v.checked(output, err); err == nil || errors.Is(err, errStopped) {
			return output, text, next, err
		}
		again = v.again(asError(err))
	}
	if v.stopped() {
		return nil, "", "", errStopped
	}
	return v.caught(asError(err), v.input)
}

// checked is a state's output as text, if it is not too large.
func (v *visit) checked(output any, err error) (string, error) {
	if err != nil {
		return "", err
	}
	text := encode(output)
	return text, v.fits(text)
}

// again plans the next attempt, if a retrier has one for the error. Each
// retrier counts its own attempts.
func (v *visit) again(e *Error) bool {
	retriers := v.state.recovery.retriers
	i := slices.IndexFunc(retriers, func(r retrier) bool { return e.matches(r.errorEquals) })
	if v.used == nil {
		v.used = make([]int, len(retriers))
	}
	if i < 0 || v.used[i] == retriers[i].most {
		return false
	}
	v.used[i]++
	v.attempt++
	v.retrying, v.until = true, v.clock().Now().Add(retriers[i].delay(v.used[i], v.random))
	v.items, v.run = nil, nil // a Map begins anew
	return true
}

// pause waits for the next attempt, where one is planned.
func (v *visit) pause() error {
	if !v.retrying {
		return nil
	}
	if err := v.sleepUntil(v.until); err != nil {
		return err
	}
	v.retrying, v.until = false, time.Time{}
	v.history.charge(1)
	return nil
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
