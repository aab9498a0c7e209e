package audit

import (
	"fmt"

	"autobackup/internal/text"
)

// Stream hands out the rows of one bucket, its keys in the order of their UTF-8
// bytes; the versions of a key come in any order. ok is false at the end.
type Stream interface {
	Next() (row Row, ok bool, err error)
}

// Pair is one version as both listings show it. A side that lacks it is nil.
type Pair struct{ Primary, Replica *Row }

// Spill keeps rows of one key that are too many for memory, by the hash of their
// version ids.
type Spill interface {
	// Put keeps a row of the primary or, where replica is set, of the replica.
	Put(row Row, replica bool) error
	// Each hands out what was put, in shares: two rows of one version id are in the
	// same share. Afterwards the Spill is empty.
	Each(share func(primary, replica []Row) error) error
}

// maxWaiting is how many rows of one key may wait for their partners in memory. A
// row takes some 300 bytes, key and version id included.
const maxWaiting = 50_000

// Merge joins two streams by key and version id and hands every pair to yield: pairs
// of a key as soon as both rows are read, then what has no partner, in the order in
// which each side listed it. A pair's rows are valid until yield returns. No more than
// a bound of rows of a key wait in memory; what exceeds it goes to spill.
func Merge(primary, replica Stream, spill Spill, yield func(Pair) error) error {
	return MergePaused(primary, replica, spill, &Pause{}, yield)
}

func merge(primary, replica Stream, spill Spill, bound int, pause *Pause, yield func(Pair) error) error {
	m := merger{
		primary: side{stream: primary}, replica: side{stream: replica, replica: true}, spill: spill, bound: bound, pause: pause,
		paired: map[string]struct{}{}, yield: yield,
	}
	if err := m.primary.advance(); err != nil {
		return err
	}
	if err := m.replica.advance(); err != nil {
		return err
	}
	if err := m.goOn(); err != nil {
		return err
	}
	for m.primary.ok || m.replica.ok {
		if err := m.key(m.next()); err != nil {
			return err
		}
	}
	return nil
}

type merger struct {
	primary, replica side
	spill            Spill
	spilled          bool                // rows of this key went to spill; the others have to follow
	paired           map[string]struct{} // version ids of this key that found their partners, up to the bound
	bound            int
	pause            *Pause
	yield            func(Pair) error
}

// side is a stream with the row that comes next in sight, and with its rows of this
// key that wait for their partners.
type side struct {
	stream  Stream
	replica bool
	row     Row
	ok      bool
	last    Row // the row that was in sight before this one, where begun is set
	begun   bool
	waiting waiting
}

// advance puts the next row in sight. A key before the last one would be joined to
// nothing, and nobody would notice.
func (s *side) advance() error {
	last, had := s.row.Key, s.ok
	if had {
		s.last, s.begun = s.row, true
	}
	var err error
	if s.row, s.ok, err = s.stream.Next(); err != nil {
		return err
	}
	if s.ok && had && s.row.Key < last {
		return fmt.Errorf("a listing goes backwards: %s comes after %s", text.Quoted(s.row.Key, maxQuoted), text.Quoted(last, maxQuoted))
	}
	return nil
}

func (s *side) has(key string) bool { return s.ok && s.row.Key == key }

// maxQuoted bounds a key in an error, in bytes.
const maxQuoted = 200

// next is the first key that is in sight.
func (m *merger) next() string {
	if !m.replica.ok || m.primary.ok && m.primary.row.Key < m.replica.row.Key {
		return m.primary.row.Key
	}
	return m.replica.row.Key
}

// key joins all rows of one key. The sides are read in turn, so that rows which stand
// in the same order on both wait for nothing.
func (m *merger) key(key string) error {
	for {
		p, r := m.primary.has(key), m.replica.has(key)
		var err error
		switch {
		case !p && !r:
			return m.rest()
		case m.pause.Late != nil && m.pause.Late():
			return m.stop(key)
		case p && r && !m.spilled && m.primary.row.VersionID == m.replica.row.VersionID:
			err = m.both(key)
		default:
			err = m.each(p, r)
		}
		if err != nil {
			return err
		}
	}
}

func (m *merger) both(key string) error {
	if m.known(m.primary.row) || m.primary.waiting.has(m.primary.row.VersionID) || m.replica.waiting.has(m.primary.row.VersionID) {
		return repeated(m.primary.row)
	}
	if err := m.yield(Pair{&m.primary.row, &m.replica.row}); err != nil {
		return err
	}
	version := m.primary.row.VersionID
	if err := m.primary.advance(); err != nil {
		return err
	}
	if err := m.replica.advance(); err != nil {
		return err
	}
	if m.primary.has(key) || m.replica.has(key) { // most keys have one version, and nothing to remember
		m.remember(version)
	}
	return nil
}

// known says whether a version has found its partner before: a listing that repeats it
// would make two of it. Of keys with more versions than the bound, the first are known.
func (m *merger) known(row Row) bool {
	_, known := m.paired[row.VersionID]
	return known
}

func (m *merger) remember(version string) {
	if len(m.paired) < m.bound {
		m.paired[version] = struct{}{}
	}
}

// each takes the row in sight of either side that has one of this key.
func (m *merger) each(p, r bool) error {
	if p {
		if err := m.take(&m.primary, &m.replica); err != nil {
			return err
		}
	}
	if r {
		if err := m.take(&m.replica, &m.primary); err != nil {
			return err
		}
	}
	return m.bounded()
}

// bounded sends what waits to the spill where it is too much for memory.
func (m *merger) bounded() error {
	if !m.spilled && m.primary.waiting.len()+m.replica.waiting.len() > m.bound {
		m.spilled = true
		return m.overflow()
	}
	return nil
}

// take takes the row in sight.
func (m *merger) take(own, other *side) error {
	if m.known(own.row) {
		return repeated(own.row)
	}
	if err := m.place(own.row, own, other); err != nil {
		return err
	}
	return own.advance()
}

// place joins a row to its partner, or has it wait for that.
func (m *merger) place(row Row, own, other *side) error {
	if m.spilled {
		return m.spill.Put(row, own.replica)
	}
	if partner, found := other.waiting.remove(row.VersionID); found {
		if err := m.yield(pair(own, &row, &partner)); err != nil {
			return err
		}
		m.remember(partner.VersionID)
	} else if !own.waiting.add(row) {
		return repeated(row)
	}
	return nil
}

func pair(own *side, row, partner *Row) Pair {
	if own.replica {
		return Pair{partner, row}
	}
	return Pair{row, partner}
}

func repeated(row Row) error {
	return fmt.Errorf("a listing has the version %s of %s twice", text.Quoted(row.VersionID, maxQuoted), text.Quoted(row.Key, maxQuoted))
}

func (m *merger) overflow() error {
	for _, s := range []*side{&m.primary, &m.replica} {
		for _, row := range s.waiting.drain() {
			if err := m.spill.Put(row, s.replica); err != nil {
				return err
			}
		}
	}
	return nil
}

// rest hands out what has found no partner when the key ends.
func (m *merger) rest() error {
	clear(m.paired)
	if m.spilled {
		m.spilled = false
		return m.spill.Each(m.share)
	}
	return m.alone(&m.primary.waiting, &m.replica.waiting)
}

func (m *merger) alone(primary, replica *waiting) error {
	for _, row := range primary.drain() {
		if err := m.yield(Pair{Primary: &row}); err != nil {
			return err
		}
	}
	for _, row := range replica.drain() {
		if err := m.yield(Pair{Replica: &row}); err != nil {
			return err
		}
	}
	return nil
}

// share joins a share of what was spilled.
func (m *merger) share(primary, replica []Row) error {
	var one, other waiting
	paired := map[string]bool{}
	for _, row := range primary {
		if !one.add(row) {
			return repeated(row)
		}
	}
	for _, row := range replica {
		if paired[row.VersionID] {
			return repeated(row)
		}
		if partner, found := one.remove(row.VersionID); found {
			paired[row.VersionID] = true
			if err := m.yield(Pair{&partner, &row}); err != nil {
				return err
			}
		} else if !other.add(row) {
			return repeated(row)
		}
	}
	return m.alone(&one, &other)
}
