package checksum

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Part is one part of a multipart upload.
type Part struct {
	Size   int64  // bytes
	Digest string // raw bytes, of this part's content
}

// Layout is how checksums of one algorithm cover an object's content, from its
// first byte to its last: one for all of it, or one for each part.
type Layout struct {
	algorithm Algorithm
	parts     []Part
}

// NewLayout is the layout of size bytes whose checksum is s. Of a composite
// checksum, parts are all of the upload's; of a full-object one they don't
// matter. Parts from which s does not follow are refused: they tell of another
// content, or not of all of it.
func NewLayout(s Sum, size int64, parts []Part) (Layout, error) {
	if s.Type == FullObject {
		return Layout{s.Algorithm, []Part{{size, s.Digest}}}, nil
	}
	if s.Parts != 0 && s.Parts != len(parts) {
		return Layout{}, fmt.Errorf("%d parts listed of %d", len(parts), s.Parts)
	}
	h := s.Algorithm.New()
	if h == nil {
		return Layout{}, fmt.Errorf("the algorithm %+.10q is unknown", string(s.Algorithm))
	}
	left := size
	for _, p := range parts {
		if p.Size < 0 || p.Size > left || len(p.Digest) != s.Algorithm.Size() {
			return Layout{}, errors.New("parts of other sizes or checksums")
		}
		left -= p.Size
		h.Write([]byte(p.Digest)) // a hash.Hash takes everything
	}
	if left != 0 {
		return Layout{}, errors.New("parts are not all of the object")
	}
	if string(h.Sum(nil)) != s.Digest {
		return Layout{}, errors.New("parts do not make up the checksum")
	}
	return Layout{s.Algorithm, parts}, nil
}

// Whole is the checksum of all the content, where it follows from the layout:
// CRCs combine, and one part is all there is.
func (l Layout) Whole() (s Sum, ok bool) {
	digest, ok := l.digest(l.parts)
	return Sum{Algorithm: l.algorithm, Type: FullObject, Digest: digest}, ok
}

// digest is that of consecutive parts as one piece.
func (l Layout) digest(parts []Part) (digest string, ok bool) {
	if len(parts) == 1 {
		return parts[0].Digest, true
	}
	crc, ok := l.algorithm.CRC()
	if !ok {
		return "", false
	}
	var sum uint64
	for _, p := range parts {
		sum = crc.Combine(sum, number(p.Digest), p.Size)
	}
	eight := binary.BigEndian.AppendUint64(nil, sum)
	return string(eight[len(eight)-l.algorithm.Size():]), true
}

// number reads a digest of up to eight bytes, the highest first.
func number(digest string) (n uint64) {
	for i := range len(digest) {
		n = n<<8 | uint64(digest[i])
	}
	return n
}

// Piece is the bytes Offset to Offset+Length of an object.
type Piece struct {
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

// String is "16777216 bytes from byte 33554432 on".
func (p Piece) String() string { return fmt.Sprintf("%d bytes from byte %d on", p.Length, p.Offset) }

// Match is what two layouts say about two contents. Where neither field is set,
// they don't decide.
type Match struct {
	Equal bool // every byte is covered by checksums that agree
	// Different is the first piece known to differ. It is as small as the borders
	// that both layouts have allow.
	Different *Piece
}

// Compare compares two layouts of one algorithm and of contents of one size.
// Between two borders that both have, each is a piece: of one part, or of
// several that only a CRC can combine.
func (l Layout) Compare(o Layout) Match {
	if l.algorithm != o.algorithm || l.size() != o.size() {
		return Match{}
	}
	equal, offset := true, int64(0)
	for a, b := l.parts, o.parts; len(a) > 0 && len(b) > 0; {
		na, nb, length := untilBorder(a, b)
		one, oneKnown := l.digest(a[:na])
		other, otherKnown := o.digest(b[:nb])
		switch {
		case !oneKnown || !otherKnown:
			equal = false
		case one != other:
			return Match{Different: &Piece{offset, length}}
		}
		a, b, offset = a[na:], b[nb:], offset+length
	}
	return Match{Equal: equal}
}

func (l Layout) size() (n int64) {
	for _, p := range l.parts {
		n += p.Size
	}
	return n
}

// untilBorder is how many parts of each come before the first border that both
// have, and how many bytes that is.
func untilBorder(a, b []Part) (na, nb int, length int64) {
	na, nb = 1, 1
	one, other := a[0].Size, b[0].Size
	for one != other {
		if one < other {
			one += a[na].Size
			na++
		} else {
			other += b[nb].Size
			nb++
		}
	}
	return na, nb, one
}
