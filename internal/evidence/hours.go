package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// inTime yields the records of files, which are in the order of their names, by their times:
// hour by hour, the parts of an hour side by side. One that stands in two parts comes twice,
// which changes no ending. Each file is the one that was verified, or an error ends it.
func inTime(files []File, open Open) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for len(files) > 0 {
			n := 1
			for n < len(files) && hourOf(files[n]) == hourOf(files[0]) {
				n++
			}
			if !side(files[:n], open, yield) {
				return
			}
			files = files[n:]
		}
	}
}

func hourOf(f File) string { return f.Name[:strings.LastIndex(f.Name, "-")] }

// stream is one part of an hour, with the record that is next.
type stream struct {
	next   func() (Record, []byte, bool)
	err    error // of reading it
	record Record
	line   []byte
}

// advance takes the next record, and says whether there was one.
func (s *stream) advance() (bool, error) {
	r, line, more := s.next()
	s.record, s.line = r, append(s.line[:0], line...)
	return more, s.err
}

// side yields the records of one hour's parts, and says whether to go on.
func side(parts []File, open Open, yield func(Record, error) bool) bool {
	var streams []*stream
	for _, f := range parts {
		s := &stream{}
		next, stop := iter.Pull2(func(yield func(Record, []byte) bool) { s.err = again(f, open, yield) })
		defer stop()
		s.next = next
		more, err := s.advance()
		if err != nil {
			yield(Record{}, err)
			return false
		}
		if more {
			streams = append(streams, s)
		}
	}
	for len(streams) > 0 {
		first := 0
		for i, s := range streams[1:] {
			if inOrder(s.record.Time, streams[first].record.Time, s.line, streams[first].line) < 0 {
				first = i + 1
			}
		}
		s := streams[first]
		if !yield(s.record, nil) {
			return false
		}
		more, err := s.advance()
		if err != nil {
			yield(Record{}, err)
			return false
		}
		if !more {
			streams = append(streams[:first], streams[first+1:]...)
		}
	}
	return true
}

var errMeanwhile = errors.New("it changed while it was read: have nobody write there, and run this again")

// again gives the records of a file that was verified, each with its line. Where it is no
// longer the same, that is an error.
func again(f File, open Open, yield func(Record, []byte) bool) error {
	r, err := open(f.Name)
	if err != nil {
		return fmt.Errorf("open %s: %w", f.Name, err)
	}
	defer r.Close() //nolint:errcheck // read only
	w := &watched{r: io.LimitReader(r, f.Bytes+1), sum: sha256.New()}
	stopped := false
	err = read(w, func(record Record, line []byte) bool {
		stopped = !yield(record, line)
		return !stopped
	})
	switch {
	case stopped:
		return nil
	case w.err != nil:
		return fmt.Errorf("read %s: %w", f.Name, w.err)
	case err != nil || hex.EncodeToString(w.sum.Sum(nil)) != f.SHA256:
		return fmt.Errorf("read %s: %w", f.Name, errMeanwhile)
	}
	return nil
}
