package verdict

import (
	"slices"

	"autobackup/internal/checksum"
	"autobackup/internal/reason"
)

// bytes rules by what reading the bytes of both sides came to, in the order of the
// package comment.
func (t trial) bytes(c Comparison, r Replica) ruling {
	read := t.read(c, r)
	if read.Outcome != Verified {
		read.Basis = BytesBasis
	}
	return read
}

func (t trial) read(c Comparison, r Replica) ruling {
	b, primary, size := *r.Bytes, t.look.Primary, bytes(t.look.Primary.Size)
	damaged := b.damaged(primary, r.Side)
	switch {
	case b.Different != nil:
		return damaged.ruling(reason.ContentMismatch, "bytes differ, first in the block of "+b.Different.String()+"; ")
	case b.Error != "":
		return c.notRead(reason.WorkflowError, "reading the bytes of both sides stopped: "+b.Error)
	case b.Primary.Found == Missing:
		return skipped(reason.SourceDeleted, "the primary no longer has the version: it was gone when its bytes were to be read")
	case b.Primary.Found != Object:
		return c.unread(b.Primary, "reading the bytes of the primary shows ")
	case b.Replica.Found == Missing:
		gone := t.untilDeadline(failed(reason.ReplicaMissing, "the version was gone from the replica when its bytes were to be read"))
		gone.Status = t.status()
		return gone
	case b.Replica.Found != Object:
		return c.unread(b.Replica, "reading the bytes of the replica shows ")
	case !b.Equal():
		return c.notRead(reason.Inconclusive, "not every byte was compared")
	case damaged.side != "":
		return damaged.ruling(reason.RecordDisagrees, "the bytes of both sides are equal, all "+size+", but ")
	}
	return verified(BytesRead, "all "+size+" are equal, CRC64NVME "+b.Primary.CRC64NVME)
}

// Equal says whether every byte was read on both sides and is equal.
func (b Bytes) Equal() bool {
	return b.Different == nil && b.Error == "" && b.Primary.Found == Object && b.Replica.Found == Object &&
		b.Primary.CRC64NVME != "" && b.Primary.CRC64NVME == b.Replica.CRC64NVME
}

// notRead is for bytes that were to be read and were not. What stored checksums
// verified keeps that evidence: as verified where the object is archived, because
// reading it would take a restore, else as failed BYTES_NOT_READ.
func (c Comparison) notRead(code reason.Code, detail string) ruling {
	switch {
	case !c.Verified():
		return failed(code, detail)
	case code == reason.Archived:
		return verified(c.Evidence, c.Detail+"; its bytes were not read: archived")
	}
	kept := failed(reason.BytesNotRead, detail)
	kept.Evidence = c.Evidence
	return kept
}

// unread is notRead of a side that shows something else than bytes.
func (c Comparison) unread(read Read, detail string) ruling {
	r := c.notRead(read.Found.Reason(), detail+read.shown())
	r.Forbidden = read.Found == Forbidden
	return r
}

func (r Read) shown() string { return shown(Side{Found: r.Found, Detail: r.Detail}) }

// agreement is between the bytes of a side and what S3 recorded of it.
type agreement string

const (
	unknown   agreement = ""
	agrees    agreement = "agrees"
	disagrees agreement = "disagrees"
)

func (r Read) agreement(recorded Side) agreement {
	sums := checksum.ParseAll(recorded.Checksums, recorded.ChecksumType)
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

// The sides that Entry.Damaged names.
const (
	PrimarySide = "primary"
	ReplicaSide = "replica"
	BothSides   = "both"
)

// damage is the side whose bytes are not what S3 recorded, as a word of
// Entry.Damaged and for people.
type damage struct{ side, text string }

func (d damage) ruling(code reason.Code, detail string) ruling {
	r := failed(code, detail+d.text)
	r.Damaged = d.side
	return r
}

func (b Bytes) damaged(primary, replica Side) damage {
	p, r := b.Primary.agreement(primary), b.Replica.agreement(replica)
	switch {
	case p == disagrees && r == disagrees:
		return damage{BothSides, "both sides disagree with their own stored CRC64NVME"}
	case p == disagrees:
		return damage{PrimarySide, "the primary disagrees with its own stored CRC64NVME"}
	case r == disagrees:
		return damage{ReplicaSide, "the replica disagrees with its own stored CRC64NVME"}
	case p == agrees && r == agrees:
		return damage{"", "side unknown: each agrees with its own stored CRC64NVME"}
	case p == agrees:
		return damage{"", "side unknown: the primary agrees with its stored CRC64NVME, the replica can't be checked against one"}
	case r == agrees:
		return damage{"", "side unknown: the replica agrees with its stored CRC64NVME, the primary can't be checked against one"}
	default:
		return damage{"", "side unknown: no side can be checked against a stored CRC64NVME"}
	}
}
