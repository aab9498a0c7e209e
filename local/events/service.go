package events

import (
	"maps"
	"slices"
	"sync"
	"time"

	"autobackup/local/gate"
	"autobackup/local/sqs"
)

// Service holds the default bus of every region.
type Service struct {
	// Gate decides what rules may do. nil: everything.
	Gate *gate.Gate
	// Account, 12 digits, is of whom nobody was given a key.
	Account string
	// NewID makes the ids of requests over HTTP, and of events.
	NewID func() string
	// Now is the time of events that are put without one; it may be nil.
	Now func() time.Time
	// Invoke invokes a function of a region for a rule with a schedule; nil: there are none.
	Invoke func(by gate.Caller, region, functionARN string, event []byte) error
	// Start starts a state machine for a rule with a schedule, as its role; nil: there are none.
	Start func(by gate.Caller, stateMachineARN string, input []byte) error
	// Metrics, if set before the first event, gets what CloudWatch is told of a rule.
	Metrics func(ruleARN, metric string)
	// Fault, if set before the first call, may name an error code for an event that is
	// put; "" takes it.
	Fault func(Entry) string

	queues *sqs.Service

	mu    sync.Mutex
	buses map[string]*Bus // by region
}

// NewService returns a service without rules.
func NewService(queues *sqs.Service) *Service {
	return &Service{queues: queues, buses: map[string]*Bus{}}
}

// Bus is a region's default event bus.
func (s *Service) Bus(region string) *Bus {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buses[region] == nil {
		s.buses[region] = New(func(ruleARN string) Queues { return s.queues.As(s.Gate.Service(principal, ruleARN)) })
		s.buses[region].Metrics = s.Metrics
	}
	return s.buses[region]
}

// regions are those that have a bus.
func (s *Service) regions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.buses))
}

// Counts are the deliveries of the rules of all regions so far, by the rule's ARN.
func (s *Service) Counts() map[string]Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]Counts{}
	for _, bus := range s.buses {
		maps.Copy(all, bus.Counts())
	}
	return all
}
