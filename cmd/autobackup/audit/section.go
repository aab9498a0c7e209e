package audit

import (
	"autobackup/internal/audit"
	"autobackup/internal/listing"
)

// section is an interval while it is listed: it concludes what the listings allow and
// writes down the rest, stretch by stretch.
type section struct {
	lister
	run              *run
	out              *writer
	primary, replica *listing.Rows
	after, upto      string // where the stretch under way began, where the interval ends
	key              string // of the pair before this one; empty at the beginning
	now              stretch
	tally            audit.Tally
	untold           int64
	kept             *keeper // of what waits where the interval ends inside a key
}

// pair takes the next pair. Pairs of a key follow each other, so when another key
// comes, all of the key before it is done.
func (s *section) pair(p audit.Pair) error {
	if key := p.Row().Key; key != s.key {
		late := s.late != nil && s.key != "" && s.late() // one key at least, so that whoever goes on comes to an end
		if late || s.now.Listed >= s.bounds.stretch {
			if err := s.end(s.key); err != nil {
				return err
			}
		}
		if late {
			return errLate
		}
		s.key = key
		s.shorten()
	}
	s.count(p)
	c, open := s.judge.Listed(p)
	left := s.sample(p) || open || c.Category.Doubtful() || c.Reason != "" && s.item(p, c).Replicable()
	turn := s.scrubs.turn(p, s.judge, &s.now.Scrub)
	if left || turn != nil {
		if !left {
			s.now.Scrub.Alike++
		}
		s.now.Rows++
		return s.out.row(openRow{s.now.Listed, p.Primary, p.Replica, turn})
	}
	s.tally.Add(c, p.Row().Size, func() audit.Item { return s.item(p, c) })
	return nil
}

// sample says whether the bytes of a pair are in the sample that the budget has room
// for, as far as that is known.
func (s *section) sample(p audit.Pair) bool {
	if s.judge.Level != audit.Bytes || !s.judge.Readable(p) {
		return false
	}
	if s.now.Drawn == nil {
		s.now.Drawn = map[int]int64{}
	}
	draw, bytes := s.judge.Draw(p), sides2*p.Row().Size
	s.now.Drawn[draw] += bytes
	return s.sampler.add(draw, bytes)
}

func (s *section) item(p audit.Pair, c audit.Conclusion) audit.Item {
	return s.judge.Item(p, c)
}

func (s *section) count(p audit.Pair) {
	s.now.Listed++
	for i, row := range []*audit.Row{p.Primary, p.Replica} {
		if row == nil {
			continue
		}
		s.now.Sides[i].Rows++
		if row.Marker {
			s.now.Sides[i].Markers++
		}
	}
	if s.untold++; s.untold >= s.bounds.told {
		s.tell()
	}
}

func (s *section) tell() {
	s.progress(s.untold)
	s.untold = 0
	s.run.progress(s.key, max(s.primary.Pages(), s.replica.Pages()))
}

// shorten ends the interval where a thief wants it to end, if neither side has handed
// out a row beyond.
func (s *section) shorten() {
	m, asked := s.run.wanted()
	if !asked {
		return
	}
	if s.primary.At() > m || s.replica.At() > m {
		s.run.answer <- false
		return
	}
	s.primary.ShortenTo(m) // a side that has come to its end already has none beyond
	s.replica.ShortenTo(m)
	s.upto = m
	s.run.ends(m)
}

// end ends the stretch under way at a key.
func (s *section) end(upto string) error {
	s.tell()
	done := s.now
	done.After, done.Upto, done.Counts = s.after, upto, s.tally.Counts()
	if err := s.out.done(done); err != nil {
		return err
	}
	s.after, s.now, s.tally = upto, stretch{}, audit.Tally{}
	return nil
}
