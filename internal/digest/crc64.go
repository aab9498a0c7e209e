package digest

import (
	"encoding/binary"
	"fmt"

	"github.com/minio/crc64nvme"

	"autobackup/internal/checksum"
)

// CRC64 is a CRC64NVME. Its text form is the one of x-amz-checksum-crc64nvme.
type CRC64 uint64

// Combine is the CRC64NVME of a's content followed by b's, which is lengthB
// bytes. It takes about 4 µs even where lengthB is 50 TiB (BenchmarkCombine).
//
// A CRC is the remainder of the content as a polynomial over GF(2). Content in
// front of lengthB bytes counts as multiplied by x to the 8*lengthB.
func Combine(a, b CRC64, lengthB int64) CRC64 {
	return CRC64(multiply(uint64(a), shift(lengthB))) ^ b
}

const one = uint64(1) << 63 // the bits are reversed: the highest is x to the 0

// shift is x to the 8n modulo the polynomial.
func shift(n int64) uint64 {
	result, square := one, one>>8
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			result = multiply(result, square)
		}
		square = multiply(square, square)
	}
	return result
}

// multiply multiplies modulo the polynomial.
func multiply(a, b uint64) (product uint64) {
	for ; a != 0; a <<= 1 {
		if a&one != 0 {
			product ^= b
		}
		carry := b & 1
		b = b>>1 ^ carry*crc64nvme.NVME
	}
	return product
}

// String is the checksum as S3 writes it: 8 bytes in base64.
func (c CRC64) String() string {
	digest := binary.BigEndian.AppendUint64(nil, uint64(c))
	return checksum.Sum{Algorithm: checksum.CRC64NVME, Type: checksum.FullObject, Digest: string(digest)}.String()
}

// MarshalText implements encoding.TextMarshaler.
func (c CRC64) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText takes what S3 writes and nothing else. Its errors wrap
// checksum.ErrMalformed.
func (c *CRC64) UnmarshalText(text []byte) error {
	sum, err := checksum.Parse(string(checksum.CRC64NVME), string(text), string(checksum.FullObject))
	if err != nil {
		return fmt.Errorf("read a CRC64NVME: %w", err)
	}
	*c = CRC64(binary.BigEndian.Uint64([]byte(sum.Digest)))
	return nil
}
