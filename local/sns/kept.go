package sns

import (
	"fmt"
	"os"

	"autobackup/local/store"
)

// Kinds of records.
const (
	keptMessages = "sns messages" // the last that were published, by their number
	keptUnheard  = "sns unheard"
)

// keep notes that a message is new, or, where there is none, that it is no longer remembered. The
// service is locked.
func (s *Service) keep(number int, p any) {
	s.mu.Changed(keptMessages, fmt.Sprintf("%020d", number), func() any { return p })
	s.mu.Changed(keptUnheard, "", func() any { return s.unheard })
}

// Load has the service remember what another one with a store and the same outbox published, and
// keeps what is published from now on.
func (s *Service) Load(from *store.Store) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := store.Each(from, keptMessages, func(key string, p Publication) error {
		s.published = append(s.published, p)
		_, err := fmt.Sscanf(key, "%d", &s.numbered)
		return err
	})
	if err == nil {
		err = store.Each(from, keptUnheard, func(_ string, unheard map[string]int) error { s.unheard = unheard; return nil })
	}
	if err != nil {
		return fmt.Errorf("load what sns kept: %w", err)
	}
	if err := from.Folder(s.outbox); err != nil {
		return fmt.Errorf("load what sns kept: %w", err)
	}
	mails, err := os.ReadDir(s.outbox)
	if err != nil {
		return fmt.Errorf("load what sns kept: %w", err)
	}
	s.files = len(mails) // no name comes twice: none is removed
	s.mu.Store = from
	return nil
}
