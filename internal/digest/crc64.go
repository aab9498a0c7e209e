package digest

import (
	"encoding/binary"
	"fmt"

	"autobackup/internal/checksum"
)

// CRC64 is a CRC64NVME. Its text form is the one of x-amz-checksum-crc64nvme.
type CRC64 uint64

var nvme, _ = checksum.CRC64NVME.CRC()

// Combine is the CRC64NVME of a's content followed by b's, which is lengthB
// bytes. It takes microseconds even where lengthB is 50 TiB (BenchmarkCombine).
func Combine(a, b CRC64, lengthB int64) CRC64 {
	return CRC64(nvme.Combine(uint64(a), uint64(b), lengthB))
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
