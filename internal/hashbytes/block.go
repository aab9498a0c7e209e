package hashbytes

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"autobackup/internal/digest"
)

// attempts is how often a block is read whose bytes break off. The SDK retries
// only until the answer's headers are there.
const attempts = 3

// broken is an answer that is not what was asked for.
type broken struct{ cause error }

func (e broken) Error() string { return e.cause.Error() }

func (e broken) Unwrap() error { return e.cause }

// block reads and digests one block until it comes whole.
func (r Reader) block(ctx context.Context, in Request, piece digest.Range) (*digest.Block, error) {
	block, err := digest.NewBlock(in.Algorithm)
	if err != nil {
		return nil, err
	}
	buffer := make([]byte, min(copyBuffer, piece.Length+1))
	for attempt := 1; ; attempt++ {
		err := r.get(ctx, in, piece, block, buffer)
		if err == nil {
			return block, nil
		}
		var incomplete broken
		if attempt == attempts || !errors.As(err, &incomplete) || ctx.Err() != nil {
			return nil, fmt.Errorf("read %s: %w", digest.Range{Offset: in.Offset + piece.Offset, Length: piece.Length}, err)
		}
		block.Reset()
	}
}

func (r Reader) get(ctx context.Context, in Request, piece digest.Range, block *digest.Block, buffer []byte) (err error) {
	get := &s3.GetObjectInput{Bucket: &in.Bucket, Key: &in.Key, VersionId: &in.Version}
	want := ""
	if in.ETag != "" {
		get.IfMatch = &in.ETag
	}
	if piece.Length > 0 { // no range of an empty object can be satisfied
		first := in.Offset + piece.Offset
		span := fmt.Sprintf("%d-%d", first, first+piece.Length-1)
		get.Range = aws.String("bytes=" + span)
		want = fmt.Sprintf("bytes %s/%d", span, in.Size)
	}
	out, err := r.Objects.GetObject(ctx, get)
	if err != nil {
		return err
	}
	defer func() {
		if closing := out.Body.Close(); err == nil && closing != nil {
			err = broken{closing}
		}
	}()
	if err := promises(out, in.Version, want, piece.Length); err != nil {
		return broken{err}
	}
	// One byte more than wanted: so that too many are seen, and the end is.
	n, err := io.CopyBuffer(block, io.LimitReader(out.Body, piece.Length+1), buffer)
	if err == nil && n != piece.Length {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return broken{fmt.Errorf("%d bytes came: %w", n, err)}
	}
	return nil
}

// promises checks that the headers are about the bytes asked for.
func promises(out *s3.GetObjectOutput, version, span string, length int64) error {
	switch {
	case aws.ToString(out.VersionId) != version:
		return fmt.Errorf("the answer is of version %+.40q", aws.ToString(out.VersionId))
	case aws.ToString(out.ContentRange) != span:
		return fmt.Errorf("the answer has the range %+.60q instead of %q", aws.ToString(out.ContentRange), span)
	case aws.ToInt64(out.ContentLength) != length:
		return fmt.Errorf("the answer has %d bytes instead of %d", aws.ToInt64(out.ContentLength), length)
	}
	return nil
}
