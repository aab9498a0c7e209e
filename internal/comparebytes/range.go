package comparebytes

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"autobackup/internal/checksum"
	"autobackup/internal/digest"
	"autobackup/internal/hashbytes"
	"autobackup/internal/verdict"
)

// How often the state machine tries again before a side's answer is believed:
// permissions take a moment to be seen everywhere, throttling longer. With waits
// of 2 seconds, doubled each time, that is 6 and 30 seconds.
const (
	DeniedRetries      = verdict.DeniedLooks - 1
	UnreachableRetries = 4
)

// RangeResult is what comparing one range came to. A Map Run's result file has
// one for each range.
type RangeResult struct {
	digest.Range
	Primary Part `json:"primary"`
	Replica Part `json:"replica"`
	Equal   bool `json:"equal"` // every byte was read on both sides, and all digests agree
	// Different is the first block that differs, by its offset in the object.
	Different *checksum.Piece `json:"different,omitempty"`
}

// Part is what one side answered.
type Part struct {
	Found  verdict.Found `json:"found"` // object: every byte of the range was read
	Detail string        `json:"detail,omitempty"`
	CRC64  *digest.CRC64 `json:"crc64nvme,omitempty"` // of the range; set exactly where every byte was read
}

// again is worth another try: package handler names it Transient.
type again struct{ cause error }

func (e again) Error() string { return e.cause.Error() }

func (e again) Unwrap() error { return e.cause }

// RetryableError is how package handler knows, as it does of the SDK's errors.
func (e again) RetryableError() bool { return true }

func (c Comparer) compareRange(ctx context.Context, in Request, plan Plan, r digest.Range) (RangeResult, error) {
	var primary, replica hashbytes.Answer
	sides, both := errgroup.WithContext(ctx)
	sides.Go(func() (err error) {
		primary, err = c.hash(both, in.Pair, in.Pair.Primary, plan, r)
		return err
	})
	sides.Go(func() (err error) {
		replica, err = c.hash(both, in.Pair, in.Pair.Replica, plan, r)
		return err
	})
	if err := sides.Wait(); err != nil {
		return RangeResult{}, err
	}
	for _, side := range []hashbytes.Answer{primary, replica} {
		if err := unread(side, in.Retries); err != nil {
			return RangeResult{}, err
		}
	}
	return merge(r, primary, replica)
}

func (c Comparer) hash(ctx context.Context, pair Pair, side verdict.Side, plan Plan, r digest.Range) (hashbytes.Answer, error) {
	got, err := c.Hasher.Hash(ctx, side.Region, hashbytes.Request{
		Bucket: side.Bucket, Key: pair.Key, Version: pair.Version, ETag: side.ETag, Size: side.Size,
		Offset: r.Offset, Length: r.Length, BlockSize: plan.BlockSize, Algorithm: plan.Algorithm,
	})
	if err != nil {
		return got, fmt.Errorf("hash %s in %s of %s: %w", r, side.Bucket, side.Region, err)
	}
	whole := got.Digests != nil && got.Digests.Length == r.Length && got.Digests.BlockSize == plan.BlockSize && got.Digests.Algorithm == plan.Algorithm
	if got.Found == "" || whole != (got.Found == verdict.Object) {
		return got, fmt.Errorf("hash %s in %s of %s: the answer is not what was asked for", r, side.Bucket, side.Region)
	}
	return got, nil
}

// unread is an error while a side's answer may still become another one.
func unread(side hashbytes.Answer, retries int) error {
	limit := 0
	switch side.Found {
	case verdict.Denied:
		limit = DeniedRetries
	case verdict.Unreachable:
		limit = UnreachableRetries
	}
	if retries >= limit {
		return nil
	}
	return again{fmt.Errorf("%s, after %d retries: %s", side.Found, retries, side.Detail)}
}

func merge(r digest.Range, primary, replica hashbytes.Answer) (RangeResult, error) {
	result := RangeResult{Range: r, Primary: part(primary), Replica: part(replica)}
	if primary.Digests == nil || replica.Digests == nil {
		return result, nil
	}
	block, differs, err := digest.FirstDifference(*primary.Digests, *replica.Digests)
	if err != nil {
		return RangeResult{}, err
	}
	result.Equal = !differs
	if differs {
		result.Different = &checksum.Piece{Offset: r.Offset + block.Offset, Length: block.Length}
	}
	return result, nil
}

func part(a hashbytes.Answer) Part {
	p := Part{Found: a.Found, Detail: a.Detail}
	if a.Digests != nil {
		p.CRC64 = &a.Digests.CRC64
	}
	return p
}
