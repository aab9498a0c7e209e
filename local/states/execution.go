package states

import (
	"context"
	"hash/fnv"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/asl"
)

// Execution is one run of a state machine.
type Execution struct {
	ARN   string
	Name  string // unique among the state machine's executions
	Input []byte // JSON
	// Result is nil while the execution runs.
	Result *asl.Result

	named   bool // whoever started it chose the name
	started time.Time
}

// execution is what is in memory of an execution: little of one that has ended.
type execution struct {
	id
	started, ended time.Time
	status         types.ExecutionStatus
	redrives       int
	redriven       time.Time // the last time
	version        string    // of the state machine; "" is that of now
	live           *live     // nil when it has ended, and lies in the archive
	place          place     // there
}

// id is what an execution's ARN is made of.
type id struct{ machine, name string } // machine is the state machine's ARN

// arn has the form arn:aws:states:region:account:execution:machine:name.
func (i id) arn() string {
	return strings.Replace(i.machine, ":stateMachine:", ":execution:", 1) + ":" + i.name
}

func parseID(executionARN string) id {
	machine, name := executionARN, ""
	if at := strings.LastIndex(executionARN, ":"); at >= 0 {
		machine, name = executionARN[:at], executionARN[at+1:]
	}
	return id{strings.Replace(machine, ":execution:", ":stateMachine:", 1), name}
}

// live is an execution that runs, or can't be written down.
type live struct {
	input   []byte
	run     *asl.Run
	events  []types.HistoryEvent // with Config.KeepHistory
	result  *asl.Result
	stopped chan struct{} // closed when it has ended
	keeping sync.Mutex    // while its progress is on its way to the store
	stored  int           // events that are there
}

// begin runs an execution from its beginning, or from what it had come to; s.mu is held.
func (s *Service) begin(m *machine, e *execution, l *live, from *asl.Progress, redrive bool) {
	e.live, l.stopped, e.status = l, make(chan struct{}), types.ExecutionStatusRunning
	s.underway++
	e.version, s.versions[m.version] = m.version, m
	given := asl.Execution{
		Changed: func() { s.keepProgress(e, l) },
		Clock:   s.Clock, Seed: s.Seed ^ hashed(e.arn()), ARN: e.arn(), Name: e.name, RoleARN: m.role,
		StateMachineARN: m.arn, StateMachineName: m.name, Input: l.input,
		TerminalDataLimit: s.TerminalDataLimit,
		Objects:           m.objects, Dir: s.folder(e.id), ChildHistory: s.History, MapRun: s.noteMapRun,
		MayRedrive: m.mayRedrive, From: from, Redrive: redrive,
	}
	if s.History != nil || s.KeepHistory {
		given.History = func(event types.HistoryEvent) { s.event(e, l, event) }
	}
	l.run = m.Begin(m.ctx, given)
	s.keepBeginning(e, l)
	s.running.Go(func() { s.run(m, e, l) })
}

// hashed makes the random numbers of each execution others, and so the ids of its
// Map Runs and their children.
func hashed(arn string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(arn)) // never fails
	return h.Sum64()
}

// folder is where an execution's Map Runs keep what they need to go on.
func (s *Service) folder(i id) string {
	parts := strings.Split(i.machine, ":")
	return filepath.Join(s.Dir, "map-runs", strings.Join(append(parts[3:4:4], parts[len(parts)-1], i.name), "+"))
}

// event hands on, and keeps, an event of an execution's history.
func (s *Service) event(e *execution, l *live, event types.HistoryEvent) {
	if s.History != nil {
		s.History(e.arn(), event)
	}
	if s.KeepHistory {
		s.mu.Lock()
		defer s.mu.Unlock()
		l.events = append(l.events, event)
	}
}

func (s *Service) run(m *machine, e *execution, l *live) {
	result := l.run.Finish()
	if result.Status == types.ExecutionStatusRunning {
		return // suspended
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if result.Status == types.ExecutionStatusAborted && s.machines[m.arn] == nil { // as executions of deleted machines end on AWS
		result.Status, result.Error, result.Cause = types.ExecutionStatusFailed, "States.Runtime", "State machine "+m.name+" has been deleted."
	}
	e.status, e.ended, l.result = result.Status, result.Stop, &result
	if s.Ended != nil {
		s.Ended(m.arn, result.Status)
	}
	s.log(m, &Execution{ARN: e.arn(), Name: e.name, Input: l.input, Result: &result, started: e.started})
	s.putAway(e, l)
	s.underway--
	close(l.stopped)
	close(s.ended)
	s.ended = make(chan struct{})
}

// Executions is a snapshot of all executions, in the order of their start.
func (s *Service) Executions() []Execution {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Execution, 0, len(s.executions))
	for _, e := range s.executions {
		r, err := s.record(e)
		if err != nil {
			s.failed(err)
		}
		all = append(all, Execution{ARN: e.arn(), Name: e.name, Input: []byte(r.Input), Result: r.Result, started: e.started})
	}
	return all
}

// await waits until the execution has ended, or until ctx ends.
func (l *live) await(ctx context.Context) {
	select {
	case <-l.stopped:
	case <-ctx.Done():
	}
}
