package states

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/asl"
	"autobackup/local/store"
)

// Kinds of records, by ARN. What has ended lies in the archive, where it is before its record goes.
const (
	keptExecutions = "states executions"
	keptEvents     = "states events" // of executions, by their numbers
	keptMapRuns    = "states map runs"
)

// keepBeginning keeps an execution that begins, before anybody is told that it has; s.mu is held.
func (s *Service) keepBeginning(e *execution, l *live) {
	if s.mu.Store != nil {
		s.keepVersion(s.versions[e.version])
		s.keepUnderWay(l.underWay(e, l.run.Progress()), l)
	}
}

// keepUnderWay keeps how far an execution is, its events each in a record of its own, as they
// are many; s.mu is held.
func (s *Service) keepUnderWay(u UnderWay, l *live) {
	arn := id{u.StateMachineARN, u.Name}.arn()
	for ; l.stored < len(u.Events); l.stored++ {
		event := u.Events[l.stored]
		s.mu.Changed(keptEvents, numbered(arn, l.stored), func() any { return event })
	}
	u.Events = nil
	s.mu.Changed(keptExecutions, arn, func() any { return u })
}

func numbered(arn string, event int) string { return fmt.Sprintf("%s\x00%09d", arn, event) }

// keepNone forgets an execution that has ended; s.mu is held.
func (s *Service) keepNone(e *execution, l *live) {
	none := func() any { return nil }
	s.mu.Changed(keptExecutions, e.arn(), none)
	for event := range l.stored {
		s.mu.Changed(keptEvents, numbered(e.arn(), event), none)
	}
}

// keepProgress keeps how far an execution is.
func (s *Service) keepProgress(e *execution, l *live) {
	s.mu.Lock()
	keeps := s.mu.Store != nil
	s.mu.Unlock()
	if !keeps {
		return
	}
	l.keeping.Lock() // so that what is told first is written first
	defer l.keeping.Unlock()
	p := l.run.Progress() // s.mu is free: an execution needs it now and then
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.live == l && l.result == nil && !s.suspended {
		s.keepUnderWay(l.underWay(e, p), l)
	}
}

// store keeps where executions were suspended.
func (s *Service) store(k Kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range k.Executions {
		if e := s.byID[id{u.StateMachineARN, u.Name}]; e != nil && e.live != nil {
			s.keepUnderWay(u, e.live)
		}
	}
}

func (s *Service) keepMapRun(arn string) {
	s.mu.Changed(keptMapRuns, arn, func() any {
		if r, ok := s.mapRuns[arn]; ok {
			return r
		}
		return nil
	})
}

// Load goes on with the executions of another service with a store and the same Dir, whose state
// machines are there again, and keeps what executions come to from now on. A task under way is
// called again. Config.Known gets the events that they had.
func (s *Service) Load(from *store.Store) error {
	var k Kept
	events := map[string][]types.HistoryEvent{}
	err := store.Each(from, keptEvents, func(key string, e types.HistoryEvent) error {
		arn, _, _ := strings.Cut(key, "\x00")
		events[arn] = append(events[arn], e)
		return nil
	})
	if err == nil {
		err = store.Each(from, keptExecutions, func(arn string, u UnderWay) error {
			u.Events = events[arn][:min(len(events[arn]), int(u.Progress.Events))]
			k.Executions = append(k.Executions, u)
			return nil
		})
	}
	if err == nil {
		err = store.Each(from, keptMapRuns, func(_ string, r asl.MapRun) error { k.MapRuns = append(k.MapRuns, r); return nil })
	}
	if err != nil {
		return fmt.Errorf("load what step functions kept: %w", err)
	}
	for _, u := range k.Executions {
		for _, e := range u.Events {
			if s.Known != nil {
				s.Known(id{u.StateMachineARN, u.Name}.arn(), e)
			}
		}
	}
	if err := s.loadVersions(from); err != nil {
		return fmt.Errorf("load what step functions kept: %w", err)
	}
	s.mu.Lock()
	s.mu.Store = from
	s.mu.Unlock()
	if err := s.Resume(k); err != nil {
		return err
	}
	s.forgetEnded(k, events)
	return nil
}

// forgetEnded drops the records of executions that had ended when the program was killed.
func (s *Service) forgetEnded(k Kept, events map[string][]types.HistoryEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range k.Executions {
		i := id{u.StateMachineARN, u.Name}
		if e := s.byID[i]; e.live == nil {
			s.keepNone(e, &live{stored: len(events[i.arn()])})
		}
	}
	s.forgetVersions()
}
