package told

import "time"

// day is how long what was told is not told again.
const day = 24 * time.Hour

// hour holds the keys that were told in the hour that began at Since, one after
// the other. Thousands of keys with a time of their own would take twice the
// memory.
type hour struct {
	Since time.Time `json:"since"`
	Keys  []byte    `json:"keys"`
}

// known is every key that the memory holds.
func (m Memory) known() map[key]bool {
	known := map[key]bool{}
	for _, h := range m.Told {
		for keys := h.Keys; len(keys) >= len(key{}); keys = keys[len(key{}):] {
			known[key(keys[:len(key{})])] = true
		}
	}
	return known
}

func (m *Memory) remember(now time.Time, k key) {
	if last := len(m.Told) - 1; last < 0 || now.Sub(m.Told[last].Since) >= time.Hour {
		m.Told = append(m.Told, hour{Since: now})
	}
	h := &m.Told[len(m.Told)-1]
	h.Keys = append(h.Keys, k[:]...)
}

// limitKeys forgets the oldest keys, so that what they stand for may be told
// again.
func (m *Memory) limitKeys() {
	excess := -maxKeys * len(key{})
	for _, h := range m.Told {
		excess += len(h.Keys)
	}
	for excess > 0 {
		h := &m.Told[0]
		dropped := min(excess, len(h.Keys))
		h.Keys, excess = h.Keys[dropped:], excess-dropped
		if len(h.Keys) == 0 {
			m.Told = m.Told[1:]
		}
	}
}
