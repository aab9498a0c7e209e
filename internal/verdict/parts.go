package verdict

import (
	"fmt"

	"autobackup/internal/checksum"
	"autobackup/internal/reason"
	"autobackup/internal/text"
)

// Parts is what comparing the parts of two objects came to: they are equal, they
// differ, or neither is known. Detail says why not.
type Parts struct {
	Algorithm checksum.Algorithm `json:"algorithm"`
	Equal     bool               `json:"equal,omitempty"`
	// Sum is the full-object checksum that the parts of both sides combine to,
	// where Equal is set and Algorithm is a CRC.
	Sum string `json:"sum,omitempty"`
	// Length is of the first piece that differs, and Offset is where it begins,
	// in bytes. It is 0 where none is known to.
	Offset int64 `json:"offset,omitempty"`
	Length int64 `json:"length,omitempty"`
	// Detail is one printable ASCII line of at most MaxPartsDetail bytes.
	Detail string `json:"detail,omitempty"`
}

// MaxPartsDetail is the length of Parts.Detail in bytes. It is short because
// Replica.Parts is within MaxSide.
const MaxPartsDetail = 48

// ByParts names the checksum by which the parts of two objects may decide what
// Compare leaves open: both sides have it, at least one of its parts. ok is
// false where Compare decides or no parts can help.
func ByParts(primary, replica Side) (p, r checksum.Sum, ok bool) {
	if compareHeaders(primary, replica).Reason != reason.Inconclusive {
		return p, r, false
	}
	for _, a := range checksum.ParseAll(primary.Checksums, primary.ChecksumType) {
		for _, b := range checksum.ParseAll(replica.Checksums, replica.ChecksumType) {
			// Two full-object checksums of one algorithm would have decided before.
			// ParseAll orders algorithms from the strongest to the weakest, so of
			// several pairs the last is a CRC where there is one, and only CRCs of
			// parts combine to that of the whole object.
			if a.Algorithm == b.Algorithm {
				p, r, ok = a, b, true
			}
		}
	}
	return p, r, ok
}

// CompareParts compares the layouts of two objects for Replica.Parts, both of the
// algorithm that ByParts named.
func CompareParts(a checksum.Algorithm, primary, replica checksum.Layout) *Parts {
	found := &Parts{Algorithm: a}
	match := primary.Compare(replica)
	switch whole, known := primary.Whole(); {
	case match.Different != nil:
		found.Offset, found.Length = match.Different.Offset, match.Different.Length
	case !match.Equal:
		found.Detail = "cut differently, and " + string(a) + " does not combine"
	default:
		found.Equal = true
		if _, crc := a.CRC(); crc && known {
			found.Sum = whole.String()
		}
	}
	return found
}

// decide turns an inconclusive comparison into what the parts say.
func (p *Parts) decide(c Comparison) Comparison {
	known := p.Algorithm.Size() > 0
	switch {
	case known && p.Length > 0:
		return Comparison{Reason: reason.ContentMismatch, Basis: ByPartsBasis, Detail: fmt.Sprintf(
			"checksums %s of the parts differ, first in the %s", p.Algorithm, checksum.Piece{Offset: p.Offset, Length: p.Length})}
	case known && p.Equal && p.Sum != "":
		evidence := FullObjectChecksum.byParts(p.Algorithm)
		return Comparison{Evidence: evidence, Detail: string(evidence) + " is equal: " + text.Line(p.Sum, maxWord)}
	case known && p.Equal:
		evidence := CompositeChecksum.byParts(p.Algorithm)
		return Comparison{Evidence: evidence, Detail: string(evidence) + " is equal"}
	}
	c.Basis = ByPartsBasis
	c.Detail += "; GetObjectAttributes: " + text.Line(p.Detail, maxWord)
	return c
}
