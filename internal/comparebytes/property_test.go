package comparebytes_test

import (
	"bytes"
	"testing"

	"github.com/minio/crc64nvme"
	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"autobackup/internal/checksum"
	"autobackup/internal/comparebytes"
	"autobackup/internal/digest"
	"autobackup/internal/verdict"
)

// faults is what a side can answer instead of bytes, and what it is told as.
var faults = map[string]struct {
	status int
	code   string
	found  verdict.Found
	asked  int // how often it is asked
}{
	"archived":   {403, "InvalidObjectState", verdict.Archived, 1},
	"denied":     {403, "AccessDenied", verdict.Denied, 3},
	"gone":       {404, "NoSuchVersion", verdict.Missing, 1},
	"ssec":       {400, "InvalidRequest", verdict.SSEC, 1},
	"error":      {500, "InternalError", verdict.Unreachable, 5},
	"slow down":  {503, "SlowDown", verdict.Unreachable, 5},
	"other etag": {412, "PreconditionFailed", verdict.Unreachable, 5},
}

// model is one generated case.
type model struct {
	primary, replica           []byte // of the same length
	primaryFault, replicaFault string // "" or one of faults
	rangeSize, blockSize       int64
}

func generate(t *rapid.T) model {
	m := model{primary: rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "content")}
	m.replica = bytes.Clone(m.primary)
	n := len(m.primary)
	switch mutation := rapid.SampledFrom([]string{"none", "none", "bit", "swapped", "other"}).Draw(t, "mutation"); {
	case mutation == "bit" && n > 0:
		m.replica[rapid.IntRange(0, n-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
	case mutation == "swapped" && n > 1:
		at := rapid.IntRange(1, n-1).Draw(t, "at")
		m.replica = append(bytes.Clone(m.primary[at:]), m.primary[:at]...)
	case mutation == "other":
		m.replica = rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "other")
	}
	fault := rapid.SampledFrom([]string{"", "", "", "", "", "", "archived", "denied", "gone", "ssec", "error", "slow down", "other etag"})
	m.primaryFault, m.replicaFault = fault.Draw(t, "primary's fault"), fault.Draw(t, "replica's fault")
	m.rangeSize, m.blockSize = rapid.Int64Range(4, 70).Draw(t, "range size"), rapid.Int64Range(1, 40).Draw(t, "block size")
	return m
}

func crc(content []byte) string { return digest.CRC64(crc64nvme.Checksum(content)).String() }

// facts is the reference: what is told of the two sides. The details are not
// compared.
func (m model) facts() verdict.Bytes {
	side := func(content []byte, fault string) verdict.Read {
		if fault != "" {
			return verdict.Read{Found: faults[fault].found}
		}
		return verdict.Read{Found: verdict.Object, CRC64NVME: crc(content)}
	}
	b := verdict.Bytes{Primary: side(m.primary, m.primaryFault), Replica: side(m.replica, m.replicaFault)}
	if m.primaryFault == "" && m.replicaFault == "" && !bytes.Equal(m.primary, m.replica) {
		b.Different = m.block()
	}
	return b
}

// block is the first block that differs, whose borders start anew in each range.
func (m model) block() *checksum.Piece {
	at := int64(0)
	for m.primary[at] == m.replica[at] {
		at++
	}
	ranges := digest.Pieces{Length: int64(len(m.primary)), Size: m.rangeSize}
	r := ranges.At(at / m.rangeSize)
	b := digest.Pieces{Length: r.Length, Size: m.blockSize}.At((at - r.Offset) / m.blockSize)
	return &checksum.Piece{Offset: r.Offset + b.Offset, Length: b.Length}
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
		got := d.must(rt, batchOf(int64(len(m.primary))))
		for _, read := range []*verdict.Read{&got.Primary, &got.Replica} {
			assert.Equal(rt, read.Found == verdict.Object, read.Detail == "")
			assert.Regexp(rt, `^[ -~]{0,160}$`, read.Detail)
			read.Detail = ""
		}
		assert.Equal(rt, m.facts(), got)
		assert.Less(rt, d.added, 1<<10, "bytes that an answer adds to the batch")
	})
}

// One range of many that can't be read is told, and costs the others nothing: a
// difference elsewhere is told as well.
func TestOneRangeOfManyThatCannotBeReadIsTold(t *testing.T) {
	primary := []byte("0123456789abcdefghij")
	for name, f := range faults {
		for _, bucket := range []string{"docs", "copy"} {
			for _, differs := range []bool{false, true} {
				want := verdict.Bytes{Primary: verdict.Read{Found: verdict.Object, CRC64NVME: crc(primary)}}
				replica := bytes.Clone(primary)
				if differs {
					replica[17] ^= 4
					want.Different = &checksum.Piece{Offset: 15, Length: 5}
				}
				want.Replica = verdict.Read{Found: verdict.Object, CRC64NVME: crc(replica)}
				fake := &fakeS3{}
				d := deploy(fake.start(t), func(c *comparebytes.Comparer) { c.RangeSize, c.BlockSize = 5, 5 })
				fake.hold(primary, replica)
				fake.refuse(func(asked, span string) (int, string) {
					if asked == bucket && span == "bytes=5-9" {
						return f.status, f.code
					}
					return 0, ""
				})
				got := d.must(t, batchOf(20))
				read, refused := &want.Primary, &got.Primary
				if bucket == "copy" {
					read, refused = &want.Replica, &got.Replica
				}
				*read = verdict.Read{Found: f.found, Detail: refused.Detail}
				assert.Equal(t, want, got, name)
				assert.Contains(t, refused.Detail, f.code)
				assert.Equal(t, 3+f.asked, fake.asked[bucket], "the other ranges are read once")
			}
		}
	}
}
