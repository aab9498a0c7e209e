package local

import (
	"errors"

	"autobackup/local/states"
)

// Kept is what another stack needs to go on with the executions of this one, beside
// Config.Dir and the same deployments. It is JSON.
type Kept struct {
	IDs    []byte // where ids are: none comes twice
	States states.Kept
}

// Suspend is Close that leaves executions for another stack to go on with.
func (s *Stack) Suspend() (Kept, error) {
	var kept Kept
	s.end(func() { kept.States = s.States.Suspend() })
	kept.IDs = s.ids.position()
	return kept, errors.Join(s.failed(), s.S3.Close())
}

// Resume goes on with the executions of Config.Kept, or with everything that Load found. It
// comes after Deploy and Load, and once URL answers.
func (s *Stack) Resume() error {
	if s.Store != nil {
		s.S3.Resume()
		return s.States.Load(s.Store)
	}
	if s.Kept == nil {
		return nil
	}
	return s.States.Resume(s.Kept.States)
}
