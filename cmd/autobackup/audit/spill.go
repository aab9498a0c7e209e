package audit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cespare/xxhash/v2"

	"autobackup/internal/audit"
)

// shares is into how many files the rows of one key are spread: a key of ten million
// versions makes shares of some 160,000.
const shares = 64

// spill keeps rows on disk, in files that are removed when they were read.
type spill struct {
	dir   string
	files [shares]*os.File
	bufs  [shares]*bufio.Writer
}

type spilled struct {
	Row     audit.Row
	Replica bool
}

// Put implements audit.Spill.
func (s *spill) Put(row audit.Row, replica bool) error {
	i := xxhash.Sum64String(row.VersionID) % shares
	if s.files[i] == nil {
		if err := os.MkdirAll(s.dir, dirPerm); err != nil {
			return err
		}
		f, err := os.CreateTemp(s.dir, "spill-*.jsonl")
		if err != nil {
			return err
		}
		s.files[i], s.bufs[i] = f, bufio.NewWriter(f)
	}
	return json.NewEncoder(s.bufs[i]).Encode(spilled{row, replica})
}

// Each implements audit.Spill.
func (s *spill) Each(share func(primary, replica []audit.Row) error) error {
	var err error
	for i := range s.files {
		if s.files[i] == nil {
			continue
		}
		if err == nil {
			err = s.one(i, share)
		}
		err = errors.Join(err, s.files[i].Close(), os.Remove(s.files[i].Name()))
		s.files[i], s.bufs[i] = nil, nil
	}
	return err
}

func (s *spill) one(i int, share func(primary, replica []audit.Row) error) error {
	if err := s.bufs[i].Flush(); err != nil {
		return err
	}
	if _, err := s.files[i].Seek(0, io.SeekStart); err != nil {
		return err
	}
	var sides [2][]audit.Row
	for dec := json.NewDecoder(bufio.NewReader(s.files[i])); ; {
		var row spilled
		switch err := dec.Decode(&row); {
		case errors.Is(err, io.EOF):
			return share(sides[0], sides[1])
		case err != nil:
			return fmt.Errorf("read %s: %w", s.files[i].Name(), err)
		case row.Replica:
			sides[1] = append(sides[1], row.Row)
		default:
			sides[0] = append(sides[0], row.Row)
		}
	}
}

// clearSpills removes what a stopped audit left.
func clearSpills(dir string) error {
	left, err := filesOf(dir, "spill-")
	for _, file := range left {
		err = errors.Join(err, os.Remove(file))
	}
	return err
}
