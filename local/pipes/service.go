package pipes

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"autobackup/local/gate"
	"autobackup/local/logs"
	"autobackup/local/sqs"
)

// Service holds the pipes of every region.
type Service struct {
	// Gate decides what pipes may do. nil: everything.
	Gate *gate.Gate
	// Failed is told why a pipe could not start an execution. nil: nobody is.
	Failed func(error)

	// Metrics, if set before a pipe is deployed, gets what CloudWatch is told of it.
	Metrics func(pipeARN, metric string, value float64)

	// Account, 12 digits, is of whom nobody was given a key.
	Account string
	// NewID makes the ids of requests over HTTP.
	NewID func() string

	// Logs are where pipes log into.
	Logs *logs.Service

	queues *sqs.Service
	start  Starter

	mu    sync.Mutex
	pipes map[string]*Pipe // by ARN
}

// Starter starts an execution of a state machine for somebody.
type Starter func(by gate.Caller, stateMachineARN string, input []byte) error

// NewService returns a service without pipes.
func NewService(queues *sqs.Service, start Starter) *Service {
	return &Service{queues: queues, start: start, pipes: map[string]*Pipe{}}
}

// Pipes are the ARNs of all pipes, sorted.
func (s *Service) Pipes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.pipes))
}

// Close stops all pipes and waits for the starts under way.
func (s *Service) Close() {
	s.mu.Lock()
	pipes := slices.Collect(maps.Values(s.pipes))
	s.mu.Unlock()
	for _, pipe := range pipes {
		pipe.Close()
	}
}

// stopped is the pipe when it is stopped.
func (p *Pipe) stopped() *Pipe { return &Pipe{Config: p.Config, target: p.target, again: p.again} }

// Stopped says whether a pipe is stopped.
func (s *Service) Stopped(pipeARN string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	pipe := s.pipes[pipeARN]
	return pipe != nil && pipe.consumer == nil
}

// Stop stops a pipe, as StopPipe does: what it was about to start is started.
// https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_StopPipe.html
func (s *Service) Stop(pipeARN string) {
	s.mu.Lock()
	pipe := s.pipes[pipeARN]
	if pipe != nil {
		s.pipes[pipeARN] = pipe.stopped()
	}
	s.mu.Unlock()
	if pipe != nil {
		pipe.Close()
	}
}

// Start starts a pipe that is stopped, as StartPipe does. It may no longer do what it could when
// it was made.
// https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_StartPipe.html
func (s *Service) Start(pipeARN string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	pipe := s.pipes[pipeARN]
	if pipe == nil || pipe.consumer != nil {
		return nil
	}
	consumer, err := pipe.again()
	if err != nil {
		return fmt.Errorf("pipe %s: %w", pipe.Name, err)
	}
	s.pipes[pipeARN] = &Pipe{Config: pipe.Config, target: pipe.target, again: pipe.again, consumer: consumer}
	return nil
}
