package states

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"autobackup/local/store"
)

// keptVersions is the kind of records of state machines as executions began with them, by their
// versions.
const keptVersions = "states versions"

type keptVersion struct {
	StateMachineARN, Role string
	Definition            string
}

// versionID is made of what an update changes for executions that begin after it, and for no other.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html
func (m *machine) versionID() string {
	sum := sha256.New()
	for _, part := range []string{m.arn, m.role, string(m.definition)} {
		_, _ = fmt.Fprintf(sum, "%d %s", len(part), part) // never fails
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// versionOf is the state machine that an execution began with, or else that of now; nil where
// there is none. s.mu is held.
func (s *Service) versionOf(stateMachineARN, version string) *machine {
	now := s.machines[stateMachineARN]
	if m := s.versions[version]; m != nil && now != nil {
		return m
	}
	return now
}

// keepVersion keeps the state machine that an execution begins with; s.mu is held.
func (s *Service) keepVersion(m *machine) {
	if !m.kept {
		m.kept = true
		s.mu.Changed(keptVersions, m.version, func() any { return keptVersion{m.arn, m.role, string(m.definition)} })
	}
}

// loadVersions makes the state machines again that executions of another service began with, but
// for what is as it is now.
func (s *Service) loadVersions(from *store.Store) error {
	return store.Each(from, keptVersions, func(version string, k keptVersion) error {
		s.mu.Lock()
		now := s.machines[k.StateMachineARN]
		s.mu.Unlock()
		if now == nil || now.version == version {
			return nil
		}
		was := machine{name: now.name, arn: now.arn, region: now.region, role: k.Role, definition: []byte(k.Definition), created: now.created, by: now.by, logs: now.logs, kept: true}
		if by, err := s.Gate.Assume(k.Role, "states.amazonaws.com", now.name); err == nil { // or its role has gone, and another is in its place
			was.by = by
		}
		m, err := s.interpreted(was)
		if err != nil {
			return fmt.Errorf("the definition that executions of %s began with: %w", now.name, err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		m.ctx, m.stop = now.ctx, now.stop
		s.versions[version] = m
		return nil
	})
}

// forgetVersions drops the state machines that no execution began with; s.mu is held.
func (s *Service) forgetVersions() {
	needed := map[string]bool{}
	for _, e := range s.executions {
		needed[e.version] = true
	}
	for version := range s.versions {
		if !needed[version] {
			delete(s.versions, version)
			s.mu.Changed(keptVersions, version, func() any { return nil })
		}
	}
}
