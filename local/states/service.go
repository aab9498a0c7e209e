// Package states is AWS Step Functions on one machine: STANDARD state machines,
// which package asl interprets, their executions and histories, the integrations
// that their tasks call, and the API that tells of them.
// https://docs.aws.amazon.com/step-functions/latest/dg/welcome.html
package states

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/asl"
	"autobackup/local/clock"
	"autobackup/local/events"
	"autobackup/local/gate"
	"autobackup/local/lambda"
	"autobackup/local/logs"
	"autobackup/local/sns"
	"autobackup/local/sqs"
	"autobackup/local/store"
)

// Config is what a Service is made from.
type Config struct {
	Clock   *clock.Clock
	NewID   func() string // makes names of executions and request ids
	Seed    uint64        // of jitter and random numbers
	Project string        // the folder in which state machines' definitions lie
	// AWSConfig is for the S3 of a region, which distributed Maps read items from
	// and write results to. It signs with an access key; with none, with the stack's own.
	// Dir is a folder for executions that have ended, and for what Map Runs need to go on.
	AWSConfig func(region, accessKey string) aws.Config
	Dir       string
	// History, if set, gets every event of every execution, those that distributed
	// Maps start included. It must not block.
	History func(executionARN string, event types.HistoryEvent)
	// Known, if set, gets the events that executions had which another service began, before they
	// go on.
	Known func(executionARN string, event types.HistoryEvent)
	// KeepHistory keeps the events of executions for GetExecutionHistory. Without it none are
	// kept.
	KeepHistory bool
	// TerminalDataLimit is asl.Execution's, for every execution: States.ALL does not
	// cover a task's result that is too large.
	TerminalDataLimit bool
	Failed            func(error) // is told what went wrong in the service itself. May be nil
	// Ended, if set, is told how executions end, those that distributed Maps start left out.
	Ended func(stateMachineARN string, status types.ExecutionStatus)

	Gate *gate.Gate // decides what callers and state machines may do. nil: everything

	Functions *lambda.Service
	Topics    *sns.Service
	Queues    *sqs.Service
	Events    *events.Service
	Logs      *logs.Service // that executions are logged into; nil: nowhere
}

// Service holds the state machines and executions of every region.
type Service struct {
	Config
	// TaskFault, if set before the first execution, is asked before every call
	// of a Task state; its error (an *asl.Error has a name) is the call's.
	TaskFault func(ctx context.Context, resource string, parameters []byte) error

	ctx  context.Context //nolint:containedctx // its end aborts executions, which outlive every call
	stop context.CancelFunc

	mu         store.Lock
	machines   map[string]*machine // by ARN
	versions   map[string]*machine // that executions began with
	executions []*execution        // in the order of their start
	byID       map[id]*execution   // the same
	archive    archive             // of those that have ended
	paged      struct {            // the history that was read last
		at     place
		events []types.HistoryEvent
	}
	forgotten string                // the last day whose executions are no longer known
	underway  int                   // executions that have not ended
	mapRuns   map[string]asl.MapRun // by ARN, as last told
	tokens    map[string]time.Time  // of redrives: when each came
	suspended bool                  // nothing that executions come to is kept any more
	running   sync.WaitGroup
	ended     chan struct{} // closed, and replaced, when an execution ends
}

// New returns a service without state machines. The end of ctx aborts executions.
func New(ctx context.Context, c Config) *Service {
	s := &Service{
		Config: c, machines: map[string]*machine{}, versions: map[string]*machine{}, byID: map[id]*execution{},
		mapRuns: map[string]asl.MapRun{}, tokens: map[string]time.Time{}, ended: make(chan struct{}),
		archive: archive{dir: filepath.Join(c.Dir, "executions")},
	}
	s.ctx, s.stop = context.WithCancel(ctx)
	return s
}

// UnderWay tells whether an execution runs; ended is closed when the next ends.
func (s *Service) UnderWay() (ended <-chan struct{}, running bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended, s.underway > 0
}

// StateMachines are the ARNs of a region's state machines, sorted.
func (s *Service) StateMachines(region string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	elsewhere := func(arn string) bool { return !strings.HasPrefix(arn, "arn:aws:states:"+region+":") }
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.machines)), elsewhere)
}

// Close aborts executions and waits for them.
func (s *Service) Close() {
	s.stop()
	s.running.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.archive.close()
}
