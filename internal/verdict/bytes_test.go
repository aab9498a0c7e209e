package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"autobackup/internal/checksum"
	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

const (
	readA = "AAAAAAAAAAE="
	readB = "AAAAAAAAAAI="
)

// reading is one of all bytes, with a stored CRC64NVME where stored is not empty.
func reading(crc, stored string) verdict.Read {
	side := verdict.Side{Region: "r", Found: verdict.Object, Size: 9}
	if stored != "" {
		side.Checksums = map[string]string{"CRC64NVME": stored}
	}
	return verdict.Read{Side: side, Found: verdict.Object, CRC64NVME: crc}
}

func unreadable(found verdict.Found) verdict.Read {
	r := reading("", readA)
	r.Found, r.Detail = found, "why"
	return r
}

func TestJudgeBytes(t *testing.T) {
	const sides = "primary p (r) and replica q (r): "
	block := &checksum.Piece{Offset: 4, Length: 5}
	differ := sides + "bytes differ, first in the block of 5 bytes from byte 4 on; "
	failed := func(code reason.Code, detail string) verdict.Verdict {
		return verdict.Verdict{Outcome: verdict.Failed, Reason: code, Detail: detail}
	}
	verified := verdict.Verdict{Outcome: verdict.Verified, Evidence: verdict.BytesRead,
		Detail: sides + "bytes read on both sides: all 9 bytes are equal, CRC64NVME " + readA}
	whole := reading(readA, "")
	tests := map[string]struct {
		bytes verdict.Bytes
		want  verdict.Verdict
	}{
		"equal bytes, no record":                 {verdict.Bytes{whole, reading(readA, ""), nil}, verified},
		"equal bytes that agree with records":    {verdict.Bytes{reading(readA, readA), reading(readA, readA), nil}, verified},
		"equal bytes, one record that is broken": {verdict.Bytes{reading(readA, "?"), reading(readA, readA), nil}, verified},
		"equal bytes, the primary's record is of others": {verdict.Bytes{reading(readA, readB), reading(readA, readA), nil},
			failed(reason.Inconclusive, sides+"the bytes are equal, but the primary disagrees with its own stored CRC64NVME")},
		"equal bytes, the replica's record is of others": {verdict.Bytes{reading(readA, readA), reading(readA, readB), nil},
			failed(reason.Inconclusive, sides+"the bytes are equal, but the replica disagrees with its own stored CRC64NVME")},
		"equal bytes, both records are of others": {verdict.Bytes{reading(readA, readB), reading(readA, readB), nil},
			failed(reason.Inconclusive, sides+"the bytes are equal, but both sides disagree with their own stored CRC64NVME")},
		"a difference, the primary is damaged": {verdict.Bytes{reading(readB, readA), reading(readA, readA), block},
			failed(reason.ContentMismatch, differ+"the primary disagrees with its own stored CRC64NVME")},
		"a difference, the replica is damaged": {verdict.Bytes{reading(readA, readA), reading(readB, readA), block},
			failed(reason.ContentMismatch, differ+"the replica disagrees with its own stored CRC64NVME")},
		"a difference, both are damaged": {verdict.Bytes{reading(readA, readB), reading(readB, readA), block},
			failed(reason.ContentMismatch, differ+"both sides disagree with their own stored CRC64NVME")},
		"a difference, both are as recorded": {verdict.Bytes{reading(readA, readA), reading(readB, readB), block},
			failed(reason.ContentMismatch, differ+"side unknown: each agrees with its own stored CRC64NVME")},
		"a difference, the primary is as recorded": {verdict.Bytes{reading(readA, readA), reading(readB, ""), block},
			failed(reason.ContentMismatch, differ+"side unknown: the primary agrees with its stored CRC64NVME, the replica can't be checked against one")},
		"a difference, the replica is as recorded": {verdict.Bytes{reading(readA, ""), reading(readB, readB), block},
			failed(reason.ContentMismatch, differ+"side unknown: the replica agrees with its stored CRC64NVME, the primary can't be checked against one")},
		"a difference, then the replica could not be read on": {verdict.Bytes{reading(readA, ""), unreadable(verdict.Denied), block},
			failed(reason.ContentMismatch, differ+"side unknown: no side can be checked against a stored CRC64NVME")},
		"the primary is gone": {verdict.Bytes{unreadable(verdict.Missing), unreadable(verdict.Denied), nil},
			verdict.Verdict{Outcome: verdict.Skipped, Reason: reason.SourceDeleted, Detail: sides + "the primary no longer has the version"}},
		"the replica is gone": {verdict.Bytes{whole, unreadable(verdict.Missing), nil},
			verdict.Verdict{Outcome: verdict.Lagging, Reason: reason.ReplicaMissing, Detail: sides + "the replica no longer has the version"}},
		"the primary is archived": {verdict.Bytes{unreadable(verdict.Archived), whole, nil},
			failed(reason.Archived, sides+"reading the bytes of the primary shows archived (why)")},
		"the replica is archived": {verdict.Bytes{whole, unreadable(verdict.Archived), nil},
			failed(reason.Archived, sides+"reading the bytes of the replica shows archived (why)")},
		"a customer's key": {verdict.Bytes{whole, unreadable(verdict.SSEC), nil},
			failed(reason.UnreadableSSEC, sides+"reading the bytes of the replica shows sse-c (why)")},
		"denied": {verdict.Bytes{whole, unreadable(verdict.Denied), nil},
			failed(reason.AccessDenied, sides+"reading the bytes of the replica shows denied (why)")},
		"unreachable": {verdict.Bytes{unreadable(verdict.Unreachable), whole, nil},
			failed(reason.Unreachable, sides+"reading the bytes of the primary shows unreachable (why)")},
		"a region without the means": {verdict.Bytes{whole, unreadable(verdict.Unsupported), nil},
			failed(reason.RuleNotSupported, sides+"reading the bytes of the replica shows unsupported (why)")},
		"something unheard of": {verdict.Bytes{unreadable("?"), whole, nil},
			failed(reason.Unreachable, sides+"reading the bytes of the primary shows ? (why)")},
		"not all bytes": {verdict.Bytes{reading("", ""), reading("", ""), nil},
			failed(reason.Inconclusive, sides+"not every byte was compared")},
		"no difference told, but other checksums": {verdict.Bytes{whole, reading(readB, ""), nil},
			failed(reason.Inconclusive, sides+"not every byte was compared")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.bytes.Primary.Side.Bucket, tt.bytes.Replica.Side.Bucket = "p", "q"
			assert.Equal(t, tt.want, verdict.JudgeBytes(tt.bytes))
		})
	}
}

func readings() *rapid.Generator[verdict.Read] {
	return rapid.Custom(func(t *rapid.T) verdict.Read {
		sum := rapid.SampledFrom([]string{"", readA, readB})
		r := reading(sum.Draw(t, "crc"), sum.Draw(t, "stored"))
		r.Found = rapid.SampledFrom([]verdict.Found{verdict.Object, verdict.Object, verdict.Object, verdict.Missing, verdict.Denied,
			verdict.Archived, verdict.SSEC, verdict.Unreachable, verdict.Marker, ""}).Draw(t, "found")
		return r
	})
}

func TestBytesAreVerifiedOnlyWhereAllWereReadAndMismatchedOnlyWhereABlockDiffers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := verdict.Bytes{Primary: readings().Draw(t, "primary"), Replica: readings().Draw(t, "replica")}
		if rapid.Bool().Draw(t, "differs") {
			b.Different = &checksum.Piece{Length: 1}
		}
		v := verdict.JudgeBytes(b)
		read := b.Primary.Found == verdict.Object && b.Replica.Found == verdict.Object
		if v.Outcome == verdict.Verified {
			assert.True(t, read && b.Different == nil && b.Primary.CRC64NVME != "" && b.Primary.CRC64NVME == b.Replica.CRC64NVME)
		}
		assert.Equal(t, b.Different != nil, v.Reason == reason.ContentMismatch)
		assert.Equal(t, v.Outcome == verdict.Verified, v.Evidence == verdict.BytesRead)
		if b.Unread() {
			assert.Contains(t, []reason.Code{reason.AccessDenied, reason.Unreachable, reason.Archived, reason.UnreadableSSEC, reason.ReplicaMissing}, v.Reason)
		}
	})
}
