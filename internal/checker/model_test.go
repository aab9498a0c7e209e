package checker_test

import (
	"bytes"
	"slices"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// This file is the reference model: what must become of a generated pair, in
// terms of the bytes, never of what S3 writes about them. It is meant to be
// checked by reading.

// copyOf is one side: what was uploaded, and what is there when it is read.
type copyOf struct {
	uploaded, stored []byte // different where the bytes were damaged under the server
	marker           bool   // a delete marker instead of an object
	parts            []int  // sizes; nil: no multipart upload
	algorithm        string // of the stored checksum; empty: none
	composite        bool   // the checksum is one of the parts' checksums
	encryption       string
	archived         bool
	untyped          bool // S3 does not tell the checksum's type
}

// pair is one case.
type pair struct {
	primary, replica copyOf
	status           string // of the primary's replication
	ignoresMarkers   bool   // the rule leaves delete markers out
	lifecycle        bool   // the event says that lifecycle made it
	reading          string // the parameter
	faults           map[string]fault
}

// fault is what a step answers: 403, 404, 503 or hang. The steps are an
// operation and a bucket: "HeadObject copy".
type fault struct {
	kind  string
	first int // only the first answers; 0: all
}

// want is what must become of a pair.
type want struct {
	outcome  verdict.Outcome
	reason   reason.Code
	evidence verdict.Evidence // without the algorithm
}

func failed(code reason.Code) want  { return want{outcome: verdict.Failed, reason: code} }
func skipped(code reason.Code) want { return want{outcome: verdict.Skipped, reason: code} }

var undecided = failed(reason.Inconclusive)

// lasting is what the first of the steps that fails for good answers. An answer
// that passes changes nothing in the end.
func (p pair) lasting(steps ...string) string {
	for _, step := range steps {
		if f := p.faults[step]; f.first == 0 && f.kind != "" {
			return f.kind
		}
	}
	return ""
}

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
	case p.status == "REPLICA":
		return skipped(reason.IsReplica)
	case p.primary.marker && p.ignoresMarkers:
		return skipped(reason.MarkerNotReplicated)
	case onReplica == "404":
		return p.missing()
	case onReplica != "":
		return unseen(onReplica)
	case p.primary.marker != p.replica.marker:
		return failed(reason.ContentMismatch)
	case p.primary.marker:
		return want{outcome: verdict.Verified, evidence: verdict.DeleteMarker}
	case len(p.primary.uploaded) != len(p.replica.uploaded):
		return failed(reason.SizeMismatch)
	}
	records := p.records()
	if records == undecided && p.reading != "never" || records.outcome == verdict.Verified && p.reading == "always" {
		return p.read(records)
	}
	return records
}

func unseen(kind string) want {
	if kind == "403" {
		return failed(reason.AccessDenied)
	}
	return failed(reason.Unreachable)
}

func (p pair) missing() want {
	switch {
	case p.primary.marker:
		return failed(reason.ReplicaMissing)
	case p.status == "":
		return failed(reason.NotReplicated)
	case p.status == "FAILED":
		return failed(reason.ReplicationFailed)
	default:
		return failed(reason.ReplicaMissing)
	}
}

// records is what S3's own records, made when the objects were uploaded, decide.
func (p pair) records() want {
	a, b := p.primary, p.replica
	same := bytes.Equal(a.uploaded, b.uploaded)
	sameParts := (a.parts == nil) == (b.parts == nil) && slices.Equal(a.parts, b.parts)
	comparable := a.algorithm != "" && a.algorithm == b.algorithm && a.composite == b.composite
	md5 := a.encryption == "AES256" && b.encryption == "AES256"
	decide := func(decides bool, e verdict.Evidence) want {
		switch {
		case decides && same:
			return want{outcome: verdict.Verified, evidence: e}
		case decides:
			return failed(reason.ContentMismatch)
		default:
			return undecided
		}
	}
	switch {
	case comparable && !a.composite:
		return decide(true, verdict.FullObjectChecksum)
	case comparable:
		return decide(same && sameParts, verdict.CompositeChecksum)
	case md5 && a.parts == nil && b.parts == nil:
		return decide(true, verdict.SinglePartETag)
	default:
		return decide(md5 && same && sameParts, verdict.MultipartETag)
	}
}

// read is what reading the bytes comes to.
func (p pair) read(records want) want {
	if p.differs() {
		return failed(reason.ContentMismatch)
	}
	onPrimary, onReplica := p.primary.unread(p.lasting("GetObject docs")), p.replica.unread(p.lasting("GetObject copy"))
	switch first := onPrimary + onReplica; {
	case onPrimary == "404":
		return skipped(reason.SourceDeleted)
	case onPrimary == "archived" || onPrimary == "" && first == "archived":
		if records.outcome == verdict.Verified {
			return records
		}
		return failed(reason.Archived)
	case onPrimary != "":
		return unseen(onPrimary)
	case first == "404":
		return failed(reason.ReplicaMissing)
	case first != "":
		return unseen(first)
	case p.primary.belied() || p.replica.belied():
		return undecided
	default:
		return want{outcome: verdict.Verified, evidence: verdict.BytesRead}
	}
}

// differs: a range that both sides let read whole has other bytes.
func (p pair) differs() bool {
	a, b := p.primary, p.replica
	if a.archived || b.archived || p.lasting("GetObject docs", "GetObject copy") != "" {
		return false
	}
	for from := 0; from < len(a.uploaded); from += rangeSize {
		to := min(from+rangeSize, len(a.uploaded))
		if to <= len(a.stored) && to <= len(b.stored) && !bytes.Equal(a.stored[from:to], b.stored[from:to]) {
			return true
		}
	}
	return false
}

// unread is what keeps the bytes from being read.
func (c copyOf) unread(fault string) string {
	switch {
	case fault != "":
		return fault
	case c.archived:
		return "archived"
	case len(c.stored) < len(c.uploaded):
		return "broken off"
	default:
		return ""
	}
}

// belied: the bytes are not those that S3 took the checksum of, and this kind of
// checksum shows it after reading.
func (c copyOf) belied() bool {
	return c.algorithm == "CRC64NVME" && !bytes.Equal(c.stored, c.uploaded)
}
