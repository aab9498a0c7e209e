package audit

import "errors"

// Pause lets a merge stop inside a key, for a key may have more versions than whoever
// merges has time for, and go on with it another time, in another place.
type Pause struct {
	// Late says whether to stop; it is asked between two rows of a key. nil: never.
	Late func() bool
	// Keep gets each row that waits for its partner when the merge stops.
	Keep func(row Row, replica bool) error
	// From is where an earlier merge stopped; nil: the streams begin at a key's first row.
	// Then they have to go on right behind Primary and Replica, and Kept hands out what that
	// merge has kept. That a version is repeated across the border is not noticed.
	From *Place
	Kept func(each func(row Row, replica bool) error) error
	// At is where the merge has stopped.
	At Place
}

// Place is where a merge has stopped: inside a key, behind a row of each side. A side of
// which no row was taken yet has none.
type Place struct {
	Key     string `json:"key"`
	Primary *Row   `json:"primary,omitempty"`
	Replica *Row   `json:"replica,omitempty"`
}

// ErrPaused is the error of a merge that has stopped inside a key.
var ErrPaused = errors.New("the merge has stopped inside a key")

// MergePaused is Merge with pauses.
func MergePaused(primary, replica Stream, spill Spill, pause *Pause, yield func(Pair) error) error {
	return merge(primary, replica, spill, maxWaiting, pause, yield)
}

// goOn takes up a merge that had stopped.
func (m *merger) goOn() error {
	from := m.pause.From
	if from == nil {
		return nil
	}
	err := m.pause.Kept(func(row Row, replica bool) error {
		own, other := &m.primary, &m.replica
		if replica {
			own, other = other, own
		}
		if err := m.place(row, own, other); err != nil {
			return err
		}
		return m.bounded()
	})
	if err != nil {
		return err
	}
	m.primary.behind(from.Primary)
	m.replica.behind(from.Replica)
	return m.key(from.Key)
}

// stop keeps what waits, and says where the sides are.
func (m *merger) stop(key string) error {
	if !m.spilled {
		for _, s := range []*side{&m.primary, &m.replica} {
			for _, row := range s.waiting.drain() {
				if err := m.pause.Keep(row, s.replica); err != nil {
					return err
				}
			}
		}
	} else if err := m.spill.Each(m.keep); err != nil {
		return err
	}
	m.pause.At = Place{Key: key, Primary: m.primary.taken(), Replica: m.replica.taken()}
	return ErrPaused
}

// behind puts a side behind a row that was taken from it before.
func (s *side) behind(row *Row) {
	if row != nil {
		s.last, s.begun = *row, true
	}
}

// taken is the last row that was taken; nil: none was.
func (s *side) taken() *Row {
	if !s.begun {
		return nil
	}
	last := s.last
	return &last
}

func (m *merger) keep(primary, replica []Row) error {
	for _, row := range primary {
		if err := m.pause.Keep(row, false); err != nil {
			return err
		}
	}
	for _, row := range replica {
		if err := m.pause.Keep(row, true); err != nil {
			return err
		}
	}
	return nil
}
