package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"autobackup/internal/audit"
)

// inside is an interval that has ended inside a key, for the key has more versions than one
// part has time for. What stands in its files is the key's, and is read and written again by
// each part that goes on with it.
type inside struct {
	After  string        `json:"after"`
	Upto   string        `json:"upto"`
	Place  audit.Place   `json:"place"`
	Now    stretch       `json:"now"` // that is under way
	Drawn  map[int]int64 `json:"drawn,omitempty"`
	Counts []audit.Count `json:"counts"`
	Rows   string        `json:"rows"` // file of its open rows
	Kept   string        `json:"kept"` // file of the rows that wait for their partners
}

// paused keeps the intervals of one part that end inside a key. It implements pauses.
type paused struct {
	stored
	ctx  context.Context //nolint:containedctx // of one part, which makes it and ends before it
	dir  string
	name string            // of what it keeps in the working bucket
	from map[string]inside // by After: the interval that the part goes on with

	lock sync.Mutex
	left map[string]string // by After: the file of an inside
}

// pausing is what a part's intervals are kept with. One that goes on inside a key is known.
func (a stored) pausing(ctx context.Context, dir string, i int, of part) (*paused, error) {
	p := &paused{stored: a, ctx: ctx, dir: dir, name: fmt.Sprintf("%04d-%05d-", a.step.Round, i) + filepath.Base(dir), from: map[string]inside{}, left: map[string]string{}}
	if of.Inside == "" {
		return p, nil
	}
	var known inside
	_, err := a.get(ctx, of.Inside, &known)
	p.from[of.After] = known
	return p, err
}

// waits is a row that waits for its partner.
type waits struct {
	Row     audit.Row `json:"row"`
	Replica bool      `json:"replica,omitempty"`
}

// begin is the pause of an interval: it goes on with what an earlier part left of it.
func (p *paused) begin(s *section) (*audit.Pause, error) {
	file := filepath.Join(p.dir, "kept")
	out := &keeper{file: file + fmt.Sprintf("-%p", s)}
	s.kept = out
	pause := &audit.Pause{Late: p.tooLate(s), Keep: out.keep}
	p.lock.Lock()
	of, goesOn := p.from[s.after]
	delete(p.from, s.after)
	p.lock.Unlock()
	if !goesOn {
		return pause, nil
	}
	s.key, s.now = of.Place.Key, of.Now
	s.now.Drawn = of.Drawn
	s.tally.Join(of.Counts)
	err := p.lines(of.Rows, func(in *json.Decoder) error {
		var l line
		if err := in.Decode(&l); err != nil {
			return err
		}
		return s.out.row(*l.Row)
	})
	pause.From = &of.Place
	pause.Kept = func(each func(audit.Row, bool) error) error {
		return p.lines(of.Kept, func(in *json.Decoder) error {
			var w waits
			if err := in.Decode(&w); err != nil {
				return err
			}
			return each(w.Row, w.Replica)
		})
	}
	return pause, err
}

// tooLate asks the clock once in some rows: a key has millions of them.
func (p *paused) tooLate(s *section) func() bool {
	const some = 64
	n := 0
	return func() bool {
		n++
		return n%some == 0 && s.tooLate()
	}
}

// lines reads a file of the working bucket, value by value.
func (p *paused) lines(name string, next func(*json.Decoder) error) error {
	if name == "" {
		return nil
	}
	body, _, err := p.read(p.ctx, name, "")
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // read only
	for in := json.NewDecoder(bufio.NewReader(body)); ; {
		switch err := next(in); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
}

// end keeps an interval that has stopped inside a key.
func (p *paused) end(s *section, pause *audit.Pause) error {
	if err := s.kept.close(); err != nil {
		return err
	}
	of := inside{After: s.after, Upto: s.upto, Place: pause.At, Now: s.now, Drawn: s.now.Drawn, Counts: s.tally.Counts()}
	p.lock.Lock()
	defer p.lock.Unlock()
	name := fmt.Sprintf("inside/%s-%d", p.name, len(p.left))
	rows := filepath.Join(p.dir, "rows")
	if err := s.out.unended(rows); err != nil {
		return err
	}
	of.Rows, of.Kept = name+"-rows.jsonl", name+"-kept.jsonl"
	for object, file := range map[string]string{of.Rows: rows, of.Kept: s.kept.file} {
		if err := p.upload(p.ctx, object, file); err != nil {
			return err
		}
	}
	p.left[s.after] = name + ".json"
	s.tell()
	return p.put(p.ctx, name+".json", of)
}

// keeper writes the rows that wait into a file.
type keeper struct {
	file string
	f    *os.File
	buf  *bufio.Writer
}

func (k *keeper) keep(row audit.Row, replica bool) error {
	if err := k.open(); err != nil {
		return err
	}
	return json.NewEncoder(k.buf).Encode(waits{row, replica})
}

func (k *keeper) open() (err error) {
	if k.f == nil {
		if k.f, err = os.OpenFile(k.file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, filePerm); err == nil { // #nosec G304: a file of the function's own
			k.buf = bufio.NewWriter(k.f)
		}
	}
	return err
}

// close ends the file, which is there then, also where nothing waits.
func (k *keeper) close() error {
	if err := k.open(); err != nil {
		return err
	}
	return errors.Join(k.buf.Flush(), k.f.Close())
}
