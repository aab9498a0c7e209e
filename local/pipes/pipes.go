// Package pipes is Amazon EventBridge Pipes on one machine, from an SQS queue to
// a Step Functions state machine that is started without waiting for its end.
//
// The execution's input is the JSON array of the batch's records, even for one
// message; the messages are deleted as soon as the execution has started, and
// become visible again after the queue's visibility time-out where it has not.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-sqs.html
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html
package pipes

import (
	"context"
	"fmt"
	"time"

	"autobackup/local/sqs"
)

const (
	// maxInput closes a batch: what Step Functions takes as an execution's input.
	maxInput = 262_144
	// starts is how many executions are started at once.
	starts = 5
)

// Config is a pipe's configuration. The last four fields must be empty: they
// change or drop messages on their way, which is not supported.
type Config struct {
	Name                           string
	SourceARN                      string // of the queue
	BatchSize                      int    // 1 to 10,000; 0 is the service's default of 10
	MaximumBatchingWindowInSeconds int    // 0 to 300; at least 1 for a BatchSize over 10
	InvocationType                 string // FIRE_AND_FORGET
	DesiredState                   string // RUNNING or STOPPED; "" is RUNNING

	InputTemplate           string
	FilterCriteria          string
	Enrichment              string
	EnrichmentInputTemplate string
}

// Queues is what a pipe needs of SQS; *sqs.Service is one, and so is sqs.Client.
type Queues interface {
	Consume(queueARN string, how sqs.Batching, handle func(context.Context, sqs.Batch) (done []sqs.Message)) (*sqs.Consumer, error)
}

// Start starts an execution. Its error leaves the batch's messages in the queue.
type Start func(ctx context.Context, input []byte) error

// Pipe is a pipe that has been created.
type Pipe struct {
	Config
	consumer *sqs.Consumer // nil: it is stopped
	target   string
	again    func() (*sqs.Consumer, error) // starts it
}

// New creates a pipe and, unless it is STOPPED, starts it. failed, which may be
// nil, is told every error of start, and why the queue can't be polled.
func New(queues Queues, c Config, start Start, failed func(error)) (*Pipe, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("pipe %s: %w", c.Name, err)
	}
	if c.BatchSize == 0 {
		c.BatchSize = 10
	}
	tell := func(err error) {
		if failed != nil {
			failed(fmt.Errorf("pipe %s: %w", c.Name, err))
		}
	}
	how := sqs.Batching{
		Size: c.BatchSize, Window: time.Duration(c.MaximumBatchingWindowInSeconds) * time.Second,
		MaxBytes: maxInput, Concurrency: starts, Failed: tell,
	}
	p := &Pipe{Config: c, again: func() (*sqs.Consumer, error) {
		return queues.Consume(c.SourceARN, how, func(ctx context.Context, b sqs.Batch) []sqs.Message {
			if err := start(ctx, b.Records); err != nil {
				tell(fmt.Errorf("start an execution for %d messages: %w", len(b.Messages), err))
				return nil
			}
			return b.Messages
		})
	}}
	if c.DesiredState == "STOPPED" {
		return p, nil
	}
	var err error
	if p.consumer, err = p.again(); err != nil {
		return nil, fmt.Errorf("pipe %s: %w", c.Name, err)
	}
	return p, nil
}

func (c Config) check() error {
	for _, f := range []struct{ name, value string }{
		{"InputTemplate", c.InputTemplate}, {"FilterCriteria", c.FilterCriteria},
		{"Enrichment", c.Enrichment}, {"EnrichmentInputTemplate", c.EnrichmentInputTemplate},
	} {
		if f.value != "" {
			return fmt.Errorf("%s is not supported by the local stack; the target gets every message as it is", f.name)
		}
	}
	if c.InvocationType != "FIRE_AND_FORGET" {
		return fmt.Errorf("InvocationType %q is not supported by the local stack; use FIRE_AND_FORGET", c.InvocationType)
	}
	switch c.DesiredState {
	case "", "RUNNING", "STOPPED":
		return nil
	}
	return fmt.Errorf("DesiredState is %q; use RUNNING or STOPPED", c.DesiredState)
}

// Close stops the pipe and waits for the starts under way.
func (p *Pipe) Close() {
	if p.consumer != nil {
		p.consumer.Close()
	}
}
