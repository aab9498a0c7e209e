package verdict

import (
	"slices"

	"autobackup/internal/checksum"
	"autobackup/internal/reason"
)

// Read is what reading the bytes of one side came to.
type Read struct {
	Side   Side   // as it was looked at
	Found  Found  // Object: every byte of that version was read
	Detail string // as Side.Detail
	// CRC64NVME is of all the bytes, as S3 writes it; empty where not every byte
	// was read.
	CRC64NVME string
}

// Bytes is what reading two objects of the same size came to.
type Bytes struct {
	Primary, Replica Read
	Different        *checksum.Piece // the first block that was read on both sides and differs
}

// Unread says whether a side could not be read for a reason that may be another
// one at the next try: it was denied or unreachable. Where a difference is known
// already, it says no.
func (b Bytes) Unread() bool {
	primary, replica := Side{Found: b.Primary.Found}, Side{Found: b.Replica.Found}
	return b.Different == nil && b.Primary.Found != Missing && (!primary.answered() || !replica.answered())
}

// JudgeBytes gives the verdict on the content of two objects of the same size by
// the rules of the package comment. It is lagging where the replica's version is
// gone.
func JudgeBytes(b Bytes) Verdict {
	v := b.judge()
	v.Detail = reason.Line(both(b.Primary.Side, b.Replica.Side)+": "+v.Detail, MaxDetail)
	return v
}

func (b Bytes) judge() Verdict {
	if b.Different != nil {
		return failed(reason.ContentMismatch, "bytes differ, first in the block of "+b.Different.String()+"; "+b.damaged()).Verdict
	}
	switch {
	case b.Primary.Found == Missing:
		return skipped(reason.SourceDeleted, "the primary no longer has the version").Verdict
	case b.Primary.Found != Object:
		return b.Primary.unreadable("the primary")
	case b.Replica.Found == Missing:
		return Verdict{Outcome: Lagging, Reason: reason.ReplicaMissing, Detail: "the replica no longer has the version"}
	case b.Replica.Found != Object:
		return b.Replica.unreadable("the replica")
	case b.Primary.CRC64NVME == "" || b.Primary.CRC64NVME != b.Replica.CRC64NVME:
		return failed(reason.Inconclusive, "not every byte was compared").Verdict
	case b.Primary.record() == disagrees || b.Replica.record() == disagrees:
		return failed(reason.Inconclusive, "the bytes are equal, but "+b.damaged()).Verdict
	}
	return verified(BytesRead, string(BytesRead)+": all "+bytes(b.Primary.Side)+" are equal, CRC64NVME "+b.Primary.CRC64NVME).Verdict
}

func (r Read) unreadable(which string) Verdict {
	return failed(r.Found.unread(), "reading the bytes of "+which+" shows "+shown(Side{Found: r.Found, Detail: r.Detail})).Verdict
}

// agreement is between the bytes of a side and what S3 recorded of it.
type agreement string

const (
	unknown   agreement = ""
	agrees    agreement = "agrees"
	disagrees agreement = "disagrees"
)

func (r Read) record() agreement {
	sums := checksum.ParseAll(r.Side.Checksums, r.Side.ChecksumType)
	i := slices.IndexFunc(sums, func(s checksum.Sum) bool { return s.Algorithm == checksum.CRC64NVME })
	switch {
	case i < 0 || r.CRC64NVME == "":
		return unknown
	case sums[i].String() == r.CRC64NVME:
		return agrees
	default:
		return disagrees
	}
}

// damaged names the side whose bytes are not what S3 recorded.
func (b Bytes) damaged() string {
	p, r := b.Primary.record(), b.Replica.record()
	switch {
	case p == disagrees && r == disagrees:
		return "both sides disagree with their own stored CRC64NVME"
	case p == disagrees:
		return "the primary disagrees with its own stored CRC64NVME"
	case r == disagrees:
		return "the replica disagrees with its own stored CRC64NVME"
	case p == agrees && r == agrees:
		return "side unknown: each agrees with its own stored CRC64NVME"
	case p == agrees:
		return "side unknown: the primary agrees with its stored CRC64NVME, the replica can't be checked against one"
	case r == agrees:
		return "side unknown: the replica agrees with its stored CRC64NVME, the primary can't be checked against one"
	default:
		return "side unknown: no side can be checked against a stored CRC64NVME"
	}
}
