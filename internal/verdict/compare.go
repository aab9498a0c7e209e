package verdict

import (
	"cmp"

	"autobackup/internal/checksum"
	"autobackup/internal/etag"
	"autobackup/internal/reason"
	"autobackup/internal/text"
)

// Comparison is what the headers of two objects say about their content. It is
// verified where it has evidence; else Reason is SizeMismatch, ContentMismatch
// or Inconclusive.
type Comparison struct {
	Evidence Evidence
	Reason   reason.Code
	Detail   string // as Entry.Detail
	Basis    Basis  // ByPartsBasis where the checksums of parts decided
}

// Verified says whether the content was shown to be equal.
func (c Comparison) Verified() bool { return c.Evidence != "" }

// Compare compares two objects by size, checksums, ETags and what their parts
// came to, in the order of the package comment. Where the outcome is
// Inconclusive, only the bytes can tell.
func Compare(primary Side, replica Replica) Comparison {
	c := compareHeaders(primary, replica.Side)
	if c.Reason == reason.Inconclusive && replica.Parts != nil {
		c = replica.Parts.decide(c)
	}
	c.Detail = text.Line(c.Detail, MaxDetail)
	return c
}

// Different says whether the content was shown to differ.
func (c Comparison) Different() bool {
	return c.Reason == reason.SizeMismatch || c.Reason == reason.ContentMismatch
}

func (c Comparison) failed() ruling {
	r := failed(c.Reason, c.Detail)
	r.Basis = c.Basis
	return r
}

func compareHeaders(primary, replica Side) Comparison {
	if primary.Found != Object || replica.Found != Object {
		return inconclusive("there is not an object on both sides")
	}
	if primary.Size != replica.Size {
		return Comparison{Reason: reason.SizeMismatch, Detail: "sizes differ: " + bytes(primary.Size) + " and " + bytes(replica.Size)}
	}
	a := checksum.ParseAll(primary.Checksums, primary.ChecksumType)
	b := checksum.ParseAll(replica.Checksums, replica.ChecksumType)
	if pairs := checksum.Comparable(a, b, checksum.FullObject); len(pairs) > 0 {
		return compareSums(pairs, FullObjectChecksum, reason.ContentMismatch)
	}
	if pairs := checksum.Comparable(a, b, checksum.Composite); len(pairs) > 0 {
		return compareSums(pairs, CompositeChecksum, reason.Inconclusive)
	}
	return compareETags(primary, replica)
}

// compareSums needs all pairs equal; one that differs gives the reason.
func compareSums(pairs []checksum.Pair, evidence Evidence, different reason.Code) Comparison {
	for _, p := range pairs {
		if !p.Equal() {
			return Comparison{Reason: different, Detail: string(evidence) + " " + string(p.A.Algorithm) +
				" differs: " + p.A.String() + " and " + p.B.String()}
		}
	}
	strongest := pairs[0].A
	evidence = evidence.by(strongest.Algorithm)
	return Comparison{Evidence: evidence, Detail: string(evidence) + " is equal: " + strongest.String()}
}

func compareETags(primary, replica Side) Comparison {
	if !etag.MD5Based(primary.Encryption) || !etag.MD5Based(replica.Encryption) {
		return inconclusive("no common checksum, and ETags under encryption " +
			encryption(primary) + " and " + encryption(replica) + " say nothing about content")
	}
	a, errA := etag.Parse(primary.ETag)
	b, errB := etag.Parse(replica.ETag)
	switch {
	case errA != nil || errB != nil:
		return inconclusive("no common checksum, and the ETags " + text.Quoted(primary.ETag, maxWord) + " and " +
			text.Quoted(replica.ETag, maxWord) + " are not both in the form of an MD5")
	case a == b && a.Multipart():
		return Comparison{Evidence: MultipartETag, Detail: "multipart ETag is equal: " + a.String()}
	case a == b:
		return Comparison{Evidence: SinglePartETag, Detail: "single-part ETag (MD5) is equal: " + a.String()}
	case a.Multipart() || b.Multipart():
		return inconclusive("no common checksum, and different ETags of multipart uploads say nothing about content: " +
			a.String() + " and " + b.String())
	default:
		return Comparison{Reason: reason.ContentMismatch, Detail: "single-part ETag (MD5) differs: " + a.String() + " and " + b.String()}
	}
}

func inconclusive(detail string) Comparison {
	return Comparison{Reason: reason.Inconclusive, Detail: detail}
}

func encryption(s Side) string {
	return text.Line(cmp.Or(s.Encryption, "none"), maxWord)
}
