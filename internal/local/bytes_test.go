package local_test

import (
	"strings"
	"testing"
	"time"

	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	locals3 "autobackup/internal/local/s3"
	"autobackup/internal/verdict"
)

// recutReplicas makes replicas that neither checksums nor parts decide: SHA256 of
// other parts than the primary's. Those of names that begin with "damaged" have
// a bit flipped before.
func (w *world) recutReplicas() {
	w.S3.Replicate = func(r locals3.Replication) locals3.Plan {
		how := locals3.Intact
		if strings.HasPrefix(r.Key, "plain") {
			return locals3.Plan{}
		}
		if strings.HasPrefix(r.Key, "damaged") {
			how = locals3.FlipBit
		}
		part := int64(3)
		if strings.HasSuffix(r.Key, "large.bin") {
			part = 4000
		}
		plan := recut(part, s3types.ChecksumTypeComposite, how)
		if strings.HasPrefix(r.Key, "slow") {
			plan.Lag = time.Hour
		}
		return plan
	}
}

func TestInconclusiveObjectsAreDecidedByTheirBytes(t *testing.T) {
	inWorld(t, func(w *world) {
		w.recutReplicas()
		w.putWith("intact.bin", "content", s3types.ChecksumAlgorithmSha256)
		w.putWith("damaged.bin", "content", s3types.ChecksumAlgorithmSha256)
		w.put("plain.bin", "content")
		w.settle()
		assert.Equal(t, "3 objects after 1 look: 2 verified, 1 failed (CONTENT_MISMATCH)", w.summary(w.one()).Text)
		assert.Equal(t, []string{"CONTENT_MISMATCH"}, w.reasons())
		evidence := map[string]verdict.Evidence{}
		for _, o := range w.summary(w.one()).Objects {
			evidence[o.Object[strings.LastIndex(o.Object, "/")+1:strings.LastIndex(o.Object, "@")]] = o.Evidence
		}
		assert.Equal(t, verdict.BytesRead, evidence["intact.bin"])
		assert.Equal(t, verdict.Evidence("full-object checksum CRC64NVME"), evidence["plain.bin"])
		assert.Contains(t, w.parked()[0].Attributes["detail"].Value, "bytes differ, first in the block of 7 bytes from byte 0 on; side unknown")
	})
}

func TestWithNeverAnInconclusiveObjectFails(t *testing.T) {
	inWorld(t, func(w *world) {
		w.recutReplicas()
		w.putWith("intact.bin", "content", s3types.ChecksumAlgorithmSha256)
		w.settle()
		assert.Equal(t, []string{"INCONCLUSIVE"}, w.reasons())
		assert.NotContains(t, w.path(), "ReadBytes")
	}, replace("template.yaml", "Default: inconclusive", "Default: never"))
}

func TestALargeObjectIsReadInRangesThroughADistributedMap(t *testing.T) {
	content := strings.Repeat("0123456789abcdef", 1000)
	ranges := replace("template.yaml", `RANGE_BYTES: "4294967296"`, `RANGE_BYTES: "500"`)
	for name, want := range map[string]string{
		"large.bin":         "1 object after 1 look: 1 verified",
		"damaged-large.bin": "1 object after 1 look: 1 failed (CONTENT_MISMATCH)",
	} {
		inWorld(t, func(w *world) {
			w.recutReplicas()
			w.putWith(name, content, s3types.ChecksumAlgorithmSha256)
			w.settle()
			assert.Equal(t, want, w.summary(w.one()).Text)
			assert.Contains(t, w.path(), "ReadRanges")
			assert.Contains(t, w.path(), "ConcludeBytes BytesRead CompareETags")
		}, ranges)
	}
}

func TestBytesAreReadOnceTheReplicaIsThere(t *testing.T) {
	inWorld(t, func(w *world) {
		w.recutReplicas()
		w.putWith("slow.bin", "content", s3types.ChecksumAlgorithmSha256)
		w.putWith("fast.bin", "content", s3types.ChecksumAlgorithmSha256)
		w.settle()
		got := w.summary(w.one())
		require.Len(t, got.Objects, 2)
		assert.Contains(t, got.Objects[0].Object, "fast.bin")
		assert.Equal(t, 1, got.Objects[0].Looks, "it waits for no lagging batch mate")
		assert.Equal(t, verdict.BytesRead, got.Objects[1].Evidence)
		assert.GreaterOrEqual(t, w.one().Result.Stop.Sub(w.one().Result.Start), time.Hour-5*time.Minute)
	})
}
