package comparebytes_test

import (
	"bytes"
	"testing"

	"github.com/minio/crc64nvme"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// faults is what a side can answer instead of bytes, and what becomes of it on
// the primary and on the replica.
var faults = map[string]struct {
	status           int
	code             string
	primary, replica reason.Code
}{
	"archived":   {403, "InvalidObjectState", reason.Archived, reason.Archived},
	"denied":     {403, "AccessDenied", reason.AccessDenied, reason.AccessDenied},
	"gone":       {404, "NoSuchVersion", reason.SourceDeleted, reason.ReplicaMissing},
	"ssec":       {400, "InvalidRequest", reason.UnreadableSSEC, reason.UnreadableSSEC},
	"error":      {500, "InternalError", reason.Unreachable, reason.Unreachable},
	"slow down":  {503, "SlowDown", reason.Unreachable, reason.Unreachable},
	"other etag": {412, "PreconditionFailed", reason.Unreachable, reason.Unreachable},
}

// model is one generated case.
type model struct {
	primary, replica             []byte
	primaryStored, replicaStored string // what S3 has stored: "", right or wrong
	primaryFault, replicaFault   string // "" or one of faults
	rangeSize, blockSize         int64
}

func generate(t *rapid.T) model {
	m := model{primary: rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "content")}
	m.replica = bytes.Clone(m.primary)
	n := len(m.primary)
	switch mutation := rapid.SampledFrom([]string{"none", "none", "bit", "truncated", "swapped", "other"}).Draw(t, "mutation"); {
	case mutation == "bit" && n > 0:
		m.replica[rapid.IntRange(0, n-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
	case mutation == "truncated" && n > 0:
		m.replica = m.replica[:n-1]
	case mutation == "swapped" && n > 1:
		at := rapid.IntRange(1, n-1).Draw(t, "at")
		m.replica = append(bytes.Clone(m.primary[at:]), m.primary[:at]...)
	case mutation == "other":
		m.replica = rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "other")
	}
	stored := rapid.SampledFrom([]string{"", "right", "wrong"})
	m.primaryStored, m.replicaStored = stored.Draw(t, "primary's record"), stored.Draw(t, "replica's record")
	fault := rapid.SampledFrom([]string{"", "", "", "", "", "", "archived", "denied", "gone", "ssec", "error", "slow down", "other etag"})
	m.primaryFault, m.replicaFault = fault.Draw(t, "primary's fault"), fault.Draw(t, "replica's fault")
	m.rangeSize, m.blockSize = rapid.Int64Range(4, 70).Draw(t, "range size"), rapid.Int64Range(1, 40).Draw(t, "block size")
	return m
}

func crc(content []byte) string { return digest.CRC64(crc64nvme.Checksum(content)).String() }

func recorded(content []byte, how string) string {
	switch how {
	case "right":
		return crc(content)
	case "wrong":
		return crc(append(bytes.Clone(content), 1))
	default:
		return ""
	}
}

// verdict is the reference: what the operator must be told, and the first block
// that differs.
func (m model) verdict() (verdict.Outcome, reason.Code) {
	switch {
	case len(m.primary) != len(m.replica):
		return verdict.Failed, reason.SizeMismatch
	case m.primaryFault == "gone":
		return verdict.Skipped, reason.SourceDeleted
	case m.primaryFault != "":
		return verdict.Failed, faults[m.primaryFault].primary
	case m.replicaFault == "gone":
		return verdict.Lagging, reason.ReplicaMissing
	case m.replicaFault != "":
		return verdict.Failed, faults[m.replicaFault].replica
	case !bytes.Equal(m.primary, m.replica):
		return verdict.Failed, reason.ContentMismatch
	case m.primaryStored == "wrong" || m.replicaStored == "wrong":
		return verdict.Failed, reason.Inconclusive
	default:
		return verdict.Verified, ""
	}
}

// block is the first block that differs, whose borders start anew in each range.
func (m model) block() digest.Range {
	at := int64(0)
	for m.primary[at] == m.replica[at] {
		at++
	}
	ranges := digest.Pieces{Length: int64(len(m.primary)), Size: m.rangeSize}
	r := ranges.At(at / m.rangeSize)
	b := digest.Pieces{Length: r.Length, Size: m.blockSize}.At((at - r.Offset) / m.blockSize)
	return digest.Range{Offset: r.Offset + b.Offset, Length: b.Length}
}

func (m model) side() string {
	switch p, r := m.primaryStored, m.replicaStored; {
	case p == "wrong" && r == "wrong":
		return "both sides disagree with their own stored CRC64NVME"
	case p == "wrong":
		return "the primary disagrees with its own stored CRC64NVME"
	case r == "wrong":
		return "the replica disagrees with its own stored CRC64NVME"
	default:
		return "side unknown"
	}
}

func TestTheWholeAgreesWithTheReferenceModel(t *testing.T) {
	fake := &fakeS3{}
	clients := fake.start(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := generate(rt)
		fake.hold(m.primary, m.replica)
		fake.refuse(func(bucket, _ string) (int, string) {
			f := faults[map[string]string{"docs": m.primaryFault, "copy": m.replicaFault}[bucket]]
			return f.status, f.code
		})
		d := deploy(clients, func(c *comparebytes.Comparer) {
			c.RangeSize, c.BlockSize = m.rangeSize, m.blockSize
			c.Algorithm = rapid.SampledFrom(digest.Algorithms()).Draw(rt, "algorithm")
		})
		got, err := d.compare(t.Context(), pairOf(int64(len(m.primary)), int64(len(m.replica)),
			recorded(m.primary, m.primaryStored), recorded(m.replica, m.replicaStored)))
		require.NoError(rt, err)
		outcome, code := m.verdict()
		assert.Equal(rt, outcome, got.Outcome, got.Detail)
		assert.Equal(rt, code, got.Reason, got.Detail)
		assert.Nil(rt, got.Plan)
		assert.Equal(rt, outcome == verdict.Verified, got.Evidence == verdict.BytesRead)
		assert.Regexp(rt, `^[ -~]{1,500}$`, got.Detail)
		assert.Less(rt, d.largest, 4<<10)
		if code == reason.ContentMismatch {
			assert.Contains(rt, got.Detail, "first in the block of "+m.block().String()+"; "+m.side())
		}
	})
}

// One range of many that can't be read keeps a pair from being verified, and a
// difference elsewhere is told all the same.
func TestOneRangeOfManyThatCannotBeReadIsTold(t *testing.T) {
	primary := []byte("0123456789abcdefghij")
	for name, f := range faults {
		for _, differs := range []bool{false, true} {
			replica := bytes.Clone(primary)
			if differs {
				replica[17] ^= 4
			}
			fake := &fakeS3{fault: func(bucket, span string) (int, string) {
				if bucket == "copy" && span == "bytes=5-9" {
					return f.status, f.code
				}
				return 0, ""
			}}
			fake.hold(primary, replica)
			d := deploy(fake.start(t), func(c *comparebytes.Comparer) { c.RangeSize, c.BlockSize = 5, 5 })
			got := d.must(t, pairOf(20, 20, crc(primary), crc(primary)))
			if differs {
				assert.Equal(t, reason.ContentMismatch, got.Reason, name)
				assert.Contains(t, got.Detail, "first in the block of 5 bytes from byte 15 on; side unknown: the primary agrees with its stored CRC64NVME, the replica can't be checked against one")
			} else {
				assert.Equal(t, f.replica, got.Reason, name)
			}
		}
	}
}
