package comparebytes

import (
	"errors"
	"fmt"

	"autobackup/internal/checksum"
	"autobackup/internal/digest"
	"autobackup/internal/verdict"
)

// The operations.
const (
	OpCompare  = "compare"
	OpRange    = "range"
	OpConclude = "conclude"
)

// Pair is an object version on the primary and in one replica, as looked at.
type Pair struct {
	Key     string       `json:"key"`
	Version string       `json:"version"` // the same on both sides: replicas keep it
	Primary verdict.Side `json:"primary"`
	Replica verdict.Side `json:"replica"`
}

func (p Pair) validate() error {
	switch {
	case p.Key == "" || p.Version == "":
		return errors.New(`"pair" has no "key" or no "version"`)
	case p.Primary.Found != verdict.Object || p.Replica.Found != verdict.Object:
		return errors.New(`"pair" has not an object on both sides`)
	case p.Primary.Size < 0 || p.Primary.Size > digest.MaxSize:
		return fmt.Errorf("an object of %d bytes is none of S3", p.Primary.Size)
	}
	return nil
}

// Step is one step of comparing a pair.
type Step struct {
	Operation string `json:"operation"`
	// Retries is $$.State.RetryCount of the state that asks.
	Retries int           `json:"retries"`
	Plan    *Plan         `json:"plan,omitempty"`    // of range and conclude
	Range   *digest.Range `json:"range,omitempty"`   // of range: $$.Map.Item.Value
	Results *Object       `json:"results,omitempty"` // of conclude: ResultWriterDetails
}

// Request is a step of one pair. A Task carries it.
type Request struct {
	Step
	Pair Pair `json:"pair"`
}

// Validate refuses what no operation can work on.
func (r Request) Validate() error {
	if err := r.Pair.validate(); err != nil {
		return err
	}
	switch r.Operation {
	case OpCompare:
		return nil
	case OpRange:
		if r.Range == nil {
			return errors.New(`"range" is missing: it is one item of the plan`)
		}
	case OpConclude:
		if r.Results == nil {
			return errors.New(`"results" is missing: it is the Map's ResultWriterDetails`)
		}
	default:
		return fmt.Errorf("operation %+.20q is none of %s, %s and %s", r.Operation, OpCompare, OpRange, OpConclude)
	}
	if r.Plan == nil {
		return errors.New(`"plan" is missing: it is an answer of the operation ` + OpCompare)
	}
	return r.Plan.validate(r.Pair.Primary.Size, r.Range)
}

// Object is a place in S3, with the names that Step Functions gives.
type Object struct {
	Bucket string `json:"Bucket"`
	Key    string `json:"Key"`
}

// Plan says how an object is cut, and where the list of its ranges is. It stays
// as it is while its ranges are compared, whatever is deployed meanwhile.
type Plan struct {
	Object
	Ranges    int64              `json:"ranges"`
	RangeSize int64              `json:"rangeSize"` // bytes
	BlockSize int64              `json:"blockSize"`
	Algorithm checksum.Algorithm `json:"algorithm"`
}

func (p Plan) pieces(size int64) digest.Pieces { return digest.Pieces{Length: size, Size: p.RangeSize} }

func (p Plan) validate(size int64, r *digest.Range) error {
	if p.RangeSize < 1 || p.BlockSize < 1 || p.pieces(size).Count() != p.Ranges || p.Ranges > maxRanges {
		return fmt.Errorf("a plan of %d ranges of %d bytes is not one of an object of %d bytes", p.Ranges, p.RangeSize, size)
	}
	if err := digest.CheckAlgorithm(p.Algorithm); err != nil {
		return err
	}
	if r != nil && (r.Index < 0 || r.Index >= p.Ranges || *r != p.pieces(size).At(r.Index)) {
		return fmt.Errorf("range %d, %s, is not one of the plan", r.Index, r)
	}
	return nil
}

// maxRanges is how many ranges the largest object has.
const maxRanges = digest.MaxSize / digest.RangeSize

// Answer is a verdict or, of the operation compare, a plan to be worked off.
type Answer struct {
	verdict.Verdict       // lagging: the replica's version is gone, look again
	Plan            *Plan `json:"plan,omitempty"` // set exactly where there is no verdict
}
