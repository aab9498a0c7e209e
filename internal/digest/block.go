package digest

import (
	"encoding/binary"
	"fmt"
	"hash"
	"slices"

	"github.com/minio/crc64nvme"

	"autobackup/internal/checksum"
)

// Algorithms lists those a block's digest can be of, the default first
// (docs/decisions/0026).
func Algorithms() []checksum.Algorithm {
	return []checksum.Algorithm{checksum.SHA256, checksum.CRC64NVME}
}

// CheckAlgorithm refuses one that is not of Algorithms.
func CheckAlgorithm(a checksum.Algorithm) error {
	if !slices.Contains(Algorithms(), a) {
		return fmt.Errorf("digest algorithm %+.20q is none of %v", a, Algorithms())
	}
	return nil
}

// Block takes the bytes of one block. It is an io.Writer that never fails.
type Block struct {
	crc    uint64
	strong hash.Hash // nil: the digest is the CRC64NVME itself
}

// NewBlock starts a block. The error tells an algorithm that is not one of
// Algorithms.
func NewBlock(a checksum.Algorithm) (*Block, error) {
	if err := CheckAlgorithm(a); err != nil {
		return nil, err
	}
	if a == checksum.CRC64NVME {
		return &Block{}, nil
	}
	return &Block{strong: a.New()}, nil
}

// Write implements io.Writer.
func (b *Block) Write(p []byte) (int, error) {
	b.crc = crc64nvme.Update(b.crc, p)
	if b.strong != nil {
		_, _ = b.strong.Write(p) // never fails: package hash
	}
	return len(p), nil
}

// Reset makes the block empty again.
func (b *Block) Reset() {
	b.crc = 0
	if b.strong != nil {
		b.strong.Reset()
	}
}

// CRC64 is the CRC64NVME of what was written.
func (b *Block) CRC64() CRC64 { return CRC64(b.crc) }

// Sum is the digest of what was written: checksum.Algorithm's Size bytes.
func (b *Block) Sum() []byte {
	if b.strong == nil {
		return binary.BigEndian.AppendUint64(nil, b.crc)
	}
	return b.strong.Sum(nil)
}
