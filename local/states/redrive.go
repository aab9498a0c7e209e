package states

import (
	"context"
	"time"

	"autobackup/local/asl"
	"autobackup/local/gate"
	"autobackup/local/wire"
)

// StopExecution ends an execution for somebody, who needs the permission: its status is
// ABORTED, with the error and the cause. It waits until the execution has ended, or until
// ctx ends. One that had ended before stays as it is.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html
func (s *Service) StopExecution(ctx context.Context, by gate.Caller, executionARN, name, cause string) (stopped time.Time, err error) {
	if err := by.May("states:StopExecution", executionARN); err != nil {
		return stopped, denied(err)
	}
	return s.stopExecution(ctx, executionARN, name, cause)
}

func (s *Service) stopExecution(ctx context.Context, executionARN, name, cause string) (stopped time.Time, err error) {
	if n := len([]rune(name)); n > longestError {
		return stopped, tooLong("error", n, longestError)
	}
	if n := len([]rune(cause)); n > longestCause {
		return stopped, tooLong("cause", n, longestCause)
	}
	s.mu.Lock()
	e, err := s.execution(executionARN)
	if err != nil {
		s.mu.Unlock()
		return stopped, err
	}
	l := e.live
	s.mu.Unlock()
	if l != nil {
		l.run.Abort(name, cause)
		l.await(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.ended.IsZero() {
		return s.Clock.Now(), nil
	}
	return e.ended, nil
}

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html
const (
	longestError = 256
	longestCause = 32_768
)

func tooLong(what string, n, most int) error {
	return wire.Invalid("ValidationException", "1 validation error detected: Value at '%s' failed to satisfy constraint: "+
		"Member must have length less than or equal to %d (it has %d)", what, most, n)
}

// RedriveExecution makes an execution that did not succeed go on, for somebody who needs
// the permission, at the state that did not. What can't be redriven is the error
// ExecutionNotRedrivable, with AWS's reason.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
func (s *Service) RedriveExecution(by gate.Caller, executionARN string) (redriven time.Time, err error) {
	if err := by.May("states:RedriveExecution", executionARN); err != nil {
		return redriven, denied(err)
	}
	return s.redriveExecution(executionARN)
}

func (s *Service) redriveExecution(executionARN string) (redriven time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.execution(executionARN)
	if err != nil {
		return redriven, err
	}
	r, err := s.record(e)
	if err != nil {
		return redriven, err
	}
	now := s.Clock.Now()
	if why := s.unredrivable(r, now); why != "" {
		return redriven, wire.Invalid("ExecutionNotRedrivable", "%s", why)
	}
	if _, err := s.machine(e.machine); err != nil {
		return redriven, err
	}
	m := s.versionOf(e.machine, e.version)
	e.redrives, e.redriven, e.ended = e.redrives+1, now, time.Time{}
	s.begin(m, e, &live{input: []byte(r.Input), events: r.Events}, r.Progress, true)
	return now, nil
}

// unredrivable is why an execution can't be redriven, in AWS's words; "" where it can.
func (s *Service) unredrivable(r record, now time.Time) string {
	p := r.Progress
	if p == nil {
		p = &asl.Progress{Result: r.Result}
	}
	return p.Unredrivable(now)
}

// stopExecutionRequest is StopExecution over HTTP.
func (s *Service) stopExecutionRequest(r wire.Request) (any, error) {
	var in struct {
		ExecutionARN string `json:"executionArn"`
		Error        string `json:"error"`
		Cause        string `json:"cause"`
	}
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	stopped, err := s.stopExecution(r.Context(), in.ExecutionARN, in.Error, in.Cause)
	if err != nil {
		return nil, err
	}
	return map[string]any{"stopDate": epoch(stopped)}, nil
}

// redriveExecutionRequest is RedriveExecution over HTTP.
func (s *Service) redriveExecutionRequest(r wire.Request) (any, error) {
	var in struct {
		ExecutionARN string `json:"executionArn"`
		ClientToken  string `json:"clientToken"`
	}
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	redriven, err := s.redriveOnce(in.ExecutionARN, in.ClientToken)
	if err != nil {
		return nil, err
	}
	return map[string]any{"redriveDate": epoch(redriven)}, nil
}

// tokenTime is how long the service remembers a client's token.
const tokenTime = 15 * time.Minute

// redriveOnce redrives an execution, but not again for the token of the last redrive:
// every client of AWS's own sends one, and sends it again where no answer came.
func (s *Service) redriveOnce(executionARN, token string) (redriven time.Time, err error) {
	now := s.Clock.Now()
	s.mu.Lock()
	last, again := s.tokens[executionARN+" "+token]
	s.mu.Unlock()
	if again && token != "" && now.Sub(last) < tokenTime {
		return last, nil
	}
	if redriven, err = s.redriveExecution(executionARN); err != nil || token == "" {
		return redriven, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for other, at := range s.tokens {
		if now.Sub(at) >= tokenTime {
			delete(s.tokens, other)
		}
	}
	s.tokens[executionARN+" "+token] = redriven
	return redriven, nil
}
