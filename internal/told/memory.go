package told

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/text"
)

const (
	// Many versions of one cause are told as Alike.
	Many = 10
	// Quiet without a new finding ends a cause.
	Quiet = 30 * time.Minute
)

// What a Memory holds at most. Together they keep its JSON below MaxBytes.
const (
	maxKeys     = 30_000
	maxCauses   = 300
	maxExamples = 96 << 10 // bytes of JSON of all examples that wait
	// MaxBytes is the length of a memory's JSON.
	MaxBytes = 1 << 20
)

// Memory is what the sender knows between two e-mails. Its zero value knows
// nothing. Methods don't change it: they answer with another one.
type Memory struct {
	Told   []hour      `json:"told,omitempty"`   // the oldest first
	Causes []Cause     `json:"causes,omitempty"` // open ones, in the order they began. Kind is how one was told last, empty where it was not yet
	Claim  *Claim      `json:"claim,omitempty"`  // the e-mail that is being sent
	Mails  []time.Time `json:"mails,omitempty"`  // when the latest e-mails were sent, the oldest first
	// WakeUp is when the sender's next message to itself is due; zero where none is
	// under way.
	WakeUp time.Time `json:"wakeUp,omitzero"`
}

// Decode reads what Encode wrote.
func Decode(data []byte) (m Memory, err error) {
	if err := json.Unmarshal(data, &m); err != nil {
		return Memory{}, fmt.Errorf("decode the sender's memory: %w", err)
	}
	return m, nil
}

// Encode writes the memory as JSON of at most MaxBytes.
func (m Memory) Encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // keys may be full of what it would make six times as long
	if err := e.Encode(m); err != nil {
		return nil, fmt.Errorf("encode the sender's memory: %w", err)
	}
	return b.Bytes(), nil
}

// Add is the memory with more findings, of which it counts those that were not
// told of before. Adding them twice is adding them once.
func (m Memory) Add(now time.Time, findings []Finding) Memory {
	m = m.clone().forget(now)
	known := m.known()
	for _, f := range findings {
		if known[f.keys[0]] {
			continue
		}
		for _, k := range f.keys {
			known[k] = true
			m.remember(now, k)
		}
		m.count(now, f)
	}
	m.limitKeys()
	m.limitExamples()
	return m
}

// Awake is the memory after the message to itself that was due at a time has
// come. One that is not known ends with that.
func (m Memory) Awake(due time.Time) Memory {
	if m.WakeUp.Equal(due) {
		m.WakeUp = time.Time{}
	}
	return m
}

// clone is a memory that shares nothing that is changed with this one.
func (m Memory) clone() Memory {
	m.Told, m.Causes, m.Mails = slices.Clone(m.Told), slices.Clone(m.Causes), slices.Clone(m.Mails)
	for i := range m.Told {
		m.Told[i].Keys = slices.Clone(m.Told[i].Keys)
	}
	for i := range m.Causes {
		m.Causes[i].Examples = slices.Clone(m.Causes[i].Examples)
	}
	return m
}

// forget drops what no longer matters, so that a memory without anything open
// grows no older than a day.
func (m Memory) forget(now time.Time) Memory {
	m.Told = slices.DeleteFunc(m.Told, func(h hour) bool { return now.Sub(h.Since) >= day+time.Hour })
	m.Causes = slices.DeleteFunc(m.Causes, func(c Cause) bool { return c.Kind != Alike && c.New == 0 && c.quiet(now) })
	m.Mails = slices.DeleteFunc(m.Mails, func(at time.Time) bool { return now.Sub(at) >= recent })
	return m
}

func (m *Memory) count(now time.Time, f Finding) {
	c := m.open(now, f.cause)
	c.New++
	c.Total++
	c.Latest = now
	if c.Kind != Alike && len(c.Examples) < MaxExamples {
		c.Examples = append(c.Examples, f.example)
	}
}

// open is the cause that a finding belongs to. Where too many are open, it belongs
// to what is told of several together.
func (m *Memory) open(now time.Time, cause Cause) *Cause {
	i := slices.IndexFunc(m.Causes, cause.same)
	if i < 0 && len(m.Causes) >= maxCauses {
		cause = cause.several()
		i = slices.IndexFunc(m.Causes, cause.same)
	}
	if i < 0 {
		cause.Since = now
		i, m.Causes = len(m.Causes), append(m.Causes, cause)
	}
	return &m.Causes[i]
}

func (c Cause) same(d Cause) bool {
	return c.Reason == d.Reason && c.Bucket == d.Bucket && c.Replica == d.Replica && c.S3 == d.S3 && c.Several == d.Several
}

// several is one cause for each known reason, so there are few of them.
func (c Cause) several() Cause {
	if !slices.Contains(reason.Severity(), c.Reason) {
		c.Reason = reason.WorkflowError
	}
	return Cause{Reason: c.Reason, Several: true}
}

func (c Cause) quiet(now time.Time) bool { return now.Sub(c.Latest) >= Quiet }

// limitExamples leaves out examples until the others fit, the least severe first.
// What they stand for stays counted.
func (m *Memory) limitExamples() {
	total := 0
	for _, c := range m.Causes {
		for _, e := range c.Examples {
			total += text.Encoded(e)
		}
	}
	for total > maxExamples {
		c := &m.Causes[0]
		for i := range m.Causes {
			if d := &m.Causes[i]; len(d.Examples) > 0 && (len(c.Examples) == 0 || compare(*d, *c) >= 0) {
				c = d
			}
		}
		last := len(c.Examples) - 1
		total -= text.Encoded(c.Examples[last])
		c.Examples = c.Examples[:last]
	}
}
