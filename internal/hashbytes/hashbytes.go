// Package hashbytes is the use case of the hash-bytes function, which is in each
// region: it reads a range of one object version in its own region and answers
// with digests, so that no bytes travel between regions (docs/decisions/0025).
//
// A block is one ranged GET and is digested as it arrives, so memory is a copy
// buffer for each GET in flight, whatever the object's size. A block whose bytes
// do not come as promised is read again from its start; it never gets a digest
// from anything but all its bytes. What S3 answers instead of bytes is something
// to tell, not an error. Archived versions are told and never restored.
package hashbytes

import (
	"cmp"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"autobackup/internal/digest"
	"autobackup/internal/s3error"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

const (
	// InFlight is how many GETs run at once unless a Reader says otherwise. One
	// connection to S3 brings 50 to 90 MB/s and a first byte takes about 0.1 s of
	// a block's 0.2 s, so four keep a function's 75 MB/s busy; twice as many bear
	// with slow ones.
	InFlight = 8
	// copyBuffer is in bytes; BenchmarkRead gains nothing from more.
	copyBuffer = 256 << 10
	// reserve is what is kept of the function's time for sending the answer.
	reserve = time.Second
)

// Objects reads object versions.
type Objects interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// Reader reads and digests. Objects must not check stored checksums itself
// (aws.ResponseChecksumValidationWhenRequired): ranged answers carry none, and
// of a whole one that is damaged the comparison is to tell, with the side.
type Reader struct {
	Objects  Objects
	InFlight int // GETs at once; 0: the constant InFlight
}

// Read reads the range and digests it. An answer other than verdict.Object is
// what the first failing GET said, after the SDK's retries and the block's own.
// It answers before ctx's deadline: an S3 that does not is told as unreachable.
func (r Reader) Read(ctx context.Context, in Request) (Answer, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	digests, err := r.digests(ctx, in)
	if err == nil {
		return Answer{Found: verdict.Object, Digests: digests}, nil
	}
	found, detail := s3error.OfGet("GetObject", err)
	switch {
	case s3error.Code(err) == "NoSuchBucket": // nothing is known of the version
		found = verdict.Unreachable
	case found == verdict.Denied:
		found, detail = denied(detail, err)
	}
	return Answer{Found: found, Detail: text.Line(detail, verdict.MaxSideDetail)}, nil
}

// denied says who refuses, where S3 tells, or else what may be missing.
func denied(detail string, err error) (verdict.Found, string) {
	refusal, told := s3error.RefusalOf(err)
	switch {
	case !told:
		return verdict.Denied, detail + "; grant hash-bytes s3:GetObjectVersion, for SSE-KMS also kms:Decrypt on the key"
	case refusal.Final():
		return verdict.Forbidden, detail + ": " + refusal.String()
	default:
		return verdict.Denied, detail + ": " + refusal.String()
	}
}

func (r Reader) digests(ctx context.Context, in Request) (*digest.Digests, error) {
	pieces := in.pieces()
	size := int64(in.Algorithm.Size())
	d := &digest.Digests{
		Length: in.Length, BlockSize: in.BlockSize, Algorithm: in.Algorithm, Blocks: make([]byte, pieces.Count()*size),
	}
	crcs := make([]digest.CRC64, pieces.Count())
	err := r.each(ctx, in, func(i int64, block *digest.Block) {
		copy(d.Blocks[i*size:], block.Sum())
		crcs[i] = block.CRC64()
	})
	for i, crc := range crcs {
		d.CRC64 = digest.Combine(d.CRC64, crc, pieces.At(int64(i)).Length)
	}
	return d, err
}

// each reads every block, several at once, and hands each that is complete to
// done. The first error ends all.
func (r Reader) each(ctx context.Context, in Request, done func(i int64, block *digest.Block)) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(cmp.Or(r.InFlight, InFlight))
	for i := range in.pieces().Count() {
		all.Go(func() error {
			block, err := r.block(ctx, in, in.pieces().At(i))
			if err == nil {
				done(i, block)
			}
			return err
		})
	}
	return all.Wait()
}
