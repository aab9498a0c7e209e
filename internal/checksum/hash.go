package checksum

import (
	"crypto/md5"  //nolint:gosec // one of S3's algorithms
	"crypto/sha1" //nolint:gosec // one of S3's algorithms
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"hash/crc32"

	"github.com/cespare/xxhash/v2"
	"github.com/minio/crc64nvme"
	"github.com/zeebo/xxh3"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// New computes the algorithm's digests as S3 stores them; it is nil for an
// unknown algorithm.
func (a Algorithm) New() hash.Hash {
	switch a {
	case SHA512:
		return sha512.New()
	case SHA256:
		return sha256.New()
	case XXHASH128:
		return xxh3.New128()
	case SHA1:
		return sha1.New() //nolint:gosec // as above
	case MD5:
		return md5.New() //nolint:gosec // as above
	case CRC64NVME:
		return crc64nvme.New()
	case XXHASH3:
		return xxh3.New()
	case XXHASH64:
		return xxhash.New()
	case CRC32C:
		return crc32.New(castagnoli)
	case CRC32:
		return crc32.NewIEEE()
	default:
		return nil
	}
}
