package states

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/asl"
)

// Kept is what another service needs, beside Config.Dir and the same state machines, to
// go on where this one is. It is JSON.
type Kept struct {
	Executions []UnderWay
	MapRuns    []asl.MapRun
}

// UnderWay is an execution that has not ended.
type UnderWay struct {
	StateMachineARN, Name string
	Started               time.Time // by StartExecution; Progress.Started is when its run was, a little later
	Input                 string
	Version               string `json:",omitempty"` // of the state machine that it began with
	Progress              asl.Progress
	Events                []types.HistoryEvent `json:",omitempty"` // those of the progress, with Config.KeepHistory
}

// Keep tells what is under way, which goes on meanwhile.
func (s *Service) Keep() Kept {
	return Kept{Executions: s.keep((*asl.Run).Progress, map[*execution]bool{}), MapRuns: s.allMapRuns()}
}

// Suspend stops all executions without a trace, in place of Close, and tells what was
// under way. Nothing but their tasks may start executions any more.
func (s *Service) Suspend() (k Kept) {
	s.mu.Lock()
	s.suspended = true
	s.mu.Unlock()
	for seen, n := map[*execution]bool{}, -1; n < len(seen); {
		n = len(seen)
		k.Executions = append(k.Executions, s.keep((*asl.Run).Suspend, seen)...)
		s.running.Wait() // a task may have started another execution meanwhile
	}
	k.MapRuns = s.allMapRuns()
	s.store(k)
	s.Close()
	return k
}

// keep tells of the executions that are not in seen, and notes them there.
func (s *Service) keep(tell func(*asl.Run) asl.Progress, seen map[*execution]bool) (all []UnderWay) {
	s.mu.Lock()
	running := slices.DeleteFunc(slices.Clone(s.executions), func(e *execution) bool { return e.live == nil || seen[e] })
	s.mu.Unlock()
	for _, e := range running {
		seen[e] = true
		if l := s.liveOf(e); l != nil {
			all = append(all, s.underWay(e, l, tell(l.run))) // s.mu is free: an execution needs it now and then
		}
	}
	return all
}

func (s *Service) allMapRuns() []asl.MapRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Values(s.mapRuns), func(a, b asl.MapRun) int { return cmp.Compare(a.ARN, b.ARN) })
}

func (s *Service) liveOf(e *execution) *live {
	s.mu.Lock()
	defer s.mu.Unlock()
	return e.live
}

func (s *Service) underWay(e *execution, l *live, p asl.Progress) UnderWay {
	s.mu.Lock()
	defer s.mu.Unlock()
	return l.underWay(e, p)
}

func (l *live) underWay(e *execution, p asl.Progress) UnderWay {
	return UnderWay{StateMachineARN: e.machine, Name: e.name, Started: e.started, Input: string(l.input), Version: e.version, Progress: p,
		Events: slices.Clone(l.events[:min(len(l.events), int(p.Events))])}
}

// Resume goes on with what another service kept, and knows what had ended there from
// Config.Dir. It comes after the state machines were made, and before any execution.
func (s *Service) Resume(k Kept) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.index(); err != nil {
		return fmt.Errorf("go on with executions: read those that have ended: %w", err)
	}
	for _, run := range k.MapRuns {
		s.mapRuns[run.ARN] = run
	}
	s.forget(s.Clock.Now().Add(-retention))
	for _, u := range k.Executions {
		i := id{u.StateMachineARN, u.Name}
		m := s.versionOf(u.StateMachineARN, u.Version)
		if m == nil {
			return fmt.Errorf("go on with execution %s: there is no state machine %s", i.arn(), u.StateMachineARN)
		}
		e := s.byID[i]
		if e != nil && e.redrives >= u.Progress.Redrives {
			continue // it had ended before the other service did
		}
		if e == nil {
			e = &execution{id: i, started: cmp.Or(u.Started, u.Progress.Started)} // an older program kept that alone
			s.add(e)
		}
		e.redrives, e.redriven = u.Progress.Redrives, u.Progress.Redriven
		s.begin(m, e, &live{input: []byte(u.Input), events: u.Events}, &u.Progress, false)
	}
	slices.SortStableFunc(s.executions, func(a, b *execution) int { return a.started.Compare(b.started) })
	return nil
}

// add notes an execution; s.mu is held.
func (s *Service) add(e *execution) { s.executions, s.byID[e.id] = append(s.executions, e), e }

// index finds the executions in the archive. Of one that was redriven the last record
// counts.
func (s *Service) index() error {
	files, err := filepath.Glob(filepath.Join(s.archive.dir, "*"+extension))
	if err != nil {
		return err
	}
	for _, name := range files {
		if err := s.indexFile(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (s *Service) indexFile(name string) error {
	file, err := os.Open(name) // #nosec G304: in the stack's own folder
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	lines := bufio.NewReader(file)
	for at := (place{file: filepath.Base(name)}); ; at.offset += int64(at.size) {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			if len(line) > 0 {
				return os.Truncate(name, at.offset) // the process died while it wrote
			}
			return nil
		}
		if err != nil {
			return err
		}
		at.size = len(line)
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			return fmt.Errorf("at byte %d: %w", at.offset, err)
		}
		s.archived(r, at)
	}
}

func (s *Service) archived(r record, at place) {
	i := id{strings.Clone(r.Machine), r.Name}
	if m := s.machines[r.Machine]; m != nil {
		i.machine = m.arn // one text for all
	}
	e := s.byID[i]
	if e == nil {
		e = &execution{id: i, started: r.Started}
		s.add(e)
	}
	e.ended, e.status, e.redrives, e.redriven, e.version, e.place = r.Ended, r.Status, r.Redrives, r.Redriven, r.Version, at
}
