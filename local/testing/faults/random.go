package faults

import (
	"encoding/binary"
	"hash/fnv"
	"math"
)

// AtRandom returns an injector that has a share of all calls go wrong, each in one of the ways
// that it can, by a seed: what becomes of a call depends on nothing but what it is and the how
// manieth such, so that calls made side by side go wrong alike in each run. Only faults that
// makes admits are made. It notes no calls.
func AtRandom(seed uint64, share float64, makes func(Fault) bool) *Injector {
	i := New()
	i.random = &random{seed: seed, share: share, makes: makes, kinds: map[Call][]Fault{}, calls: map[uint64]int{}, struck: map[Kind]int{}}
	return i
}

// StruckBy is how many calls went wrong so far, by what went wrong, where that is random.
func (i *Injector) StruckBy() map[Kind]int {
	i.mu.Lock()
	defer i.mu.Unlock()
	all := map[Kind]int{}
	for what, n := range i.random.struck {
		all[what] = n
	}
	return all
}

type random struct {
	seed  uint64
	share float64
	makes func(Fault) bool

	kinds  map[Call][]Fault // by the call without its resource
	calls  map[uint64]int   // by the hash of a call, and of whether it is done: of many objects a map by names would be large
	struck map[Kind]int
}

// of draws what becomes of the next such call, before or after it is done.
func (r *random) of(c Call, done bool) *Fault {
	class := Call{c.At, c.Principal, c.Action, ""}
	all, known := r.kinds[class]
	if !known {
		for _, f := range Of(class) {
			if f.What != Stopped && f.What != PipeStopped && r.makes(f) { // people stop nothing at random
				all = append(all, f)
			}
		}
		r.kinds[class] = all
	}
	here := 0
	for _, f := range all {
		if f.Done == done {
			here++
		}
	}
	if here == 0 {
		return nil
	}
	h := fnv.New64a()
	for _, s := range []string{string(c.At), c.Principal, c.Action, c.Resource, map[bool]string{true: "done"}[done]} {
		_, _ = h.Write([]byte(s)) // never fails
		_, _ = h.Write([]byte{0})
	}
	call := h.Sum64()
	r.calls[call]++
	var b [24]byte
	binary.LittleEndian.PutUint64(b[:], r.seed)
	binary.LittleEndian.PutUint64(b[8:], uint64(r.calls[call])) // #nosec G115: a count
	binary.LittleEndian.PutUint64(b[16:], call)
	h.Reset()
	_, _ = h.Write(b[:])
	drawn := mixed(h.Sum64())
	// The share is that of calls, whether they go wrong before or after.
	if float64(drawn>>32)/math.MaxUint32 >= r.share*float64(here)/float64(len(all)) {
		return nil
	}
	nth := int(drawn & math.MaxUint32 % uint64(here)) // #nosec G115: less than here
	for n := range all {
		if all[n].Done != done {
			continue
		}
		if nth == 0 {
			r.struck[all[n].What]++
			return &all[n]
		}
		nth--
	}
	return nil
}

// mixed spreads what differs little over all bits, as the finalizer of SplitMix64 does.
func mixed(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
