package look

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/internal/batch"
	"autobackup/internal/checksum"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// filling takes as many bytes of JSON as the limit allows.
func filling(limit int) string { return strings.Repeat("x", limit-len(`""`)) }

// largestObject is a replica that shows an object, with every field at its bound.
func largestObject() verdict.Replica {
	return verdict.Replica{
		Side: verdict.Side{
			Bucket: filling(maxBucket), Region: filling(maxRegion), Found: verdict.Object, Size: math.MinInt64,
			ETag: filling(maxETag), Encryption: filling(maxWord), Class: filling(maxClass),
			Checksums:    map[string]string{"XXHASH128": filling(maxSum), "CRC64NVME": filling(maxSums - maxSum)},
			ChecksumType: filling(maxWord), Replication: filling(maxWord),
			Metadata: &verdict.Metadata{Headers: fingerprint(0), User: fingerprint(0), Tags: fingerprint(0), Retention: fingerprint(0), LegalHold: "OFF"},
		},
		IgnoresMarkers: true, IgnoresKMS: true, ByTag: true,
		Parts: &verdict.Parts{Algorithm: checksum.CRC64NVME, Offset: math.MaxInt64, Length: math.MaxInt64},
	}
}

// largestMissing is a replica that shows none.
func largestMissing() verdict.Replica {
	return verdict.Replica{
		Side: verdict.Side{
			Bucket: filling(maxBucket), Region: filling(maxRegion), Found: verdict.Unreachable,
			Detail: strings.Repeat(`"`, verdict.MaxSideDetail), Replication: filling(maxWord),
		},
		IgnoresMarkers: true, IgnoresKMS: true, ByTag: true, Expires: filling(maxRule),
	}
}

func TestReplicasAtAllTheirBoundsAreWithinMaxSide(t *testing.T) {
	for name, r := range map[string]verdict.Replica{"an object": largestObject(), "none": largestMissing()} {
		form, err := json.Marshal(r)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(form), verdict.MaxSide, name)
		assert.Equal(t, r.Side, bounded(r.Side), "nothing at its bound is too long")
	}
}

func TestOneByteMoreIsTooLong(t *testing.T) {
	more := largestObject().Side
	for _, field := range []*string{&more.Bucket, &more.Region, &more.ETag, &more.Encryption, &more.Class, &more.ChecksumType, &more.Replication} {
		*field += "x"
	}
	got := bounded(more)
	for _, field := range []string{got.Bucket, got.Region, got.ETag, got.Encryption, got.Class, got.ChecksumType, got.Replication} {
		assert.Equal(t, "too long", field)
	}
}

func TestDetailsAndChecksumsAtTheirBounds(t *testing.T) {
	quotes := strings.Repeat(`"`, verdict.MaxSideDetail-3)
	for _, tt := range []struct{ detail, want string }{
		{quotes + `"""`, quotes + `"""`},
		{"<" + quotes[1:], "<" + quotes[1:]},
		{"<" + quotes, "<" + quotes},     // 322 bytes of JSON
		{"<" + quotes + "x", "too long"}, // 323
		{"\n" + strings.Repeat("é", 100), " " + strings.Repeat("?", 100)},
	} {
		assert.Equal(t, tt.want, bounded(verdict.Side{Detail: tt.detail}).Detail)
	}
	for _, tt := range []struct {
		second int // bytes of JSON
		kept   int
	}{{maxSums - maxSum, 2}, {maxSums - maxSum + 1, 1}} {
		got := bounded(verdict.Side{Checksums: map[string]string{"SHA512": filling(maxSum), "SHA256": filling(tt.second)}}).Checksums
		assert.Len(t, got, tt.kept)
		assert.Contains(t, got, "SHA512")
	}
	assert.Len(t, bounded(verdict.Side{Checksums: map[string]string{"SHA512": filling(maxSum), "SHA256": "x", "SHA1": "x"}}).Checksums, manySums)
	assert.Empty(t, bounded(verdict.Side{Checksums: map[string]string{"SHA512": filling(maxSum + 1)}}).Checksums)
}

func TestAsManyLooksHaveRoomAsFit(t *testing.T) {
	of := func(free int) batch.Batch {
		b := batch.Batch{}
		b.Summary.Text = strings.Repeat("x", batch.MaxState-batch.StateSpare-text.Encoded(b.Count())-free)
		return b
	}
	for free, want := range map[int]int{
		0: 1, maxLook - 1: 1, maxLook: 1, 2*maxLook - 1: 1, 2 * maxLook: 2, 3*maxLook - 1: 2, 3 * maxLook: 3, 50*maxLook - 1: 49, 50 * maxLook: 50,
	} {
		assert.Equal(t, want, room(of(free)), free)
	}
	full := of(0)
	full.Summary.Text += strings.Repeat("x", 10*maxLook)
	assert.Equal(t, 1, room(full), "a round without a look would never end")
}

func TestMaxLookIsWhatTheLargestLookTakes(t *testing.T) {
	side := func(limit int) verdict.Side {
		s := verdict.Side{Bucket: "b", Found: verdict.Object}
		s.ETag = strings.Repeat("x", limit-text.Encoded(s)-len(`,"etag":""`))
		return s
	}
	full := side(verdict.MaxSide)
	require.Equal(t, verdict.MaxSide, text.Encoded(full))
	seen := verdict.Look{Primary: full}
	for range verdict.MaxReplicas {
		seen.Replicas = append(seen.Replicas, verdict.Replica{Side: full})
	}
	assert.Equal(t, maxLook, len(`,"look":`)+text.Encoded(seen))
	alone := verdict.Look{Primary: full, Unselected: true, Unsupported: strings.Repeat(`"`, verdict.MaxSideDetail), Unread: &verdict.Read{Found: verdict.Unreachable, Detail: strings.Repeat(`"`, verdict.MaxSideDetail)}}
	assert.Less(t, len(`,"look":`)+text.Encoded(alone), maxLook)
}
