package comparebytes

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"autobackup/internal/batch"
	"autobackup/internal/digest"
)

// The operations.
const (
	OpCompare  = "compare"
	OpRange    = "range"
	OpConclude = "conclude"
)

// Request is what the state machine sends. Decoding it from JSON refuses what its
// operation can't work on.
type Request struct {
	Operation string        `json:"operation"`
	Batch     *batch.Batch  `json:"batch,omitempty"`   // of compare and conclude: reads one message, about the replica Batch.Replica
	Plan      *Plan         `json:"plan,omitempty"`    // of range and conclude
	Range     *digest.Range `json:"range,omitempty"`   // of range: an item of the plan's list
	Results   *Object       `json:"results,omitempty"` // of conclude: the Map's ResultWriterDetails
	// pair is what the batch has to be read. It is found while decoding, so that
	// the message is parsed once.
	pair Pair
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *Request) UnmarshalJSON(data []byte) error {
	type plain Request
	if err := json.Unmarshal(data, (*plain)(r)); err != nil {
		return err
	}
	if err := r.complete(); err != nil {
		return err
	}
	if r.Batch != nil {
		pair, err := pairOf(*r.Batch)
		if err != nil {
			return err
		}
		r.pair = pair
	}
	if r.Plan != nil {
		return r.planned()
	}
	return nil
}

// complete says what the operation lacks.
func (r *Request) complete() error {
	switch r.Operation {
	case OpCompare, OpRange, OpConclude:
	default:
		return fmt.Errorf("operation %+.20q is none of %s, %s and %s", r.Operation, OpCompare, OpRange, OpConclude)
	}
	switch {
	case r.Batch == nil && r.Operation != OpRange:
		return errors.New(`"batch" is missing: it is the state of an execution that reads bytes`)
	case r.Plan == nil && r.Operation != OpCompare:
		return errors.New(`"plan" is missing: it is an answer of the operation ` + OpCompare)
	case r.Range == nil && r.Operation == OpRange:
		return errors.New(`"range" is missing: it is one item of the plan`)
	case r.Results == nil && r.Operation == OpConclude:
		return errors.New(`"results" is missing: it is the Map's ResultWriterDetails`)
	}
	return nil
}

// planned refuses a plan that is none, and what does not belong to it.
func (r *Request) planned() error {
	if err := r.Plan.validate(); err != nil {
		return fmt.Errorf(`"plan": %w`, err)
	}
	if r.Batch != nil && r.pair != r.Plan.Pair {
		return errors.New(`"plan" is not of what "batch" has to be read`)
	}
	if r.Range != nil {
		return r.Plan.has(*r.Range)
	}
	return nil
}

// Answer is that of compare and conclude. The batch has what reading the replica
// came to, or is as it was where there is a plan to be worked off first.
type Answer struct {
	Batch batch.Batch `json:"batch"`
	Plan  *Plan       `json:"plan,omitempty"`
}

// answer is the batch with what reading its replica came to. The request stays as
// it is.
func (r Request) answer(all *tally) (Answer, error) {
	bytes, err := all.total()
	if err != nil {
		return Answer{}, err
	}
	with := *r.Batch
	with.Reading = slices.Clone(with.Reading)
	look := *with.Reading[0].Look
	look.Replicas = slices.Clone(look.Replicas)
	look.Replicas[with.Replica].Bytes = &bytes
	with.Reading[0].Look = &look
	return Answer{Batch: with}, nil
}
