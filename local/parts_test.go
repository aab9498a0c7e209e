package local_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	locals3 "autobackup/local/s3"
)

const minPart = 5 << 20 // bytes of every part but the last, at least

// multipart uploads an object in parts, each with a checksum.
func (w *world) multipart(key string, a types.ChecksumAlgorithm, pieces ...string) {
	w.t.Helper()
	bucket := aws.String(w.bucket())
	created, err := w.client.CreateMultipartUpload(w.t.Context(), &s3.CreateMultipartUploadInput{
		Bucket: bucket, Key: &key, ChecksumAlgorithm: a, ChecksumType: types.ChecksumTypeComposite,
	})
	require.NoError(w.t, err)
	var parts []types.CompletedPart
	for i, piece := range pieces {
		number := aws.Int32(int32(i + 1)) //nolint:gosec // an index
		out, err := w.client.UploadPart(w.t.Context(), &s3.UploadPartInput{
			Bucket: bucket, Key: &key, UploadId: created.UploadId, PartNumber: number, Body: strings.NewReader(piece), ChecksumAlgorithm: a,
		})
		require.NoError(w.t, err)
		parts = append(parts, types.CompletedPart{
			PartNumber: number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC32C: out.ChecksumCRC32C, ChecksumSHA256: out.ChecksumSHA256,
		})
	}
	_, err = w.client.CompleteMultipartUpload(w.t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: &key, UploadId: created.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	require.NoError(w.t, err)
}

func (w *world) putWith(key, content string, a types.ChecksumAlgorithm) {
	w.t.Helper()
	w.put(key, content, func(in *s3.PutObjectInput) { in.ChecksumAlgorithm = a })
}

func recut(size int64, kind types.ChecksumType, how locals3.Corruption) locals3.Plan {
	return locals3.Plan{Recut: &locals3.Recut{PartSize: size, Kind: string(kind)}, Corrupt: how}
}

func TestAReplicaInOtherPartsIsDecidedByThePartsWhereTheyTell(t *testing.T) {
	const (
		crc32, crc32c, sha = types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmSha256
		composite, full    = types.ChecksumTypeComposite, types.ChecksumTypeFullObject
		combined           = "full-object checksum CRC32 (combined from parts)"
	)
	front := strings.Repeat("0123456789abcdef", minPart/16)
	plans := map[string]locals3.Plan{
		"one request":                 recut(3, composite, locals3.Intact),
		"one request, a bit":          recut(3, composite, locals3.FlipBit),
		"no bytes":                    recut(0, composite, locals3.Intact),
		"one part":                    recut(4, composite, locals3.Intact),
		"one request of SHA256":       recut(0, composite, locals3.Intact),
		"one request of SHA256, cut":  recut(3, composite, locals3.Intact),
		"two parts":                   recut(1<<20, composite, locals3.Intact),
		"two parts, a bit":            recut(1<<20, composite, locals3.FlipBit),
		"two parts in one":            recut(0, full, locals3.Intact),
		"two full parts":              recut(2*minPart, composite, locals3.Intact),
		"two parts of SHA256, a bit":  {Corrupt: locals3.FlipBit},
		"two parts of SHA256, as new": {},
	}
	inWorld(t, func(w *world) {
		w.S3.Replicate = func(r locals3.Replication) locals3.Plan { return plans[r.Key] }
		w.putWith("one request", "content", crc32)
		w.putWith("one request, a bit", "content", crc32)
		w.putWith("no bytes", "", crc32)
		w.multipart("one part", crc32c, "content")
		w.putWith("one request of SHA256", "content", sha)
		w.putWith("one request of SHA256, cut", "content", sha)
		w.multipart("two parts", crc32, front, "the rest")
		w.multipart("two parts, a bit", crc32, front, "the rest")
		w.multipart("two parts in one", crc32, front, "the rest")
		w.multipart("two full parts", crc32, front, front)
		w.multipart("two parts of SHA256, a bit", sha, front, "the rest")
		w.multipart("two parts of SHA256, as new", sha, front, "the rest")
		w.settle()

		got := map[string]string{}
		for _, line := range w.settled() {
			_, name, _ := strings.Cut(line.Object, w.bucket()+"/")
			name, _, _ = strings.Cut(name, "@")
			got[name] = string(line.Evidence) + string(line.Reason)
		}
		assert.Equal(t, map[string]string{
			"one request":                 combined,
			"one request, a bit":          string(reason.ContentMismatch),
			"no bytes":                    combined,
			"one part":                    "full-object checksum CRC32C (combined from parts)",
			"one request of SHA256":       "composite checksum SHA256 (part by part)",
			"one request of SHA256, cut":  string(verdict.BytesRead),
			"two parts":                   combined,
			"two parts, a bit":            string(reason.ContentMismatch),
			"two parts in one":            combined,
			"two full parts":              combined,
			"two parts of SHA256, a bit":  string(reason.ContentMismatch),
			"two parts of SHA256, as new": "composite checksum SHA256",
		}, got)
		var details []string
		for _, m := range w.parked() {
			details = append(details, m.Attributes["detail"].Value)
		}
		text := strings.Join(details, "\n")
		for _, want := range []string{
			"checksums CRC32 of the parts differ, first in the 7 bytes from byte 0 on",
			"checksums CRC32 of the parts differ, first in the 5242880 bytes from byte 0 on",
			"checksums SHA256 of the parts differ, first in the 5242880 bytes from byte 0 on",
		} {
			assert.Contains(t, text, want)
		}
	})
}

func TestAMissingPermissionOnPartsLeavesContentOpen(t *testing.T) {
	for _, how := range []locals3.Corruption{locals3.Intact, locals3.FlipBit} {
		inWorld(t, func(w *world) {
			w.S3.Replicate = func(locals3.Replication) locals3.Plan { return recut(3, types.ChecksumTypeComposite, how) }
			w.S3.Fault = func(q locals3.Request) *locals3.Fault {
				if q.Operation == "GetObjectAttributes" {
					return &locals3.Fault{Status: 403}
				}
				return nil
			}
			w.putWith("report.pdf", "content", types.ChecksumAlgorithmCrc32)
			w.settle()
			assert.Equal(t, []string{string(reason.Inconclusive)}, w.reasons())
			assert.Contains(t, w.parked()[0].Attributes["facts"].Value, "GetObjectAttributes: replica answered 403 AccessDenied")
		}, replace("template.yaml", "Default: inconclusive", "Default: never"))
	}
}
