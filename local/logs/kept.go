package logs

import (
	"fmt"
	"strings"

	"autobackup/local/store"
)

// keptLines is the kind of records that lines are. A line's key is its group's ARN, a zero byte and
// its number.
const keptLines = "logs lines"

// keep notes that a line is new, or, where there is none, that it is no longer kept. The service is
// locked.
func (s *Service) keep(arn string, number int, line any) {
	s.mu.Changed(keptLines, fmt.Sprintf("%s\x00%020d", arn, number), func() any { return line })
}

// Load gives the groups, which are there already, the lines that those of another service with a
// store had, and keeps what is written from now on.
func (s *Service) Load(from *store.Store) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := store.Each(from, keptLines, func(key string, l Line) error {
		arn, number, _ := strings.Cut(key, "\x00")
		g := s.groups[arn]
		if g == nil {
			return nil // it left the template
		}
		g.streams[l.Stream] = true
		g.add(l)
		_, err := fmt.Sscanf(number, "%d", &g.written)
		return err
	})
	if err != nil {
		return fmt.Errorf("load what logs kept: %w", err)
	}
	s.mu.Store = from
	return nil
}
