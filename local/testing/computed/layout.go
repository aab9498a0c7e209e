package computed

import (
	"sort"
	"strings"
	"time"
)

// layout is which row belongs to which key. Keys are numbered in their order, the
// large one among the others.
type layout struct {
	rows, every int64
	large       int64 // rows of the large key
	largeKey    int64 // its number
	largeFrom   int64 // its first row
	keys        int64 // without the large one
	perDay      int64 // keys whose names begin with the same day
}

const (
	keysInGroup, rowsInGroup = 7, 10
	days                     = 1000 // that the names of keys spread over, at most
	burst                    = 8    // versions of the large key that were written in one millisecond
	markerEvery, markerAt    = 20, 2
)

var (
	// beginsAt is where each key of a group begins, and keyAt whose each of its rows is.
	beginsAt = [keysInGroup]int64{0, 1, 2, 4, 5, 6, 9}
	keyAt    = [rowsInGroup]int64{0, 1, 2, 2, 3, 4, 5, 5, 5, 6}
	// began is the first day in keys; all rows are from before 2025.
	began = time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)
)

func layoutOf(rows, every int64) layout {
	l := layout{rows: rows, every: every, large: rows / 10}
	if rows > l.large {
		l.keys = group(rows-l.large-1) + 1
	}
	l.perDay = max(1, (l.keys+days-1)/days)
	// The large key comes last in the day in the middle.
	day := l.keys / l.perDay / 2
	l.largeKey = min(l.keys, (day+1)*l.perDay)
	l.largeFrom = l.begin(l.largeKey)
	return l
}

// group is which of the keys but the large one the row belongs to, without the large
// one's rows.
func group(row int64) int64 { return row/rowsInGroup*keysInGroup + keyAt[row%rowsInGroup] }

// begin is the first row of a key, without the large one's rows.
func (l layout) begin(key int64) int64 {
	return min(l.rows-l.large, key/keysInGroup*rowsInGroup+beginsAt[key%keysInGroup])
}

// first is the first row of a key; the key behind the last begins behind the last row.
func (l layout) first(key int64) int64 {
	if key <= l.largeKey {
		return l.begin(key)
	}
	return l.large + l.begin(key-1)
}

// key is whose the row is.
func (l layout) key(row int64) int64 {
	switch {
	case row < l.largeFrom:
		return group(row)
	case row < l.largeFrom+l.large:
		return l.largeKey
	default:
		return group(row-l.large) + 1
	}
}

// Some names need encoding.
const (
	plain      = ".pdf"
	odd        = " Größe+Maß & Co 100%.pdf"
	oddEncoded = "+Gr%C3%B6%C3%9Fe%2BMa%C3%9F+%26+Co+100%25.pdf"
	oddEvery   = 1000
)

// appendKey appends a key, as it is or URL-encoded.
func (l layout) appendKey(b []byte, key int64, encoded bool) []byte {
	if key == l.largeKey {
		b = l.day(key-1).AppendFormat(b, "2006/01/02")
		return append(b, "/ledger.db"...)
	}
	if key > l.largeKey {
		key--
	}
	b = append(l.day(key).AppendFormat(b, "2006/01/02"), "/inv-"...)
	for digit := int64(100_000_000); digit > 0; digit /= 10 {
		b = append(b, byte('0'+key/digit%10))
	}
	switch {
	case key%oddEvery != 0:
		return append(b, plain...)
	case encoded:
		return append(b, oddEncoded...)
	default:
		return append(b, odd...)
	}
}

// day is that of any key but the large one, without which keys are numbered here.
func (l layout) day(key int64) time.Time {
	return began.AddDate(0, 0, int(max(0, key)/l.perDay))
}

func (l layout) name(key int64) string { return string(l.appendKey(nil, key, false)) }

// search is the number of the first key for which found holds, as it does for all
// behind it.
func (l layout) search(found func(name string) bool) int64 {
	return int64(sort.Search(int(l.keys)+1, func(key int) bool { return found(l.name(int64(key))) }))
}

func (l layout) behind(marker string) int64 {
	return l.search(func(name string) bool { return name > marker })
}

// within is the numbers of the keys with a prefix: from, and upto the one behind them.
func (l layout) within(prefix string) (from, upto int64) {
	from = l.search(func(name string) bool { return name >= prefix })
	return from, l.search(func(name string) bool { return name > prefix && !strings.HasPrefix(name, prefix) })
}

// at is which row is the side's at a position of the listing, and at which position
// a row is: bursts that the replica lists backwards are reversed by both.
func (l layout) at(side Side, n int64) int64 {
	inLarge := n - l.largeFrom
	if side == PrimarySide || inLarge < 0 || inLarge >= l.large/burst*burst || inLarge/burst%3 != 2 {
		return n
	}
	return n - inLarge%burst + burst - 1 - inLarge%burst
}
