package conformance

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/minio/crc64nvme"
)

// hashes make the checksums that tests expect, apart from the code under test.
var hashes = map[types.ChecksumAlgorithm]func() hash.Hash{
	types.ChecksumAlgorithmCrc32:     func() hash.Hash { return crc32.NewIEEE() },
	types.ChecksumAlgorithmCrc32c:    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	types.ChecksumAlgorithmCrc64nvme: func() hash.Hash { return crc64nvme.New() },
	types.ChecksumAlgorithmSha256:    sha256.New,
	types.ChecksumAlgorithmSha512:    sha512.New,
}

func rawSum(algorithm types.ChecksumAlgorithm, body []byte) []byte {
	h := hashes[algorithm]()
	h.Write(body)
	return h.Sum(nil)
}

func encodedSum(algorithm types.ChecksumAlgorithm, body []byte) string {
	return base64.StdEncoding.EncodeToString(rawSum(algorithm, body))
}

func compositeOf(algorithm types.ChecksumAlgorithm, parts ...[]byte) string {
	var all []byte
	for _, part := range parts {
		all = append(all, rawSum(algorithm, part)...)
	}
	return encodedSum(algorithm, all) + "-" + strconv.Itoa(len(parts))
}
