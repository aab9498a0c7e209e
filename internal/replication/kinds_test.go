package replication_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

const partSize = 5 << 20 // of every part but the last, at least

// algorithms are those that MinIO knows.
var algorithms = []types.ChecksumAlgorithm{
	types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmCrc64nvme,
	types.ChecksumAlgorithmSha1, types.ChecksumAlgorithmSha256,
}

// composite are those of them that multipart uploads may have as a checksum of
// checksums.
var composite = []types.ChecksumAlgorithm{
	types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmSha1, types.ChecksumAlgorithmSha256,
}

func TestEveryKindOfObjectIsVerifiedByTheEvidenceItHas(t *testing.T) {
	inWorld(t, func(w *world) {
		first, last := large(partSize), "the rest"
		want := map[version]string{
			w.put("empty", ""):                   "full-object checksum CRC32",
			w.put("small", "content"):            "full-object checksum CRC32",
			w.put("large", large(6<<20)):         "full-object checksum CRC32",
			w.put("odd +%2F \"☃\"\n", "content"): "full-object checksum CRC32",
			w.put("encrypted", "content", func(in *s3.PutObjectInput) { in.ServerSideEncryption = types.ServerSideEncryptionAes256 }): "full-object checksum CRC32",
			w.multipart("parts", s3.CreateMultipartUploadInput{}, first, last):                                                        "multipart ETag",
			w.multipart("one part", s3.CreateMultipartUploadInput{}, "content"):                                                       "multipart ETag",
		}
		for _, a := range algorithms {
			want[w.put("single "+string(a), "content", func(in *s3.PutObjectInput) { in.ChecksumAlgorithm = a })] = "full-object checksum " + string(a)
		}
		for _, a := range composite {
			of := s3.CreateMultipartUploadInput{ChecksumAlgorithm: a, ChecksumType: types.ChecksumTypeComposite}
			want[w.multipart("composite "+string(a), of, first, last)] = "composite checksum " + string(a)
			want[w.multipart("composite, one part "+string(a), of, "content")] = "composite checksum " + string(a)
		}
		of := s3.CreateMultipartUploadInput{ChecksumAlgorithm: types.ChecksumAlgorithmCrc64nvme, ChecksumType: types.ChecksumTypeFullObject}
		want[w.multipart("full", of, first, last)] = "full-object checksum CRC64NVME"
		lines := w.settle()
		for v, evidence := range want {
			line := lines[v.uri()]
			assert.Equal(t, verdict.Verified, line.Verdict, "%s: %s", v.key, line.Reason)
			assert.Equal(t, evidence, string(line.Evidence), v.key)
		}
		assert.Len(t, lines, len(want))
		assert.Empty(t, w.parked())
	})
}

// MinIO sends the parts with checksums that it then refuses itself: a failure of
// replication that nobody arranged, and that docs/s3-conformance.md tells of.
func TestWhatMinIOFailsToReplicateIsToldAsFailed(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, a := range []types.ChecksumAlgorithm{types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c} {
			of := s3.CreateMultipartUploadInput{ChecksumAlgorithm: a, ChecksumType: types.ChecksumTypeFullObject}
			v := w.multipart("full "+string(a), of, large(partSize), "the rest")
			assert.Equal(t, reason.ReplicationFailed, w.settle()[v.uri()].Reason, v.key)
		}
		assert.Len(t, w.parked(), 2)
	})
}
