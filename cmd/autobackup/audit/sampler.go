package audit

import "sync"

// sampler finds how many of 1,000 versions can be read within a number of bytes. A
// sample of N per mille is the versions that drew less than N, so the sums by draw tell
// what each N comes to; as listing goes on, the N that fits falls, and what was taken for
// the sample above it is left.
type sampler struct {
	lock  sync.Mutex
	bytes int64 // that may be read
	sums  [draws]int64
	taken int64 // the sum of all draws below fits
	fits  int
}

// draws is how many there are: a draw is from 0 to 999.
const draws = 1000

// newSampler begins with the largest N that is wanted, and what earlier runs counted.
func newSampler(bytes int64, perMille int, done []stretch) (*sampler, error) {
	s := &sampler{bytes: bytes, fits: perMille}
	for _, d := range done {
		whole, err := d.whole()
		if err != nil {
			return nil, err
		}
		for draw, n := range whole.Drawn {
			s.add(draw, n)
		}
	}
	return s, nil
}

// add counts a version that drew so, and says whether it is in the sample as far as
// that is known.
func (s *sampler) add(draw int, bytes int64) bool {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.sums[draw] += bytes
	if draw < s.fits {
		s.taken += bytes
	}
	for s.taken > s.bytes && s.fits > 0 {
		s.fits--
		s.taken -= s.sums[s.fits]
	}
	return draw < s.fits
}

// sample is the N that fits what was counted, and how many bytes it comes to.
func (s *sampler) sample() (perMille int, bytes int64) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.fits, s.taken
}
