package digest

import (
	"bytes"
	"errors"
	"fmt"

	"autobackup/internal/checksum"
)

// Digests is what reading Length bytes of an object came to.
type Digests struct {
	Length    int64              `json:"length"` // bytes
	BlockSize int64              `json:"blockSize"`
	Algorithm checksum.Algorithm `json:"algorithm"`
	// Blocks is every block's digest, one behind the other; in JSON base64.
	Blocks []byte `json:"blocks"`
	CRC64  CRC64  `json:"crc64nvme"` // of all of it, whatever the algorithm
}

// Validate refuses what can't be the digests of that many bytes.
func (d Digests) Validate() error {
	if d.Length < 0 || d.BlockSize < 1 {
		return fmt.Errorf("digests of %d bytes in blocks of %d", d.Length, d.BlockSize)
	}
	if err := CheckAlgorithm(d.Algorithm); err != nil {
		return err
	}
	if int64(len(d.Blocks)) != d.pieces().Count()*d.size() {
		return fmt.Errorf("%d bytes of %s digests for %d blocks", len(d.Blocks), d.Algorithm, d.pieces().Count())
	}
	return nil
}

func (d Digests) pieces() Pieces { return Pieces{d.Length, d.BlockSize} }

func (d Digests) size() int64 { return int64(d.Algorithm.Size()) }

// ErrNotComparable is wrapped by every error of FirstDifference.
var ErrNotComparable = errors.New("digests do not compare")

// FirstDifference finds the first block whose digests differ, with its offset
// among the bytes that were read. differs is false where all are equal, and then
// the CRC64NVMEs are, too: digests that agree while those don't are refused, as
// are those of different lengths, block sizes or algorithms.
func FirstDifference(a, b Digests) (block Range, differs bool, err error) {
	if err := errors.Join(a.Validate(), b.Validate()); err != nil {
		return Range{}, false, fmt.Errorf("%w: %w", ErrNotComparable, err)
	}
	if a.Length != b.Length || a.BlockSize != b.BlockSize || a.Algorithm != b.Algorithm {
		return Range{}, false, fmt.Errorf("%w: %s of %d bytes in blocks of %d, and %s of %d in blocks of %d",
			ErrNotComparable, a.Algorithm, a.Length, a.BlockSize, b.Algorithm, b.Length, b.BlockSize)
	}
	for i := range a.pieces().Count() {
		at := i * a.size()
		if !bytes.Equal(a.Blocks[at:at+a.size()], b.Blocks[at:at+a.size()]) {
			return a.pieces().At(i), true, nil
		}
	}
	if a.CRC64 != b.CRC64 {
		return Range{}, false, fmt.Errorf("%w: every block is equal, but the CRC64NVMEs are %s and %s", ErrNotComparable, a.CRC64, b.CRC64)
	}
	return Range{}, false, nil
}
