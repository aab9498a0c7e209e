package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"autobackup/local/sqs"
)

const (
	reportFailures = "ReportBatchItemFailures"
	// defaultConcurrency is how many batches Lambda begins with.
	// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
	defaultConcurrency = 5
)

// Mapping is an event source mapping from an SQS queue. FilterCriteria must be
// empty: it drops messages, which is not supported.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
type Mapping struct {
	Queue                          sqs.Queue
	BatchSize                      int      // 1 to 10,000; 0 is the service's default of 10
	MaximumBatchingWindowInSeconds int      // 0 to 300; at least 1 for a BatchSize over 10
	FunctionResponseTypes          []string // ReportBatchItemFailures or none
	MaximumConcurrency             int      // batches at once, 2 to 1,000; 0 is the service's default
	Disabled                       bool
	FilterCriteria                 string
}

// EventSource is a mapping that runs, unless it is disabled.
type EventSource struct {
	Mapping
	consumer *sqs.Consumer // nil: it is disabled
}

// Queues is what a mapping needs of SQS; *sqs.Service is one, and so is sqs.Client.
type Queues interface {
	Consume(queueARN string, how sqs.Batching, handle func(context.Context, sqs.Batch) (done []sqs.Message)) (*sqs.Consumer, error)
}

// Map runs a mapping: messages of batches that succeed are deleted, the others
// become visible again after the queue's visibility time-out. failed, which may
// be nil, is told why a batch or a part of it failed, and why the queue can't be polled.
func Map(queues Queues, m Mapping, f *Function, failed func(error)) (*EventSource, error) {
	if err := m.check(f); err != nil {
		return nil, fmt.Errorf("event source mapping from %s to %s: %w", m.Queue.Name(), f.Name, err)
	}
	if m.Disabled {
		return &EventSource{Mapping: m}, nil
	}
	tell := func(err error) {
		if failed != nil {
			failed(fmt.Errorf("event source mapping from %s to %s: %w", m.Queue.Name(), f.Name, err))
		}
	}
	how := sqs.Batching{
		Size: m.BatchSize, Window: time.Duration(m.MaximumBatchingWindowInSeconds) * time.Second,
		MaxBytes: maxPayload - len(`{"Records":}`), Concurrency: m.MaximumConcurrency, Failed: tell,
	}
	if how.Size == 0 {
		how.Size = 10
	}
	if how.Concurrency == 0 {
		how.Concurrency = defaultConcurrency
	}
	consumer, err := queues.Consume(m.Queue.ARN, how, func(ctx context.Context, b sqs.Batch) []sqs.Message {
		done, err := m.handle(ctx, f, b)
		if err != nil && ctx.Err() == nil { // a mapping that is stopped leaves the batch to the next one
			tell(err)
		}
		return done
	})
	if err != nil {
		return nil, fmt.Errorf("event source mapping from %s to %s: %w", m.Queue.Name(), f.Name, err)
	}
	return &EventSource{m, consumer}, nil
}

func (m Mapping) check(f *Function) error {
	switch {
	case m.FilterCriteria != "":
		return errors.New("FilterCriteria is not supported by the local stack; the function gets every message")
	case m.MaximumConcurrency != 0 && (m.MaximumConcurrency < 2 || m.MaximumConcurrency > 1000):
		return fmt.Errorf("MaximumConcurrency is %d; use 2 to 1000", m.MaximumConcurrency)
	case m.Queue.VisibilityTimeout < f.Timeout: // of six times, which the guide recommends, the service says nothing
		return fmt.Errorf("Queue visibility timeout: %d seconds is less than Function timeout: %d seconds", m.Queue.VisibilityTimeout, f.Timeout) //nolint:staticcheck // as Lambda words it
	}
	for _, t := range m.FunctionResponseTypes {
		if t != reportFailures {
			return fmt.Errorf("FunctionResponseTypes has %q; use %s", t, reportFailures)
		}
	}
	return nil
}

// handle invokes the function with a batch and answers with the messages that
// succeeded.
func (m Mapping) handle(ctx context.Context, f *Function, b sqs.Batch) ([]sqs.Message, error) {
	event := slices.Concat([]byte(`{"Records":`), b.Records, []byte(`}`))
	response, err := f.Invoke(ctx, event)
	if err != nil {
		return nil, err
	}
	if len(m.FunctionResponseTypes) == 0 {
		return b.Messages, nil
	}
	failures, err := batchItemFailures(response)
	if err != nil {
		return nil, fmt.Errorf("the whole batch counts as failed: %w", err)
	}
	failed, err := among(b.Messages, failures)
	if err != nil {
		return nil, fmt.Errorf("the whole batch counts as failed: %w", err)
	}
	if len(failures) > 0 {
		err = fmt.Errorf("%d of %d messages failed", len(failures), len(b.Messages))
	}
	return slices.DeleteFunc(slices.Clone(b.Messages), func(sent sqs.Message) bool { return failed[sent.ID] }), err
}

// among says of each message of a batch whether it failed.
func among(batch []sqs.Message, failures []string) (map[string]bool, error) {
	failed := make(map[string]bool, len(batch))
	for _, sent := range batch {
		failed[sent.ID] = false
	}
	for _, id := range failures {
		if _, sent := failed[id]; !sent {
			return nil, fmt.Errorf("itemIdentifier %q is no message of the batch", id)
		}
		failed[id] = true
	}
	return failed, nil
}

// batchItemFailures reads a partial batch response: the ids of the messages that
// failed. Null and empty responses and lists are none.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
func batchItemFailures(response []byte) ([]string, error) {
	if len(bytes.TrimSpace(response)) == 0 {
		return nil, nil
	}
	var fields map[string]json.RawMessage // maps: the names are compared by case
	var items []map[string]json.RawMessage
	if err := json.Unmarshal(response, &fields); err != nil {
		return nil, fmt.Errorf("the response is no JSON object: %w", err)
	}
	if list := fields["batchItemFailures"]; list != nil {
		if err := json.Unmarshal(list, &items); err != nil {
			return nil, fmt.Errorf("batchItemFailures is no list of objects: %w", err)
		}
	}
	var ids []string
	for i, item := range items {
		var id string
		if err := json.Unmarshal(item["itemIdentifier"], &id); err != nil || id == "" {
			return nil, fmt.Errorf("batchItemFailures[%d] has no itemIdentifier", i)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// Close stops the mapping and waits for the batches being handled.
func (e *EventSource) Close() {
	if e.consumer != nil {
		e.consumer.Close()
	}
}
