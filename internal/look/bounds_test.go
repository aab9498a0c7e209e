package look

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
		IgnoresMarkers: true, IgnoresKMS: true,
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
		IgnoresMarkers: true, IgnoresKMS: true, Expires: filling(maxRule),
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
	alone := verdict.Look{Primary: full, Unsupported: strings.Repeat(`"`, verdict.MaxSideDetail)}
	assert.Less(t, len(`,"look":`)+text.Encoded(alone), maxLook)
}
