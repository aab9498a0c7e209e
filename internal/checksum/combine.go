package checksum

import (
	"hash/crc32"

	"github.com/minio/crc64nvme"
)

// CRC is one of S3's cyclic redundancy checks. That of a content follows from
// those of its pieces and their lengths, without the bytes.
//
// A CRC is the remainder of the content as a polynomial over GF(2), here with
// the bits reversed: the highest is x to the 0. What comes in front of n bytes
// counts as multiplied by x to the 8n. The initial and the final inversion that
// all three have cancel out of the sum.
type CRC struct {
	one        uint64 // x to the 0
	polynomial uint64 // without its highest term
}

// CRC tells the parameters of an algorithm that is a CRC; ok is false for the
// others, which nothing but the bytes can combine.
func (a Algorithm) CRC() (crc CRC, ok bool) {
	switch a {
	case CRC32:
		return CRC{1 << 31, crc32.IEEE}, true
	case CRC32C:
		return CRC{1 << 31, crc32.Castagnoli}, true
	case CRC64NVME:
		return CRC{1 << 63, crc64nvme.NVME}, true
	default:
		return CRC{}, false
	}
}

// Combine is the CRC of first's content followed by second's, which is length
// bytes. The CRC of nothing is 0. It takes microseconds whatever the length.
func (c CRC) Combine(first, second uint64, length int64) uint64 {
	return c.multiply(first, c.shift(length)) ^ second
}

// shift is x to the 8n modulo the polynomial.
func (c CRC) shift(n int64) uint64 {
	result, square := c.one, c.one>>8
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			result = c.multiply(result, square)
		}
		square = c.multiply(square, square)
	}
	return result
}

// multiply multiplies modulo the polynomial.
func (c CRC) multiply(a, b uint64) (product uint64) {
	for bit := c.one; bit != 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		b = b>>1 ^ (b&1)*c.polynomial
	}
	return product
}
