package comparebytes

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/checksum"
	"autobackup/internal/hashbytes"
)

// Hasher reads ranges in the region of their bucket and answers with digests. Its
// error is that of the reader, not of S3, whose answers are data. HashList takes what
// fits into one hashbytes.List, and answers in its order.
type Hasher interface {
	Hash(ctx context.Context, region string, in hashbytes.Request) (hashbytes.Answer, error)
	HashList(ctx context.Context, region string, list []hashbytes.Request) ([]hashbytes.Answer, error)
}

// Store has the working bucket.
type Store interface {
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// Comparer compares the bytes of pairs. It keeps nothing from one request to the
// next.
type Comparer struct {
	Hasher Hasher
	Store  Store
	Bucket string // the working bucket
	// Now and Wait are for asking a side again. Wait returns early, with an error,
	// where the context ends.
	Now         func() time.Time
	Wait        func(context.Context, time.Duration) error
	Concurrency int                // ranges compared at once; 0: one after the other
	Algorithm   checksum.Algorithm // of blocks; empty: the first of digest.Algorithms
	// In bytes; 0: those of package digest.
	RangeSize, BlockSize int64
}

// Do does what the operation of a decoded request says. The result is a
// RangeResult of the operation range, else an Answer. An error that is worth
// another try says so to package handler.
func (c Comparer) Do(ctx context.Context, in Request) (any, error) {
	switch in.Operation {
	case OpRange:
		return c.compareRange(ctx, *in.Plan, *in.Range)
	case OpConclude:
		return c.conclude(ctx, in)
	default:
		return c.compareObject(ctx, in)
	}
}

func (c Comparer) compareObject(ctx context.Context, in Request) (Answer, error) {
	plan := c.plan(in.pair)
	if plan.Ranges > 1 {
		written, err := c.write(ctx, plan)
		return Answer{Batch: *in.Batch, Plan: &written}, err
	}
	result, err := c.compareRange(ctx, plan, plan.pieces().At(0))
	if err != nil {
		return Answer{}, err
	}
	all := newTally(plan)
	if err := all.add(result); err != nil {
		return Answer{}, err
	}
	return in.answer(all)
}
