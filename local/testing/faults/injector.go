package faults

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Made is a call that was made: the n-th such.
type Made struct {
	Call
	Attempt int
}

// Injector makes the faults of a scenario, and notes all calls.
type Injector struct {
	faults []Fault
	random *random // nil: nothing is random

	mu     sync.Mutex
	made   []Made
	asked  map[Call]int
	done   map[Call]int
	struck int
}

// New returns an injector of some faults, or of none, which notes the calls alone.
func New(faults ...Fault) *Injector {
	return &Injector{faults: faults, asked: map[Call]int{}, done: map[Call]int{}}
}

// Made are all calls so far, in the order in which they were made.
func (i *Injector) Made() []Made {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.made)
}

// Struck is how many calls went wrong so far.
func (i *Injector) Struck() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.struck
}

// unstable is what is random at the end of an object's key, or the sum of what is: with it no call
// would be the same in another run.
var unstable = regexp.MustCompile(`(?:[0-9]{9,}|[0-9a-f]{64})(\.[a-z]+)?$`)

// class is a resource without what is random in it.
func class(resource string) string {
	if bucket, key, ofObject := strings.Cut(resource, "/"); ofObject && strings.HasPrefix(resource, "arn:aws:s3:::") {
		return bucket + "/" + unstable.ReplaceAllString(key, "*$1")
	}
	return resource
}

// before notes a call that is to be made, and answers the fault that keeps it from being done.
func (i *Injector) before(c Call) *Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.random != nil {
		return i.drawn(c, false)
	}
	i.asked[c]++
	i.made = append(i.made, Made{c, i.asked[c]})
	return i.of(c, i.asked[c], false)
}

// after answers the fault of a call that was done.
func (i *Injector) after(c Call) *Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.random != nil {
		return i.drawn(c, true)
	}
	i.done[c]++
	return i.of(c, i.done[c], true)
}

func (i *Injector) of(c Call, attempt int, done bool) *Fault {
	for n, f := range i.faults {
		if f.Call == c && f.Done == done && (f.Attempt == attempt || f.Lasts && f.Attempt < attempt) {
			i.struck++
			return &i.faults[n]
		}
	}
	return nil
}

func (i *Injector) drawn(c Call, done bool) *Fault {
	f := i.random.of(c, done)
	if f != nil {
		i.struck++
	}
	return f
}
