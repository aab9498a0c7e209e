package comparebytes

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Task is what the state machine sends: a Request about the first replica of a
// message that is to be read.
type Task struct {
	Step
	Message batch.Message `json:"message"`
}

// Done is what it gets back: the message with the verdict on that replica or, of
// the operation compare, a plan to be worked off first.
type Done struct {
	Message batch.Message `json:"message"`
	Plan    *Plan         `json:"plan,omitempty"`
}

// Validate refuses what no operation can work on.
func (t Task) Validate() error {
	request, _, err := t.request()
	if err != nil {
		return err
	}
	return request.Validate()
}

// Work does what the task's operation says. The answer is a RangeResult or Done;
// an error that is worth another try says so to package handler.
func (c Comparer) Work(ctx context.Context, t Task) (any, error) {
	request, replica, err := t.request()
	if err != nil {
		return nil, err
	}
	result, err := c.Do(ctx, request)
	answer, concluded := result.(Answer)
	if err != nil || !concluded {
		return result, err
	}
	if answer.Plan != nil {
		return Done{Message: t.Message, Plan: answer.Plan}, nil
	}
	return Done{Message: with(t.Message, replica, answer)}, nil
}

// request is the task with its pair, and which replica that is about.
func (t Task) request() (in Request, replica int, err error) {
	object, err := s3event.Parse(t.Message.Body)
	if err != nil {
		return in, 0, fmt.Errorf(`"message": %w`, err)
	}
	if t.Message.Look == nil {
		return in, 0, errors.New(`"message" has no "look"`)
	}
	replica = slices.IndexFunc(t.Message.Look.Replicas, func(s verdict.Side) bool {
		return s.Bytes != nil && s.Bytes.Outcome == verdict.Reading
	})
	if replica < 0 {
		return in, 0, errors.New(`"message" has no replica whose "bytes" are to be read`)
	}
	return Request{
		Step: t.Step,
		Pair: Pair{Key: object.Key, Version: object.VersionID, Primary: t.Message.Look.Primary, Replica: t.Message.Look.Replicas[replica]},
	}, replica, nil
}

// with is the message with the answer about one replica. A verified one needs no
// detail, which keeps three replicas within the state.
func with(m batch.Message, replica int, a Answer) batch.Message {
	look := *m.Look
	look.Replicas = slices.Clone(look.Replicas)
	a.Detail = reason.Line(a.Detail, verdict.MaxBytesDetail)
	if a.Outcome == verdict.Verified {
		a.Detail = ""
	}
	look.Replicas[replica].Bytes = &a.Verdict
	m.Look = &look
	return m
}
