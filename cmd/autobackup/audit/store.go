package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"autobackup/internal/audit"
)

// store is the folder in which the listing of one pair is kept while an audit runs,
// so that one that is stopped goes on. Every worker writes a file of its own; what
// stands in it counts once the line that ends its stretch of keys is written.
type store struct{ dir string }

// openRow is a version that a look is to decide, or that is told as it is.
type openRow struct {
	Ordinal int64      `json:"n"` // of the versions listed in its stretch
	Primary *audit.Row `json:"p,omitempty"`
	Replica *audit.Row `json:"r,omitempty"`
	Turn    *int       `json:"t,omitempty"` // the slice whose turn to be read it is; nil: its bytes are not read
}

// stretch is what listing the keys after After and up to Upto came to.
type stretch struct {
	After  string        `json:"after"`
	Upto   string        `json:"upto"` // empty: to the end
	Rows   int64         `json:"rows"` // lines before this one that belong to it
	Listed int64         `json:"listed"`
	Sides  [2]sideCount  `json:"sides"`
	Counts []audit.Count `json:"counts"`          // of all but Rows
	Drawn  map[int]int64 `json:"drawn,omitempty"` // bytes that could be read, by the draw of their versions
	Scrub  scrubbed      `json:"scrub,omitzero"`
	file   string
	from   int64 // where its rows begin in the file, in bytes
	at     int64 // where its own line begins
}

type sideCount struct {
	Rows    int64 `json:"rows"`
	Markers int64 `json:"markers"`
}

// line is one line of a file: either.
type line struct {
	Row  *openRow `json:"row,omitempty"`
	Done *stretch `json:"done,omitempty"`
}

// rowLine is how a line with a row begins, so that reading what was done need not
// decode the rows.
var rowLine = []byte(`{"row"`)

// writer writes the file of one worker.
type writer struct {
	file *os.File
	buf  *bufio.Writer
	enc  *json.Encoder
	end  int64 // behind the last stretch, in bytes
}

const filePerm, dirPerm = 0o600, 0o700

func (s store) writer() (*writer, error) {
	if err := os.MkdirAll(s.dir, dirPerm); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(s.dir, "list-*.jsonl")
	if err != nil {
		return nil, err
	}
	buf := bufio.NewWriterSize(f, 1<<16)
	return &writer{file: f, buf: buf, enc: json.NewEncoder(buf)}, nil
}

func (w *writer) row(r openRow) error { return w.enc.Encode(line{Row: &r}) }

// done ends a stretch; when it returns, the stretch outlives the program.
func (w *writer) done(s stretch) error {
	if err := w.enc.Encode(line{Done: &s}); err != nil {
		return err
	}
	if err := w.buf.Flush(); err != nil {
		return err
	}
	var err error
	if w.end, err = w.file.Seek(0, io.SeekCurrent); err != nil {
		return err
	}
	return w.file.Sync()
}

// unended moves the rows behind the last stretch into a file of their own.
func (w *writer) unended(file string) (err error) {
	if err := w.buf.Flush(); err != nil {
		return err
	}
	if _, err := w.file.Seek(w.end, io.SeekStart); err != nil {
		return err
	}
	to, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, filePerm) // #nosec G304: a file of the function's own
	if err != nil {
		return err
	}
	_, err = io.Copy(to, w.file)
	if err = errors.Join(err, to.Close(), w.file.Truncate(w.end)); err != nil {
		return err
	}
	_, err = w.file.Seek(w.end, io.SeekStart)
	return err
}

func (w *writer) close() error { return errors.Join(w.buf.Flush(), w.file.Close()) }

// stretches is all that was done, in the order of keys.
func (s store) stretches() ([]stretch, error) {
	files, err := filesOf(s.dir, "list-")
	if err != nil {
		return nil, err
	}
	var all []stretch
	for _, file := range files {
		of, err := stretchesOf(file)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		all = append(all, of...)
	}
	slices.SortFunc(all, func(a, b stretch) int { return strings.Compare(a.After, b.After) })
	return all, nil
}

// filesOf is the files of a folder whose names begin so. It is no pattern, because the
// folder's own name may look like one.
func filesOf(dir, begin string) (files []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), begin) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, err
}

func stretchesOf(file string) (all []stretch, err error) {
	f, err := os.Open(file) // #nosec G304: a file of the audit's own folder
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	in := bufio.NewReaderSize(f, 1<<16)
	for at, from := int64(0), int64(0); ; {
		text, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return all, nil // what comes after the last line end was cut off, and counts for nothing
		}
		if err != nil {
			return nil, err
		}
		at += int64(len(text))
		if bytes.HasPrefix(text, rowLine) {
			continue
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil || l.Done == nil {
			return nil, fmt.Errorf("byte %d: not a line of an audit", at-int64(len(text)))
		}
		done := *l.Done
		done.file, done.from, done.at = file, from, at-int64(len(text))
		done.Counts, done.Drawn, done.Scrub = nil, nil, scrubbed{} // whole reads them again: there may be tens of thousands of stretches
		all = append(all, done)
		from = at
	}
}

// whole is the stretch with its counts.
func (s stretch) whole() (stretch, error) {
	f, err := os.Open(s.file) // #nosec G304: a file of the audit's own folder
	if err != nil {
		return s, err
	}
	defer f.Close() //nolint:errcheck // read only
	if _, err := f.Seek(s.at, io.SeekStart); err != nil {
		return s, err
	}
	var l line
	if err := json.NewDecoder(f).Decode(&l); err != nil || l.Done == nil {
		return s, fmt.Errorf("read %s: a stretch is missing: %w", s.file, err)
	}
	return *l.Done, nil
}

// rows reads the rows of a stretch.
func (s stretch) rows(yield func(openRow) error) error {
	f, err := os.Open(s.file) // #nosec G304: a file of the audit's own folder
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // read only
	if _, err := f.Seek(s.from, io.SeekStart); err != nil {
		return err
	}
	dec := json.NewDecoder(bufio.NewReaderSize(f, 1<<16))
	for range s.Rows {
		var l line
		if err := dec.Decode(&l); err != nil || l.Row == nil {
			return fmt.Errorf("read %s: a row is missing: %w", s.file, err)
		}
		if err := yield(*l.Row); err != nil {
			return err
		}
	}
	return nil
}

// gaps is what of an interval is in none of the stretches, which are in order and within it.
func gaps(all []stretch, of interval) ([]interval, error) {
	var left []interval
	after, ended := of.After, false
	for _, s := range all {
		switch {
		case ended || s.After < after:
			return nil, errors.New("two stretches of the audit's folder overlap: start the audit anew")
		case s.After > after:
			left = append(left, interval{after, s.After})
		}
		after, ended = s.Upto, s.Upto == of.Upto
	}
	if !ended {
		left = append(left, interval{after, of.Upto})
	}
	return left, nil
}
