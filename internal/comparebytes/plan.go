package comparebytes

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/checksum"
	"autobackup/internal/digest"
)

// Object is a place in S3, with the names that Step Functions gives.
type Object struct {
	Bucket string `json:"Bucket"`
	Key    string `json:"Key"`
}

// Plan says what is read, how it is cut, and where the list of its ranges is. It
// stays as it is while its ranges are compared, whatever is deployed meanwhile,
// and every range gets it, so it has what a range needs and no more.
type Plan struct {
	Object
	Pair      Pair               `json:"pair"`
	Ranges    int64              `json:"ranges"`
	RangeSize int64              `json:"rangeSize"` // bytes
	BlockSize int64              `json:"blockSize"` // bytes
	Algorithm checksum.Algorithm `json:"algorithm"`
	// Concurrency is how many ranges are compared at once: the Map's
	// MaxConcurrencyPath, where 0 would be as many as there are.
	Concurrency int `json:"concurrency"`
}

// maxRanges is how many ranges the largest object has.
const maxRanges = digest.MaxSize / digest.RangeSize

// plan cuts a pair as the Comparer is set.
func (c Comparer) plan(pair Pair) Plan {
	p := Plan{
		Pair: pair, RangeSize: cmp.Or(c.RangeSize, digest.RangeSize), BlockSize: cmp.Or(c.BlockSize, digest.BlockSize),
		Algorithm: cmp.Or(c.Algorithm, digest.Algorithms()[0]), Concurrency: cmp.Or(c.Concurrency, 1),
	}
	p.Ranges = p.pieces().Count()
	return p
}

func (p Plan) pieces() digest.Pieces { return digest.Pieces{Length: p.Pair.Size, Size: p.RangeSize} }

// cut is all ranges of a valid plan.
func (p Plan) cut() []digest.Range {
	ranges := make([]digest.Range, p.Ranges)
	for i := range ranges {
		ranges[i] = p.pieces().At(int64(i))
	}
	return ranges
}

// validate refuses what the Comparer could not have planned.
func (p Plan) validate() error {
	if err := p.Pair.validate(); err != nil {
		return err
	}
	if p.RangeSize < 1 || p.BlockSize < 1 || p.pieces().Count() != p.Ranges || p.Ranges > maxRanges {
		return fmt.Errorf("a plan of %d ranges of %d bytes is not one of an object of %d bytes", p.Ranges, p.RangeSize, p.Pair.Size)
	}
	return digest.CheckAlgorithm(p.Algorithm)
}

// has refuses a range that is not of a valid plan.
func (p Plan) has(r digest.Range) error {
	if r.Index < 0 || r.Index >= p.Ranges || r != p.pieces().At(r.Index) {
		return fmt.Errorf("range %d, %s, is not one of the plan", r.Index, r)
	}
	return nil
}

// write puts the list of ranges where the Distributed Map reads it, and gives the
// plan with that place. Its name follows from the pair, so that writing it twice
// leaves one.
func (c Comparer) write(ctx context.Context, p Plan) (Plan, error) {
	list, err := json.Marshal(p.cut())
	if err != nil {
		return p, fmt.Errorf("encode the plan: %w", err)
	}
	name := fmt.Sprintf("%q %q %q %q %d", p.Pair.Primary.Bucket, p.Pair.Key, p.Pair.Version, p.Pair.Replica.Bucket, p.RangeSize)
	p.Object = Object{Bucket: c.Bucket, Key: fmt.Sprintf("plans/%x.json", sha256.Sum256([]byte(name)))}
	if _, err = c.Store.PutObject(ctx, &s3.PutObjectInput{Bucket: &p.Bucket, Key: &p.Key, Body: bytes.NewReader(list)}); err != nil {
		return p, fmt.Errorf("write the plan s3://%s/%s: %w", p.Bucket, p.Key, err)
	}
	return p, nil
}
