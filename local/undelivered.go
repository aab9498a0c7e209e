package local

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sync"
)

// Undelivered is a delivery that failed: of an event to a target, of a batch by a
// pipe to the state machine or by an event source mapping to a function, of an alarm to a
// topic, or of a message to whoever is subscribed.
type Undelivered struct {
	What  string `json:"what"`
	Times int    `json:"times"`
}

// kinds is how many different failures are told apart: a stack may live long.
const kinds = 100

// misses counts failures of pipes, mappings and alarms. The messages of pipes and mappings come
// back to the queue, and go to its dead-letter queue in the end.
type misses struct {
	mu    sync.Mutex
	times map[string]int
}

// requestID is what makes two errors differ that are the same failure.
var requestID = regexp.MustCompile(`(?i)\brequest ?id: [\w-]+[,;]? ?`)

func (m *misses) note(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	what := requestID.ReplaceAllString(err.Error(), "")
	if _, known := m.times[what]; !known && len(m.times) >= kinds {
		what = "other pipes, event source mappings and alarms, or for other reasons"
	}
	if m.times == nil {
		m.times = map[string]int{}
	}
	m.times[what]++
}

func (m *misses) all() (all []Undelivered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, what := range slices.Sorted(maps.Keys(m.times)) {
		all = append(all, Undelivered{what, m.times[what]})
	}
	return all
}

// Undelivered are the deliveries that failed so far. Messages in queues come again;
// an event that a rule dropped is gone, as is a message that nobody was subscribed to, and
// nothing else tells of it.
func (s *Stack) Undelivered() []Undelivered {
	all := s.misses.all()
	counts := s.Events.Counts()
	for _, rule := range slices.Sorted(maps.Keys(counts)) {
		if n := counts[rule].Dropped; n > 0 {
			all = append(all, Undelivered{fmt.Sprintf("rule %s: dropped an event that its target refused, and no dead-letter queue took", rule), n})
		}
	}
	unheard := s.SNS.Unheard()
	for _, topic := range slices.Sorted(maps.Keys(unheard)) {
		all = append(all, Undelivered{fmt.Sprintf("topic %s: sent to nobody, as it has no subscription", topic), unheard[topic]})
	}
	return all
}
