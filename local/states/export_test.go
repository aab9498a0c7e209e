package states

import (
	"context"

	"autobackup/local/asl"
)

// Forget makes of a suspended service a new one, which knows its state machines alone.
func (s *Service) Forget(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.executions, s.byID, s.mapRuns, s.underway = nil, map[id]*execution{}, map[string]asl.MapRun{}, 0
	s.archive = archive{dir: s.archive.dir}
	s.versions = map[string]*machine{}
	s.ctx, s.stop = context.WithCancel(ctx)
	for _, m := range s.machines {
		m.ctx, m.stop = context.WithCancel(s.ctx)
	}
}

// Make makes a state machine, or another in its place.
func (s *Service) Make(arn, definition string) error {
	m, err := s.interpreted(machine{name: "m", arn: arn, region: "eu-west-1", definition: []byte(definition)})
	if err != nil {
		return err
	}
	m.ctx, m.stop = context.WithCancel(s.ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.machines[arn] = m
	return nil
}
