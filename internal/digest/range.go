package digest

import "autobackup/internal/checksum"

// The sizes in bytes, see the package comment.
const (
	RangeSize = 4 << 30
	BlockSize = 16 << 20
	MaxSize   = 50 << 40
)

// Range is a piece of an object: bytes Offset to Offset+Length.
type Range struct {
	Index  int64 `json:"index"` // from 0
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

// String is checksum.Piece's.
func (r Range) String() string { return checksum.Piece{Offset: r.Offset, Length: r.Length}.String() }

// Pieces says how an object or a range of length bytes is cut into pieces of
// size bytes. Nothing at all is one empty piece, so that an empty object is read,
// too.
type Pieces struct {
	Length, Size int64
}

// Count is how many pieces there are: at least 1.
func (p Pieces) Count() int64 { return max(1, (p.Length-1)/p.Size+1) }

// At is piece i, for 0 <= i < Count, with offsets from 0.
func (p Pieces) At(i int64) Range {
	return Range{Index: i, Offset: i * p.Size, Length: min(p.Size, p.Length-i*p.Size)}
}
