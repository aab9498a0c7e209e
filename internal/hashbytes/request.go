package hashbytes

import (
	"errors"
	"fmt"

	"autobackup/internal/checksum"
	"autobackup/internal/digest"
	"autobackup/internal/verdict"
)

// maxBlocks keeps an answer under 200 KB.
const maxBlocks = 4096

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

// Answer is what reading came to.
type Answer struct {
	// Found is verdict.Object exactly where every byte was read, and then Digests
	// is set; else what S3 answered instead.
	Found   verdict.Found   `json:"found"`
	Detail  string          `json:"detail,omitempty"` // as verdict.Side's
	Digests *digest.Digests `json:"digests,omitempty"`
}
