package local

import (
	"errors"
	"fmt"
	"slices"

	"autobackup/internal/local/lambda"
	"autobackup/internal/local/sqs"
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
func (e queueEvent) mapping() (lambda.Mapping, error) {
	m := lambda.Mapping{
		MaximumBatchingWindowInSeconds: e.MaximumBatchingWindowInSeconds, FunctionResponseTypes: e.FunctionResponseTypes,
		Disabled: e.Enabled != nil && !*e.Enabled,
	}
	set(&m.BatchSize, e.BatchSize)
	set(&m.MaximumConcurrency, e.ScalingConfig.MaximumConcurrency)
	switch {
	case e.BatchSize != nil && m.BatchSize == 0:
		return m, errors.New("BatchSize is 0; use 1 to 10000") //nolint:staticcheck // the property's name
	case e.ScalingConfig.MaximumConcurrency != nil && m.MaximumConcurrency == 0:
		return m, errors.New("MaximumConcurrency is 0; use 2 to 1000") //nolint:staticcheck // the property's name
	}
	return m, nil
}

// subscribe maps a queue to a function.
func (d *deployment) subscribe(f *lambda.Function, e queueEvent) error {
	m, err := e.mapping()
	if err != nil {
		return err
	}
	queues := d.SQS.Queues(d.region)
	at := slices.IndexFunc(queues, func(q sqs.Queue) bool { return q.ARN == e.Queue })
	if at < 0 {
		return fmt.Errorf("there is no queue %s in %s", e.Queue, d.region)
	}
	m.Queue = queues[at]
	source, err := lambda.Map(d.SQS, m, f, nil) // what fails stays in the queue, which tells
	if err != nil {
		return err
	}
	if !m.Disabled {
		d.consume(e.Queue, source.Close)
	}
	return nil
}
