package verdict

import (
	"slices"

	"autobackup/internal/checksum"
	"autobackup/internal/reason"
)

// bytes rules by what reading the bytes of both sides came to, tried in the
// order of the package comment. What stored checksums verified and could not be
// read keeps that evidence: as verified where the object is archived, because
// reading it would take a restore, else as failed BYTES_NOT_READ.
func (t trial) bytes(c Comparison, r Replica) ruling {
	b := *r.Bytes
	judged := t.read(b, r)
	if judged.Outcome == Verified {
		return judged
	}
	judged.Basis = BytesBasis
	if !c.Verified() || !b.obstructed() {
		return judged
	}
	if judged.Reason == reason.Archived {
		return verified(c.Evidence, c.Detail+"; its bytes were not read: archived")
	}
	kept := failed(reason.BytesNotRead, judged.Detail)
	kept.Basis, kept.Evidence = BytesBasis, c.Evidence
	return kept
}

// obstructed says whether something kept the bytes from being read, other than
// that a version is gone, and no difference is known.
func (b Bytes) obstructed() bool {
	if b.Error != "" {
		return true
	}
	kept := func(f Found) bool { return f != Object && f != Missing }
	return b.Different == nil && b.Primary.Found != Missing && (kept(b.Primary.Found) || kept(b.Replica.Found) && b.Primary.Found == Object)
}

func (t trial) read(b Bytes, r Replica) ruling {
	primary, size := t.look.Primary, bytes(t.look.Primary.Size)
	damaged := b.damaged(primary, r.Side)
	switch {
	case b.Error != "":
		return failed(reason.WorkflowError, "reading the bytes of both sides stopped: "+b.Error)
	case b.Different != nil:
		differ := failed(reason.ContentMismatch, "bytes differ, first in the block of "+b.Different.String()+"; "+damaged.text)
		differ.Damaged = damaged.side
		return differ
	case b.Primary.Found == Missing:
		return skipped(reason.SourceDeleted, "the primary no longer has the version: it was gone when its bytes were to be read")
	case b.Primary.Found != Object:
		return failed(b.Primary.Found.reason(), "reading the bytes of the primary shows "+b.Primary.shown())
	case b.Replica.Found == Missing:
		return t.untilDeadline(t.deadline(), failed(reason.ReplicaMissing, "the version was gone from the replica when its bytes were to be read"))
	case b.Replica.Found != Object:
		return failed(b.Replica.Found.reason(), "reading the bytes of the replica shows "+b.Replica.shown())
	case b.Primary.CRC64NVME == "" || b.Primary.CRC64NVME != b.Replica.CRC64NVME:
		return failed(reason.Inconclusive, "not every byte was compared")
	case damaged.side != "":
		disagrees := failed(reason.RecordDisagrees, "the bytes of both sides are equal, all "+size+", but "+damaged.text)
		disagrees.Damaged = damaged.side
		return disagrees
	}
	return verified(BytesRead, "all "+size+" are equal, CRC64NVME "+b.Primary.CRC64NVME)
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
