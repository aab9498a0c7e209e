package listing

import (
	"context"
	"unicode/utf8"
)

// maxProbes bounds what a split may cost. 10 probes find the depth, 21 the place
// among all characters.
const maxProbes = 40

// First is the first key behind after and at most upto, by a listing of one.
func (l Lister) First(ctx context.Context, after, upto string) (key string, ok bool, err error) {
	if upto != "" && after >= upto {
		return "", false, nil
	}
	page, err := l.Page(ctx, Marker{Key: after}, 1)
	if err != nil || len(page.Rows) == 0 || upto != "" && page.Rows[0].Key > upto {
		return "", false, err
	}
	return page.Rows[0].Key, true, nil
}

// Split finds a key m so that (at, m] and (m, upto] are ranges of which the second is
// not empty. It is false where no such key is found in a few probes, each of which
// tells the first key of a range. Halving all strings would take some five probes for each character
// that the keys share; so it is asked first how many characters the next key shares
// with the last ones, and then halved behind these.
func Split(ctx context.Context, probe func(after, upto string) (string, bool, error), at, upto string) (m string, ok bool, err error) {
	s := splitter{probe: probe, upto: upto, left: maxProbes}
	for from := at; ; {
		next, found := s.beyond(ctx, from)
		if !found {
			break
		}
		if from != at {
			m, ok = from, true
		}
		if lo, hi, found := s.bracket(ctx, next); found {
			m, ok = s.halve(ctx, lo, hi), true
			break
		}
		from = next // all keys behind it begin with it
	}
	if s.err != nil {
		return "", false, s.err
	}
	return m, ok, nil
}

// splitter asks within its bounds.
type splitter struct {
	probe func(after, upto string) (string, bool, error)
	upto  string
	left  int
	err   error
}

// beyond is the first key behind after. Behind an error nothing is.
func (s *splitter) beyond(ctx context.Context, after string) (key string, ok bool) {
	if s.err == nil {
		s.err = ctx.Err()
	}
	if s.err != nil || s.left == 0 || s.upto != "" && after >= s.upto {
		return "", false
	}
	s.left--
	key, ok, s.err = s.probe(after, s.upto)
	return key, ok && s.err == nil
}

// bracket finds lo and hi, so that there are keys between them but none behind hi: the ends
// of what begins with as many characters of key as all keys behind it, and with one more.
func (s *splitter) bracket(ctx context.Context, key string) (lo, hi string, ok bool) {
	ends := ends(key)
	i, j := 0, len(ends) // something is behind ends[j-1], as far as known; nothing behind ends[i]
	for i+1 < j {
		middle := (i + j) / 2
		if _, found := s.beyond(ctx, ends[middle]); found {
			j = middle
		} else {
			i = middle
		}
	}
	if j == len(ends) {
		return "", "", false
	}
	hi = ends[i]
	if s.upto != "" && (hi == "" || hi > s.upto) {
		hi = s.upto
	}
	return ends[j], hi, s.err == nil
}

// ends are, for each number of characters of a key, the first string behind all that
// begin with these: from the longest range to the shortest, the first being unbounded.
func ends(key string) []string {
	ends := []string{""}
	for i, r := range key {
		next := r + 1
		switch {
		case r == utf8.MaxRune: // as the one before
			continue
		case next == surrogates:
			next = surrogatesEnd
		}
		if end := key[:i] + string(next); len(end) <= maxKey {
			ends = append(ends, end)
		}
	}
	return ends
}

// halve looks for the middle of lo and hi, behind which hi has nothing. lo will do.
func (s *splitter) halve(ctx context.Context, lo, hi string) string {
	for s.left > 0 && s.err == nil {
		m, ok := Between(lo, hi)
		if !ok {
			break
		}
		if _, found := s.beyond(ctx, m); found {
			return m
		}
		hi = m
	}
	return lo
}
