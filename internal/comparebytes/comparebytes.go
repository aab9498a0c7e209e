package comparebytes

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/checksum"
	"autobackup/internal/digest"
	"autobackup/internal/hashbytes"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// Hasher reads a range in the region of its bucket and answers with digests.
type Hasher interface {
	Hash(ctx context.Context, region string, in hashbytes.Request) (hashbytes.Answer, error)
}

// Store has the working bucket.
type Store interface {
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// Comparer compares pairs. It keeps nothing from one request to the next.
type Comparer struct {
	Hasher    Hasher
	Store     Store
	Bucket    string             // the working bucket
	Algorithm checksum.Algorithm // of blocks; empty: the first of digest.Algorithms
	// In bytes; 0: those of package digest.
	RangeSize, BlockSize int64
}

// Do does what the request's operation says. The answer is a RangeResult or an
// Answer; an error that is worth another try says so to package handler.
func (c Comparer) Do(ctx context.Context, in Request) (any, error) {
	switch in.Operation {
	case OpRange:
		return c.compareRange(ctx, in, *in.Plan, *in.Range)
	case OpConclude:
		return c.conclude(ctx, in)
	default:
		return c.compare(ctx, in)
	}
}

func (c Comparer) compare(ctx context.Context, in Request) (Answer, error) {
	if seen := verdict.Compare(in.Pair.Primary, in.Pair.Replica); seen.Reason == reason.SizeMismatch {
		return Answer{Verdict: verdict.Verdict{Outcome: verdict.Failed, Reason: seen.Reason, Detail: seen.Detail}}, nil
	}
	plan := Plan{
		RangeSize: cmp.Or(c.RangeSize, digest.RangeSize), BlockSize: cmp.Or(c.BlockSize, digest.BlockSize),
		Algorithm: cmp.Or(c.Algorithm, digest.Algorithms()[0]),
	}
	pieces := plan.pieces(in.Pair.Primary.Size)
	plan.Ranges = pieces.Count()
	if plan.Ranges > 1 {
		return c.write(ctx, in.Pair, plan)
	}
	result, err := c.compareRange(ctx, in, plan, pieces.At(0))
	if err != nil {
		return Answer{}, err
	}
	all := newTally(in.Pair, plan)
	if err := all.add(result); err != nil {
		return Answer{}, err
	}
	return all.judge()
}

// write puts the list of ranges where the Distributed Map reads it. Its name
// follows from the pair, so that writing it twice leaves one.
func (c Comparer) write(ctx context.Context, pair Pair, plan Plan) (Answer, error) {
	pieces := plan.pieces(pair.Primary.Size)
	ranges := make([]digest.Range, plan.Ranges)
	for i := range ranges {
		ranges[i] = pieces.At(int64(i))
	}
	list, err := json.Marshal(ranges)
	if err != nil {
		return Answer{}, fmt.Errorf("encode the plan: %w", err)
	}
	name := fmt.Sprintf("%q %q %q %q %d", pair.Primary.Bucket, pair.Key, pair.Version, pair.Replica.Bucket, plan.RangeSize)
	plan.Object = Object{Bucket: c.Bucket, Key: fmt.Sprintf("plans/%x.json", sha256.Sum256([]byte(name)))}
	_, err = c.Store.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &plan.Bucket, Key: &plan.Key, Body: bytes.NewReader(list), ContentType: aws.String("application/json"),
	})
	if err != nil {
		return Answer{}, fmt.Errorf("write the plan s3://%s/%s: %w", plan.Bucket, plan.Key, err)
	}
	return Answer{Plan: &plan}, nil
}
