package asl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// spool is a file of a Map Run that only grows. Its size is part of the
// execution's progress: whoever goes on drops what was written after that, because
// it will be written again.
type spool struct {
	name string
	size int64
	file *os.File // nil until it is used
}

// spool is the Map Run's file of a name. Each redrive has files of its own for
// what failed.
func (r *mapRun) spool(kind string) *spool {
	if kind == succeededObject {
		return r.spoolOf(kind, 0)
	}
	return r.spoolOf(kind, r.info.Redrives)
}

func (r *mapRun) spoolOf(kind string, redrive int) *spool {
	return &spool{name: filepath.Join(r.given.Dir, fmt.Sprintf("%s-%s-%d", r.id, kind, redrive))}
}

func (s *spool) open() error {
	if s.file != nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(s.name), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(s.name, os.O_RDWR|os.O_CREATE, 0o600) // #nosec G304: in the execution's own folder
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && info.Size() < s.size {
		err = fmt.Errorf("%s has %d bytes of the %d that were written: the execution can't go on without them", s.name, info.Size(), s.size)
	}
	if err == nil {
		err = file.Truncate(s.size)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	s.file = file
	return nil
}

func (s *spool) write(text string) error {
	if err := s.open(); err != nil {
		return err
	}
	if _, err := s.file.WriteAt([]byte(text), s.size); err != nil {
		return err
	}
	s.size += int64(len(text))
	return nil
}

// ended is all that was written, and last. More can be written where last begins.
func (s *spool) ended(last string) (body io.ReadSeeker, size int64, err error) {
	if err := s.open(); err != nil {
		return nil, 0, err
	}
	if _, err := s.file.WriteAt([]byte(last), s.size); err != nil {
		return nil, 0, err
	}
	size = s.size + int64(len(last))
	return io.NewSectionReader(s.file, 0, size), size, nil
}

// release closes the file, which stays.
func (s *spool) release() {
	if s.file != nil {
		_ = s.file.Close() // all that counts was read, or is read again by whoever goes on
		s.file = nil
	}
}
