package faults

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"autobackup/local/clock"
)

// Made is a call that was made: the n-th such.
type Made struct {
	Call
	Attempt int
}

// Injector makes the faults of a scenario, and notes all calls.
type Injector struct {
	// Hands do what people do to a stack, where a fault has them do it. Set before the first call.
	Hands Hands

	faults []Fault
	random *random // nil: nothing is random
	clk    *clock.Clock

	mu     sync.Mutex
	made   []Made
	asked  map[Call]int
	seen   []int       // calls that each fault is about, so far
	since  []time.Time // when each fault came first
	struck int
	owed   int                      // calls and deliveries that are still to be done
	skew   map[string]time.Duration // of functions' clocks, by their ARN
}

// Hands are people's.
type Hands struct {
	StopExecutions func()
	StopPipe       func() // and StartPipe starts it again
	StartPipe      func()
}

// New returns an injector of some faults, or of none, which notes the calls alone.
func New(faults ...Fault) *Injector {
	return &Injector{
		faults: faults, clk: clock.Real(), asked: map[Call]int{}, skew: map[string]time.Duration{},
		seen: make([]int, len(faults)), since: make([]time.Time, len(faults)),
	}
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

// Owes says whether something that is late is still to come.
func (i *Injector) Owes() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.owed > 0
}

// owe counts what is to come, until done is called.
func (i *Injector) owe() (done func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.owed++
	return func() {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.owed--
	}
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

// before notes a call that is to be made, and answers the fault of it.
func (i *Injector) before(c Call) *Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.random != nil {
		return i.drawn(c, false)
	}
	i.asked[c]++
	i.made = append(i.made, Made{c, i.asked[c]})
	return i.of(c, false)
}

// after answers the fault of a call that was done.
func (i *Injector) after(c Call) *Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.random != nil {
		return i.drawn(c, true)
	}
	return i.of(c, true)
}

// of is the first fault that strikes a call; each counts its own.
func (i *Injector) of(c Call, done bool) (first *Fault) {
	for n := range i.faults {
		if f := &i.faults[n]; f.Done == done && f.about(c) {
			i.seen[n]++
			if first == nil && i.strikes(n) {
				first = f
				i.struck++
			}
		}
	}
	return first
}

func (i *Injector) strikes(n int) bool {
	f := i.faults[n]
	switch {
	case i.seen[n] < f.Attempt:
		return false
	case i.since[n].IsZero():
		i.since[n] = i.clk.Now()
		return true
	}
	return f.Lasts && (f.Minutes == 0 || i.clk.Now().Sub(i.since[n]) < time.Duration(f.Minutes)*time.Minute)
}

// about says whether a fault is about a call.
func (f *Fault) about(c Call) bool {
	return f.At == c.At && like(f.Principal, c.Principal) && like(f.Action, c.Action) && like(f.Resource, c.Resource)
}

// like says whether a text has a pattern's form: * stands for any characters.
func like(pattern, text string) bool {
	first, rest, open := strings.Cut(pattern, "*")
	if !open || !strings.HasPrefix(text, first) {
		return pattern == text
	}
	for at := len(first); at <= len(text); at++ {
		if like(rest, text[at:]) {
			return true
		}
	}
	return false
}

func (i *Injector) drawn(c Call, done bool) *Fault {
	f := i.random.of(c, done)
	if f != nil {
		i.struck++
	}
	return f
}
