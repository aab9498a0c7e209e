package checker_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
	"autobackup/local/s3"
)

// content is short, so that each of its bits can be flipped.
var content = []byte("6bytes")

// kind is an object that is verified with some evidence.
type kind struct {
	method
	bare     bool // S3 shows no checksums, as of objects uploaded before December 2024
	evidence verdict.Evidence
}

var kinds = map[string]kind{
	"a checksum of PutObject":            {method{algorithm: types.ChecksumAlgorithmCrc64nvme}, false, "full-object checksum CRC64NVME"},
	"a cryptographic one":                {method{algorithm: types.ChecksumAlgorithmSha256}, false, "full-object checksum SHA256"},
	"a full-object checksum of parts":    {method{types.ChecksumAlgorithmCrc32, types.ChecksumTypeFullObject, 5 << 20, ""}, false, "full-object checksum CRC32"},
	"a checksum under SSE-KMS":           {method{algorithm: types.ChecksumAlgorithmCrc32, encryption: types.ServerSideEncryptionAwsKms}, false, "full-object checksum CRC32"},
	"a composite checksum":               {method{types.ChecksumAlgorithmSha256, types.ChecksumTypeComposite, 5 << 20, ""}, false, "composite checksum SHA256"},
	"a single-part ETag":                 {method{algorithm: types.ChecksumAlgorithmCrc32}, true, verdict.SinglePartETag},
	"a multipart ETag":                   {method{types.ChecksumAlgorithmCrc32, types.ChecksumTypeFullObject, 5 << 20, ""}, true, verdict.MultipartETag},
	"bytes read under SSE-KMS":           {method{algorithm: types.ChecksumAlgorithmCrc32, encryption: types.ServerSideEncryptionAwsKms}, true, verdict.BytesRead},
	"bytes read under DSSE, of one part": {method{types.ChecksumAlgorithmCrc32, types.ChecksumTypeFullObject, 5 << 20, types.ServerSideEncryptionAwsKmsDsse}, true, verdict.BytesRead},
}

// each runs a test for every kind with an intact pair of that kind.
func each(t *testing.T, test func(t *testing.T, st *stage, k kind, version string)) {
	for name, k := range kinds {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStage(t)
				if k.bare {
					st.edit = withoutChecksums
				}
				version := st.put(t, primary, "k", content, k.method)
				st.settle()
				intact := st.validate(t, "inconclusive", event("k", version, false, false))
				require.True(t, intact.is(verified(k.evidence)), intact)
				test(t, st, k, version)
			})
		})
	}
}

func withoutChecksums(_ *http.Request, h http.Header) {
	for name := range h {
		if strings.HasPrefix(name, "X-Amz-Checksum-") {
			h.Del(name)
		}
	}
}

// damaged is content with each of its bits flipped, and with other damage.
func damaged() map[string][]byte {
	all := map[string][]byte{"swapped": slices.Concat(content[3:], content[:3]), "stale": bytes.ToUpper(content)}
	for at := range content {
		for bit := range 8 {
			flipped := bytes.Clone(content)
			flipped[at] ^= 1 << bit
			all[string(rune('a'+at))+string(rune('0'+bit))] = flipped
		}
	}
	return all
}

func TestDamageBeforeTheReplicaWasStoredFlipsEveryEvidence(t *testing.T) {
	each(t, func(t *testing.T, st *stage, k kind, version string) {
		body := event("k", version, false, false)
		for name, bad := range damaged() {
			st.served[version] = st.put(t, replica, "k", bad, k.method)
			got := st.validate(t, "inconclusive", body)
			assert.True(t, got.is(failed(reason.ContentMismatch)), "%s: %s", name, got)
		}
		for _, bad := range [][]byte{content[:len(content)-1], content[1:], append(bytes.Clone(content), 0), nil} {
			st.served[version] = st.put(t, replica, "k", bad, k.method)
			got := st.validate(t, "inconclusive", body)
			assert.True(t, got.is(failed(reason.SizeMismatch)), got)
		}
	})
}

// What no stored checksum can see: the bytes are damaged under a server that
// answers HeadObject as before (docs/verdicts.md).
func TestDamageUnderTheServerIsSeenByTheBytesAlone(t *testing.T) {
	each(t, func(t *testing.T, st *stage, k kind, version string) {
		body := event("k", version, false, false)
		for name, bad := range damaged() {
			st.read[version] = st.put(t, replica, "k", bad, k.method)
			got := st.validate(t, "always", body)
			assert.True(t, got.is(failed(reason.ContentMismatch)), "%s: %s", name, got)
			if got.detail != "" && k.evidence == "full-object checksum CRC64NVME" {
				assert.Contains(t, got.detail, "the replica disagrees with its own stored CRC64NVME", name)
			}
		}
		unseen := verified(k.evidence)
		if k.evidence == verdict.BytesRead {
			unseen = failed(reason.ContentMismatch)
		}
		got := st.validate(t, "inconclusive", body)
		assert.True(t, got.is(unseen), got)
		notAsPromised := failed(reason.BytesNotRead)
		if k.evidence == verdict.BytesRead {
			notAsPromised = failed(reason.Unreachable)
		}
		for _, bad := range [][]byte{content[:len(content)-1], append(bytes.Clone(content), 0), nil} {
			st.read[version] = st.put(t, replica, "k", bad, k.method)
			got := st.validate(t, "always", body)
			assert.True(t, got.is(notAsPromised), "bytes that do not come as promised: %s", got)
		}
	})
}

// The corruptions that the local S3 makes while it replicates come out as those
// that are written by hand.
func TestCorruptReplication(t *testing.T) {
	for how, ends := range map[s3.Corruption]map[string]want{
		s3.Intact:   {"inconclusive": verified(verdict.FullObjectChecksum), "always": verified(verdict.BytesRead)},
		s3.FlipBit:  {"inconclusive": failed(reason.ContentMismatch), "always": failed(reason.ContentMismatch)},
		s3.Truncate: {"inconclusive": failed(reason.SizeMismatch), "always": failed(reason.SizeMismatch)},
		s3.Silent:   {"inconclusive": verified(verdict.FullObjectChecksum), "always": failed(reason.ContentMismatch)},
	} {
		for reading, want := range ends {
			synctest.Test(t, func(t *testing.T) {
				st := newStage(t)
				st.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Corrupt: how} }
				version := st.put(t, primary, "k", content, method{})
				st.settle()
				got := st.validate(t, reading, event("k", version, false, false))
				assert.True(t, got.is(want), "%d, %s: %s", how, reading, got)
			})
		}
	}
}

func TestOtherVersionsFlipEveryEvidence(t *testing.T) {
	each(t, func(t *testing.T, st *stage, k kind, version string) {
		next := st.put(t, primary, "k", bytes.ToUpper(content), k.method)
		st.settle()
		st.served[next] = version
		got := st.validate(t, "inconclusive", event("k", next, false, false))
		assert.True(t, got.is(failed(reason.ContentMismatch)), "a stale version under the same key: %s", got)

		st.Replicate = func(s3.Replication) s3.Plan { return s3.Plan{Lag: 24 * 365 * deadline} }
		lost := st.put(t, primary, "k", content, k.method)
		st.put(t, replica, "k", content, k.method)
		got = st.validate(t, "always", event("k", lost, false, false))
		assert.True(t, got.is(failed(reason.ReplicaMissing)), "the right bytes under another version: %s", got)

		bare := st.edit
		st.edit = func(r *http.Request, h http.Header) {
			if bare != nil {
				bare(r, h)
			}
			if strings.HasPrefix(r.URL.Path, "/"+replica+"/") {
				h.Set("X-Amz-Version-Id", lost)
			}
		}
		got = st.validate(t, "inconclusive", event("k", version, false, false))
		assert.True(t, got.is(failed(reason.Unreachable)), "an answer about another version: %s", got)
	})
}

func TestPartsThatAreSwappedOrCutOtherwise(t *testing.T) {
	const part = 5 << 20
	whole := bytes.Repeat([]byte("0123456789abcdef"), (2*part+32)/16)
	copy(whole[part:], "another beginning")
	swapped := slices.Concat(whole[part:2*part], whole[:part], whole[2*part:])
	composite := method{types.ChecksumAlgorithmSha256, types.ChecksumTypeComposite, part, ""}
	recut := composite
	recut.part = part + 16
	atOnce := method{algorithm: types.ChecksumAlgorithmSha256}
	for name, tt := range map[string]struct {
		source  method
		replica []byte
		method  method
		bare    bool
		want    want
		detail  string
	}{
		"as they were":                                      {composite, whole, composite, false, verified("composite checksum SHA256"), ""},
		"swapped under a composite checksum":                {composite, swapped, composite, false, failed(reason.ContentMismatch), "checksums SHA256 of the parts differ, first in the 5242880 bytes from byte 0 on"},
		"swapped under a multipart ETag":                    {composite, swapped, composite, true, failed(reason.ContentMismatch), "first in the block of 1048576 bytes from byte 0 on; side unknown"},
		"cut otherwise under a composite checksum":          {composite, whole, recut, false, verified(verdict.BytesRead), ""},
		"cut otherwise under a multipart ETag":              {composite, whole, recut, true, verified(verdict.BytesRead), ""},
		"cut otherwise and swapped":                         {composite, swapped, recut, false, failed(reason.ContentMismatch), "from byte 0 on"},
		"uploaded at once, with a checksum of the whole":    {composite, whole, atOnce, false, verified(verdict.BytesRead), ""},
		"replicated in parts, with a checksum of the parts": {atOnce, whole, composite, false, verified(verdict.BytesRead), ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStage(t)
				if tt.bare {
					st.edit = withoutChecksums
				}
				version := st.put(t, primary, "k", whole, tt.source)
				st.settle()
				st.served[version] = st.put(t, replica, "k", tt.replica, tt.method)
				got := st.cut(t, "inconclusive", event("k", version, false, false), 4<<20, 1<<20)
				assert.True(t, got.is(tt.want), got)
				assert.Contains(t, got.detail, tt.detail)
			})
		})
	}
}
