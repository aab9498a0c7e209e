package checker_test

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// want is the reference model: what must become of a pair, in terms of the
// bytes, never of what S3 writes about them. It is meant to be checked by reading.
func (p pair) want() want {
	onPrimary := p.lasting("HeadBucket docs", "GetBucketReplication docs", "HeadObject docs")
	onReplica := p.lasting("HeadBucket copy", "HeadObject copy")
	switch {
	case p.lifecycle && p.primary.marker:
		return skipped(reason.LifecycleMarker)
	case onPrimary == "404":
		return skipped(reason.SourceDeleted)
	case onPrimary != "":
		return unseen(onPrimary)
	case p.primary.marker && (p.ignoresMarkers || p.tags != ""):
		return skipped(reason.MarkerNotReplicated)
	case p.tags != "" && p.lasting("GetObjectTagging docs") != "":
		return unseen(p.lasting("GetObjectTagging docs"))
	case (p.tags == "other" || p.tags == "none") && p.status == "":
		return skipped(reason.NotSelected)
	case (p.tags == "other" || p.tags == "none") && p.status == "REPLICA":
		return skipped(reason.IsReplica)
	case onReplica == "404":
		return failed(p.missing())
	case onReplica != "":
		return unseen(onReplica)
	case p.primary.marker != p.replica.marker:
		return failed(reason.ContentMismatch)
	case p.primary.marker:
		return verified(verdict.DeleteMarker)
	case len(p.primary.uploaded) != len(p.replica.uploaded):
		return failed(reason.SizeMismatch)
	}
	records := p.records()
	if records == undecided && p.reading != "never" || records.outcome == verdict.Verified && p.reading == "always" {
		return p.read(records)
	}
	return records
}

// missing is why a replica that never comes is not there. S3 shows no status of
// markers whose replication it has not begun.
func (p pair) missing() reason.Code {
	switch {
	case p.status == "REPLICA":
		return reason.ReplicaNotReplicated
	case p.status == "FAILED":
		return reason.ReplicationFailed
	case p.status == "" && !p.primary.marker && strings.HasPrefix(p.primary.encryption, "aws:kms") && p.ignoresKMS:
		return reason.LeftOut
	case p.status == "" && p.tags == "match":
		return reason.TagsMatchNow
	case p.status == "" && !p.primary.marker:
		return reason.NotReplicated
	}
	return reason.ReplicaMissing
}

// unseen: a missing permission is told as such, everything else as no answer.
func unseen(fault string) want {
	if fault == "403" {
		return failed(reason.AccessDenied)
	}
	return failed(reason.Unreachable)
}

// records is what S3's own records, made when the objects were uploaded, decide.
func (p pair) records() want {
	a, b := p.primary, p.replica
	equal := bytes.Equal(a.uploaded, b.uploaded)
	equalParts := equal && (a.parts == nil) == (b.parts == nil) && slices.Equal(a.parts, b.parts)
	common := a.algorithm != "" && a.algorithm == b.algorithm && a.composite == b.composite
	md5 := a.encryption == "AES256" && b.encryption == "AES256"
	evidence, decides := verdict.MultipartETag, md5 && equalParts
	switch {
	case common && !a.composite:
		evidence, decides = verdict.FullObjectChecksum, true
	case common:
		evidence, decides = verdict.CompositeChecksum, equalParts
	case md5 && a.parts == nil && b.parts == nil:
		evidence, decides = verdict.SinglePartETag, true
	}
	switch {
	case !decides:
		return undecided
	case !equal:
		return failed(reason.ContentMismatch)
	}
	return verified(evidence)
}

// read is what reading the bytes comes to.
func (p pair) read(records want) want {
	onPrimary, onReplica := p.primary.unread(p.lasting("GetObject docs")), p.replica.unread(p.lasting("GetObject copy"))
	first := cmp.Or(onPrimary, onReplica)
	switch {
	case p.differs():
		return failed(reason.ContentMismatch)
	case onPrimary == "404":
		return skipped(reason.SourceDeleted)
	case first == "404":
		return failed(reason.ReplicaMissing)
	case first == "archived" && records.outcome == verdict.Verified:
		return records
	case first != "" && records.outcome == verdict.Verified:
		return failed(reason.BytesNotRead)
	case first == "archived":
		return failed(reason.Archived)
	case first != "":
		return unseen(first)
	case p.primary.belied() || p.replica.belied():
		return failed(reason.RecordDisagrees)
	}
	return verified(verdict.BytesRead)
}

// unread is what keeps all the bytes from being read.
func (c copyOf) unread(fault string) string {
	switch {
	case fault != "":
		return fault
	case c.archived:
		return "archived"
	case len(c.stored) < len(c.uploaded):
		return "broken off"
	}
	return ""
}

// differs: a range that both sides let read whole has other bytes. A replica that
// answers 404 once is believed to be gone, so its first range is not compared
// until it is looked at again; that is never where the primary can't be read.
func (p pair) differs() bool {
	a, b := p.primary, p.replica
	none := a.archived || b.archived || p.lasting("GetObject docs", "GetObject copy") != ""
	first := 0
	if p.faults["GetObject copy"].kind == "404" && a.unread("") != "" {
		first = rangeSize
	}
	for from := first; from < len(a.uploaded) && !none; from += rangeSize {
		to := min(from+rangeSize, len(a.uploaded))
		if to <= len(a.stored) && to <= len(b.stored) && !bytes.Equal(a.stored[from:to], b.stored[from:to]) {
			return true
		}
	}
	return false
}

// belied: reading shows that the bytes are not those S3 took the checksum of.
func (c copyOf) belied() bool {
	return c.algorithm == "CRC64NVME" && !bytes.Equal(c.stored, c.uploaded)
}
