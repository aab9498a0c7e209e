// Package hashbytes is the use case of the hash-bytes function, which is in each
// region: it reads a range of one object version in its own region and answers
// with digests, so that no bytes travel between regions (docs/decisions/0025). Many
// small ranges are one list, so that a million small objects are not a million
// invocations.
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
	"errors"
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

// Do is the function: it answers a Request with an Answer, and a List with Answers.
func (r Reader) Do(ctx context.Context, in Payload) (any, error) {
	if in.Requests == nil {
		return r.Read(ctx, in.Request)
	}
	return Answers{r.ReadList(ctx, in.Requests)}, nil
}

// Read reads one range and digests it: see ReadList.
func (r Reader) Read(ctx context.Context, in Request) (Answer, error) {
	return r.ReadList(ctx, []Request{in})[0], nil
}

// ReadList reads ranges and digests them, one after the other as far as GETs at once
// allow, and answers each in the list's order. An answer other than verdict.Object is
// what the first failing GET of that range said, after the SDK's retries and the
// block's own; it ends no other. All is answered before ctx's deadline: what has not
// been read by then is told as unreachable, and what has been is not lost.
func (r Reader) ReadList(ctx context.Context, list []Request) []Answer {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-reserve))
		defer cancel()
	}
	slots := make(chan struct{}, cmp.Or(r.InFlight, InFlight)) // one for each GET of the whole list
	all := make([]*reading, len(list))
	for i, in := range list {
		all[i] = r.start(ctx, in, slots)
	}
	answers := make([]Answer, len(list))
	for i, started := range all {
		answers[i] = started.answer(ctx)
	}
	return answers
}

// reading is one range whose blocks are being read.
type reading struct {
	in     Request
	blocks *errgroup.Group // its first error ends the others of this range
	sums   []byte          // every block's digest, one behind the other
	crcs   []digest.CRC64  // of every block
}

// start has every block of a range read. It returns when the last has its slot, so
// that a list has no more goroutines than GETs.
func (r Reader) start(ctx context.Context, in Request, slots chan struct{}) *reading {
	pieces, size := in.pieces(), int64(in.Algorithm.Size())
	blocks, ctx := errgroup.WithContext(ctx)
	started := &reading{in: in, blocks: blocks, sums: make([]byte, pieces.Count()*size), crcs: make([]digest.CRC64, pieces.Count())}
	for i := range pieces.Count() {
		slots <- struct{}{}
		blocks.Go(func() error {
			defer func() { <-slots }()
			block, err := r.block(ctx, in, pieces.At(i))
			if err != nil {
				return err
			}
			copy(started.sums[i*size:], block.Sum())
			started.crcs[i] = block.CRC64()
			return nil
		})
	}
	return started
}

// answer waits for all blocks.
func (s *reading) answer(ctx context.Context) Answer {
	err := s.blocks.Wait()
	if err == nil {
		return Answer{Found: verdict.Object, Digests: s.digests()}
	}
	found, detail := s3error.OfGet("GetObject", err)
	switch {
	case ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded): // whoever was slow
		detail = "the time of hash-bytes was over before all bytes had come"
	case s3error.Code(err) == "NoSuchBucket": // nothing is known of the version
		found = verdict.Unreachable
	case found == verdict.Denied:
		found, detail = denied(detail, err)
	}
	return Answer{Found: found, Detail: text.Line(detail, verdict.MaxSideDetail)}
}

func (s *reading) digests() *digest.Digests {
	d := &digest.Digests{Length: s.in.Length, BlockSize: s.in.BlockSize, Algorithm: s.in.Algorithm, Blocks: s.sums}
	for i, crc := range s.crcs {
		d.CRC64 = digest.Combine(d.CRC64, crc, s.in.pieces().At(int64(i)).Length)
	}
	return d
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
