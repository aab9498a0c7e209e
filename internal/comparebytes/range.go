package comparebytes

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"autobackup/internal/checksum"
	"autobackup/internal/digest"
	"autobackup/internal/hashbytes"
	"autobackup/internal/verdict"
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

// compareRange has both sides read at once. It waits for both whatever becomes of
// one: hash-bytes could not be stopped, and a next try would read beside it.
func (c Comparer) compareRange(ctx context.Context, plan Plan, r digest.Range) (RangeResult, error) {
	var primary, replica hashbytes.Answer
	var ofPrimary, ofReplica error
	var both sync.WaitGroup
	both.Go(func() { primary, ofPrimary = c.readSide(ctx, plan, plan.Pair.Primary, r) })
	both.Go(func() { replica, ofReplica = c.readSide(ctx, plan, plan.Pair.Replica, r) })
	both.Wait()
	if err := errors.Join(ofPrimary, ofReplica); err != nil {
		return RangeResult{}, err
	}
	return merge(r, primary, replica)
}

// hash has one side read once, and refuses an answer to another question.
func (c Comparer) hash(ctx context.Context, plan Plan, side Place, r digest.Range) (hashbytes.Answer, error) {
	in := plan.request(side, r)
	got, err := c.Hasher.Hash(ctx, side.Region, in)
	if err == nil && !isAnswer(got, in) {
		err = errNotAsked
	}
	if err != nil {
		return got, fmt.Errorf("hash %s in %s of %s: %w", r, side.Bucket, side.Region, err)
	}
	return got, nil
}

// request is what reads a range on one side.
func (p Plan) request(side Place, r digest.Range) hashbytes.Request {
	return hashbytes.Request{
		Bucket: side.Bucket, Key: p.Pair.Key, Version: p.Pair.Version, ETag: side.ETag, Size: p.Pair.Size,
		Offset: r.Offset, Length: r.Length, BlockSize: p.BlockSize, Algorithm: p.Algorithm,
	}
}

var errNotAsked = errors.New("the answer is not what was asked for")

// isAnswer says whether this can be one to the request.
func isAnswer(got hashbytes.Answer, in hashbytes.Request) bool {
	d := got.Digests
	whole := d != nil && d.Length == in.Length && d.BlockSize == in.BlockSize && d.Algorithm == in.Algorithm
	return known(got.Found) && whole == (got.Found == verdict.Object)
}

// merge compares the digests of both sides where there are any.
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
