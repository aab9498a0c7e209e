package lambda

import (
	"errors"
	"fmt"
	"slices"

	"autobackup/local/gate"
	"autobackup/local/sqs"
)

// queueEvent has the properties of a function's event of type SQS that have an
// effect here.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-sqs.html
type queueEvent struct {
	Queue                          string `cfn:",required"`
	Enabled                        *bool
	BatchSize                      *int
	MaximumBatchingWindowInSeconds int
	FunctionResponseTypes          []string
	ScalingConfig                  struct{ MaximumConcurrency *int }
}

// mapping is the event's, without its queue. What is left out has the service's
// default; a 0 that is written down is refused, as by the service.
func (e queueEvent) mapping() (Mapping, error) {
	m := Mapping{
		MaximumBatchingWindowInSeconds: e.MaximumBatchingWindowInSeconds, FunctionResponseTypes: e.FunctionResponseTypes,
		Disabled: e.Enabled != nil && !*e.Enabled,
	}
	if e.BatchSize != nil {
		if m.BatchSize = *e.BatchSize; m.BatchSize == 0 {
			return m, errors.New("BatchSize is 0; use 1 to 10000") //nolint:staticcheck // the property's name
		}
	}
	if most := e.ScalingConfig.MaximumConcurrency; most != nil {
		if m.MaximumConcurrency = *most; m.MaximumConcurrency == 0 {
			return m, errors.New("MaximumConcurrency is 0; use 2 to 1000") //nolint:staticcheck // the property's name
		}
	}
	return m, nil
}

// subscribe maps a queue to a function.
func (s *Service) subscribe(by gate.Caller, f *Function, region string, e queueEvent) error {
	m, err := e.mapping()
	if err != nil {
		return err
	}
	queues := s.Queues.Queues(region)
	at := slices.IndexFunc(queues, func(q sqs.Queue) bool { return q.ARN == e.Queue })
	if at < 0 {
		return fmt.Errorf("there is no queue %s in %s", e.Queue, region)
	}
	m.Queue = queues[at]
	source, err := Map(s.Queues.As(by), m, f, s.Failed)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources[f.ARN] = append(s.sources[f.ARN], source)
	return nil
}
