package computed

import "fmt"

// Pair says what is in the two buckets.
type Pair struct {
	Rows  int64 // versions and delete markers of both buckets, each once
	Every int64 // one row in so many differs; 0: none does
	// The buckets and where they are.
	Primary, Replica             string
	PrimaryRegion, ReplicaRegion string
}

// maxRows is how many rows the nine digits in a key are enough for.
const maxRows = 1_000_000_000

func (p Pair) validate() error {
	if p.Rows < 0 || p.Rows > maxRows || p.Every < 0 {
		return fmt.Errorf("a pair of %d rows of which one in %d differs: give at most %d rows, and no numbers below 0", p.Rows, p.Every, maxRows)
	}
	if p.Primary == "" || p.Replica == "" || p.Primary == p.Replica {
		return fmt.Errorf("the buckets %q and %q are not two buckets", p.Primary, p.Replica)
	}
	return nil
}

// Kind is how a row of one bucket is that of the other.
type Kind string

// The kinds. A delete marker has no content to differ in.
const (
	Same      Kind = "same"
	Missing   Kind = "missing"    // in the primary alone
	Surplus   Kind = "surplus"    // in the replica alone
	OtherETag Kind = "other etag" // the same content under another kind of encryption
	Damaged   Kind = "damaged"    // other content of the same size
	Resized   Kind = "resized"    // the replica is a byte shorter
)

var different = [...]Kind{Missing, Surplus, OtherETag, Damaged, Resized}

// kind is that of a row.
func (l layout) kind(row int64) Kind {
	if l.every == 0 || row%l.every != l.every-1 {
		return Same
	}
	kind := different[mix(uint64(row/l.every))%uint64(len(different))]
	if l.marker(row) && kind != Missing && kind != Surplus {
		return Same
	}
	return kind
}

// Side is one of the two buckets.
type Side bool

// The sides.
const (
	PrimarySide Side = false
	ReplicaSide Side = true
)

// holds says whether a side's bucket has rows of a kind.
func (s Side) holds(kind Kind) bool {
	if s == ReplicaSide {
		return kind != Missing
	}
	return kind != Surplus
}
