package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Sync has what was written to a file on the disk, which is before a record names it or what it
// has in the place of another is gone. Without a store nothing is kept, and nothing is synced.
func (s *Store) Sync(file *os.File) error {
	if s == nil {
		return nil
	}
	fsync := s.Fsync
	if fsync == nil {
		fsync = (*os.File).Sync
	}
	if err := fsync(file); err != nil {
		return fmt.Errorf("have %s on the disk: %w", file.Name(), err)
	}
	return nil
}

// SyncName has the name of a new file or folder on the disk, which is in the folder around it.
func (s *Store) SyncName(path string) error {
	if s == nil {
		return nil
	}
	around, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(s.Sync(around), around.Close())
}

// Whole has a new file, with what fill writes to it, on the disk before a record names it, and closes
// it. Where that fails, the file is removed.
func (s *Store) Whole(file *os.File, fill func(io.Writer) error) error {
	err := fill(file)
	if err == nil {
		err = s.Sync(file)
	}
	if err == nil {
		err = s.SyncName(file.Name())
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// Folder makes a folder for files that records name, unless it is there.
func (s *Store) Folder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	return s.SyncName(path)
}
