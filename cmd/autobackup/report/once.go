package report

import (
	"slices"

	"github.com/cespare/xxhash/v2"

	"autobackup/internal/audit"
)

// once tells the versions of a pair from those that a pair before had, too: what
// several replicas lack is replicated to all of them at once. It keeps a hash of each,
// so that millions fit into memory; nothing where there is one pair.
type once struct {
	pairs   int
	replica string
	earlier []uint64 // of the pairs before, sorted
	now     []uint64 // of this pair
}

func (o *once) first(i audit.Item) bool {
	if o.pairs < 2 {
		return true
	}
	if i.Replica != o.replica {
		o.earlier = append(o.earlier, o.now...)
		slices.Sort(o.earlier)
		o.now, o.replica = nil, i.Replica
	}
	hash := xxhash.Sum64String(i.Key + "\x00" + i.Version)
	if _, found := slices.BinarySearch(o.earlier, hash); found {
		return false
	}
	o.now = append(o.now, hash)
	return true
}
