package hashbytes

import (
	"errors"
	"fmt"

	"autobackup/internal/checksum"
	"autobackup/internal/digest"
	"autobackup/internal/verdict"
)

// What one call takes. Lambda allows 6 MB for the payload and 6 MB for the answer
// (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const (
	// MaxRequests is of a list. A request has at most 7.6 KB: a key of 1,024 bytes that
	// JSON escapes with six each, a version id of 1,024, and 0.4 KB for all the rest. So
	// a list is below 4 MB. The answers' other fields are below 0.4 KB each, 0.2 MB in
	// all.
	MaxRequests = 512
	// maxBlocks is of a request and of all requests of a list: their digests have less
	// than 0.2 MB.
	maxBlocks = 4096
	// maxBytes is of all requests of a list, so that it takes no longer than a range.
	maxBytes = digest.RangeSize
)

// Request is a range of one object version.
type Request struct {
	Bucket  string `json:"bucket"` // in the function's own region
	Key     string `json:"key"`
	Version string `json:"version"`
	// ETag is as the look saw it; empty: any. The version id already pins the
	// content, the ETag catches a server that mixes versions up.
	ETag      string             `json:"etag,omitempty"`
	Size      int64              `json:"size"` // of the whole version, in bytes, as the look saw it
	Offset    int64              `json:"offset"`
	Length    int64              `json:"length"` // bytes; 0 only where Size is
	BlockSize int64              `json:"blockSize"`
	Algorithm checksum.Algorithm `json:"algorithm"`
}

// Validate refuses a range that is not within the object, and what would make
// too many blocks.
func (r Request) Validate() error {
	switch {
	case r.Bucket == "" || r.Key == "" || r.Version == "":
		return errors.New(`"bucket", "key" and "version" must be set`)
	case r.Size < 0 || r.Size > digest.MaxSize || r.Offset < 0 || r.Length < 0 || r.Length > r.Size-r.Offset:
		return fmt.Errorf("%d bytes from byte %d on are not within an object of %d bytes", r.Length, r.Offset, r.Size)
	case r.Length == 0 && r.Size > 0:
		return errors.New("only an empty object has an empty range")
	case r.BlockSize < 1 || r.pieces().Count() > maxBlocks:
		return fmt.Errorf("blocks of %d bytes cut %d bytes into none or more than %d", r.BlockSize, r.Length, maxBlocks)
	}
	return digest.CheckAlgorithm(r.Algorithm)
}

func (r Request) pieces() digest.Pieces { return digest.Pieces{Length: r.Length, Size: r.BlockSize} }

// List is requests that one call answers.
type List struct {
	Requests []Request `json:"list"`
}

// Validate refuses an empty list, one with a request that is refused alone, and one
// that takes more than one call.
func (l List) Validate() error {
	if len(l.Requests) == 0 {
		return errors.New(`"list" is empty`)
	}
	for i, r := range l.Requests {
		if err := r.Validate(); err != nil {
			return fmt.Errorf(`request %d of "list": %w`, i, err)
		}
	}
	if n := Fitting(l.Requests); n < len(l.Requests) {
		return fmt.Errorf(`"list" has %d requests, of which the first %d are what one call takes: at most %d requests, %d blocks and %d bytes`,
			len(l.Requests), n, MaxRequests, maxBlocks, int64(maxBytes))
	}
	return nil
}

// Fitting is how many of the first of these valid requests one list takes. The first
// always fits: alone it has no other bounds than without a list.
func Fitting(requests []Request) int {
	blocks, bytes := int64(0), int64(0)
	for i, r := range requests {
		blocks += r.pieces().Count()
		bytes += r.Length
		if i > 0 && (i == MaxRequests || blocks > maxBlocks || bytes > maxBytes) {
			return i
		}
	}
	return len(requests)
}

// Payload is what the function is invoked with: a Request or a List.
type Payload struct {
	Request
	List
}

// Validate refuses what is neither, both, or no good one.
func (p Payload) Validate() error {
	switch {
	case p.Requests == nil:
		return p.Request.Validate()
	case p.Request != Request{}:
		return errors.New(`"list" goes with no request beside it`)
	}
	return p.List.Validate()
}

// Answers are those to a List, in its order.
type Answers struct {
	Answers []Answer `json:"answers"`
}

// Answer is what reading came to.
type Answer struct {
	// Found is verdict.Object exactly where every byte was read, and then Digests
	// is set; else what S3 answered instead.
	Found   verdict.Found   `json:"found"`
	Detail  string          `json:"detail,omitempty"` // as verdict.Side's
	Digests *digest.Digests `json:"digests,omitempty"`
}
