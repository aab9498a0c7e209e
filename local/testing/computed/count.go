package computed

import "iter"

// Version is a row by its name.
type Version struct {
	Key, ID string
	Marker  bool
	Kind    Kind
}

// Different yields the rows that differ, in the order of the primary's listing.
func (s *Server) Different() iter.Seq[Version] {
	return func(yield func(Version) bool) {
		for row := s.every - 1; s.every > 0 && row < s.rows; row += s.every {
			kind := s.kind(row)
			v := Version{Key: s.name(s.key(row)), ID: string(appendVersion(nil, row)), Marker: s.marker(row), Kind: kind}
			if kind != Same && !yield(v) {
				return
			}
		}
	}
}

// Count is how many rows of a kind there are.
type Count struct{ Objects, Markers int64 }

func (c *Count) add(marker bool, n int64) {
	if marker {
		c.Markers += n
	} else {
		c.Objects += n
	}
}

// Counts is exact, and counts only what differs, one by one.
func (s *Server) Counts() map[Kind]Count {
	markers := upto(s.large) + upto(s.rows-s.large)
	same := Count{s.rows - markers, markers}
	counts := map[Kind]Count{}
	for v := range s.Different() {
		count := counts[v.Kind]
		count.add(v.Marker, 1)
		counts[v.Kind] = count
		same.add(v.Marker, -1)
	}
	counts[Same] = same
	return counts
}

// upto is how many of the first n rows are markers.
func upto(n int64) int64 { return (n + markerEvery - markerAt - 1) / markerEvery }

// Listed is how many rows a side's bucket has.
func (s *Server) Listed(side Side) (listed Count) {
	for kind, count := range s.Counts() {
		if side.holds(kind) {
			listed.Objects += count.Objects
			listed.Markers += count.Markers
		}
	}
	return listed
}
