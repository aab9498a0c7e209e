package course

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Event is one of a history.
type Event struct {
	ID, Previous  int64
	At            time.Time
	Type          string // as Step Functions names it: TaskStateEntered
	State         string // of an event that enters or leaves one
	Data          string // what it was entered with, or left with
	Error, Cause  string
	ExecutionEnds bool // with this event
}

// Stay is one stay in a state.
type Stay struct {
	ID            int64 // of the event that entered
	State, Kind   string
	Entered, Left time.Time // Left is zero of one that it has not left
	Input, Output string
	Tries         int    // how often a task was begun
	Error, Cause  string // of the last try that failed
	From          string // the state before; empty for the first, and inside a Map or Parallel
}

// Retries are the tries after the first.
func (s Stay) Retries() int { return max(0, s.Tries-1) }

// Ended says whether it was left.
func (s Stay) Ended() bool { return !s.Left.IsZero() }

// Took is how long it was; false: it has not ended.
func (s Stay) Took() (time.Duration, bool) { return s.Left.Sub(s.Entered), s.Ended() }

// Visits are all stays in one state.
type Visits struct {
	State   string
	Times   int
	Retries int
	Errors  int           // stays of which a try failed
	Spent   time.Duration // in those that ended
	Now     bool          // the execution is in it, or ended in it
}

// Course is a history that was read.
type Course struct {
	Stays  []Stay // in the order in which they were entered
	Events int    // that were read
	Error  string // that the execution ended with
	Cause  string
}

// Read makes the course of events in their order. Each event belongs to the stay that the event
// before it, which it names, belongs to: the iterations of a Map mix.
func Read(events []Event) Course {
	c := Course{Events: len(events)}
	of := map[int64]int{}   // stay by event
	left := map[int64]int{} // stay by the event that left it
	for _, e := range events {
		at, known := of[e.Previous]
		switch {
		case strings.HasSuffix(e.Type, "StateEntered"):
			from := ""
			if before, follows := left[e.Previous]; follows {
				from = c.Stays[before].State
			}
			c.Stays = append(c.Stays, Stay{ID: e.ID, State: e.State, Kind: strings.TrimSuffix(e.Type, "StateEntered"), Entered: e.At, Input: e.Data, From: from})
			at, known = len(c.Stays)-1, true
		case strings.HasSuffix(e.Type, "StateExited"):
			if at, known = c.open(e.State, at, known); known {
				c.Stays[at].Left, c.Stays[at].Output = e.At, e.Data
				left[e.ID] = at
			}
		case e.ExecutionEnds:
			c.Error, c.Cause = e.Error, e.Cause
		case known && strings.HasSuffix(e.Type, "Scheduled"):
			c.Stays[at].Tries++
		case known && (e.Error != "" || e.Cause != ""):
			c.Stays[at].Error, c.Stays[at].Cause = e.Error, e.Cause
		}
		if known {
			of[e.ID] = at
		}
	}
	return c
}

// open is the stay that an event leaves: that of the event before, if it is in the state, or the
// last in it that was not left.
func (c Course) open(state string, at int, known bool) (int, bool) {
	if known && c.Stays[at].State == state && !c.Stays[at].Ended() {
		return at, true
	}
	for i := len(c.Stays) - 1; i >= 0; i-- {
		if c.Stays[i].State == state && !c.Stays[i].Ended() {
			return i, true
		}
	}
	return 0, false
}

// Visits are by state, in the order of their first stays.
func (c Course) Visits() (all []Visits) {
	at := map[string]int{}
	for _, s := range c.Stays {
		i, seen := at[s.State]
		if !seen {
			i = len(all)
			at[s.State] = i
			all = append(all, Visits{State: s.State})
		}
		v := &all[i]
		v.Times++
		v.Retries += s.Retries()
		if s.Error != "" {
			v.Errors++
		}
		if took, ended := s.Took(); ended {
			v.Spent += took
		} else {
			v.Now = true
		}
	}
	return all
}

// Ways counts how often one state followed another.
func (c Course) Ways() map[[2]string]int {
	ways := map[[2]string]int{}
	for _, s := range c.Stays {
		if s.From != "" {
			ways[[2]string{s.From, s.State}]++
		}
	}
	return ways
}

// sorted are the keys of a map in their order.
func sorted[K cmp.Ordered, V any](of map[K]V) []K { return slices.Sorted(maps.Keys(of)) }
