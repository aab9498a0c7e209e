package logs

import (
	"time"

	"autobackup/local/template"
)

// updateGroup has a group keep its lines for another time.
func (s *Service) updateGroup(_ template.Target, was template.Made, _ template.Resource, p groupProperties) (string, map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.groups[bare(was.Attributes["Arn"])]; g != nil {
		g.retention = time.Duration(p.RetentionInDays) * 24 * time.Hour
	}
	return was.Reference, was.Attributes, nil
}
