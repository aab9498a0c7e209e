// Package store keeps the records of the local stack in a folder: what a service tells it,
// it has again after the program was stopped, or killed.
//
// A record has a kind and a key, and is JSON. A service writes all that a call changed in one
// transaction, before it answers: see Lock. bbolt has either all of it or nothing.
package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// File is the name of the store in its folder.
const File = "stack.db"

// patience is how long another program may take to let go of the store.
const patience = time.Second

// ErrInUse says that another program has the store.
var ErrInUse = errors.New("another program has it open")

// Store is an open store. A nil one keeps nothing.
type Store struct {
	// Now, if set before the first write, tells the time, which is kept with what is written.
	Now func() time.Time
	// Fsync, if set before the first file, has a file or a folder on the disk, in the place of
	// (*os.File).Sync.
	Fsync func(*os.File) error

	db     *bolt.DB
	broken atomic.Pointer[error]
	failed chan struct{} // closed once it is broken
	once   sync.Once
}

// Open opens the store in a folder, which is there, or makes one.
func Open(dir string) (*Store, error) {
	db, err := bolt.Open(filepath.Join(dir, File), 0o600, &bolt.Options{Timeout: patience, FreelistType: bolt.FreelistMapType})
	if errors.Is(err, berrors.ErrTimeout) {
		err = ErrInUse
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", filepath.Join(dir, File), err)
	}
	s := &Store{db: db, failed: make(chan struct{})}
	if err := errors.Join(s.SyncName(db.Path()), s.SyncName(dir)); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", db.Path(), err), db.Close())
	}
	return s, nil
}

// Close closes the store.
func (s *Store) Close() error {
	if s == nil {
		return nil
	}
	return s.db.Close()
}

// Broken says why something could not be written: from then on nothing is, and no answer may
// say that it was.
func (s *Store) Broken() error {
	if s == nil {
		return nil
	}
	if err := s.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// Failed is closed once the store is broken. That of a nil one never is.
func (s *Store) Failed() <-chan struct{} {
	if s == nil {
		return nil
	}
	return s.failed
}

func (s *Store) breaks(err error) {
	s.once.Do(func() {
		err = fmt.Errorf("write %s: %w", s.db.Path(), err)
		s.broken.Store(&err)
		close(s.failed)
	})
}

// Record names a record.
type Record struct{ Kind, Key string }

// Write writes records, all or none. The value of one that is to be gone is nil.
func (s *Store) Write(records map[Record]any) {
	if s == nil || len(records) == 0 || s.Broken() != nil {
		return
	}
	err := s.db.Update(func(tx *bolt.Tx) error {
		if s.Now != nil {
			if err := write(tx, Record{Kind: keptTime}, s.Now()); err != nil {
				return err
			}
		}
		for r, value := range records {
			if err := write(tx, r, value); err != nil {
				return fmt.Errorf("%s %q: %w", r.Kind, r.Key, err)
			}
		}
		return nil
	})
	if err != nil {
		s.breaks(err)
	}
}

// keptTime is the kind of the record that says when something was written last.
const keptTime = "time"

// Written is when something was written last; the zero time where nothing was.
func (s *Store) Written() (at time.Time, err error) {
	err = Each(s, keptTime, func(_ string, last time.Time) error { at = last; return nil })
	return at, err
}

func write(tx *bolt.Tx, r Record, value any) error {
	kind, err := tx.CreateBucketIfNotExists([]byte(r.Kind))
	if err != nil {
		return err
	}
	if value == nil {
		return kind.Delete(key(r.Key))
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return kind.Put(key(r.Key), text)
}

// key is a record's key in bbolt, which takes no empty one.
func key(name string) []byte { return append([]byte{'/'}, name...) }

// Each reads all records of a kind, in the order of their keys, as values of a type.
func Each[T any](s *Store, kind string, f func(key string, value T) error) error {
	if s == nil {
		return nil
	}
	return s.db.View(func(tx *bolt.Tx) error {
		all := tx.Bucket([]byte(kind))
		if all == nil {
			return nil
		}
		return all.ForEach(func(k, text []byte) error {
			var value T
			if err := json.Unmarshal(text, &value); err != nil {
				return fmt.Errorf("read %s %q: %w", kind, k[1:], err)
			}
			if err := f(string(k[1:]), value); err != nil {
				return fmt.Errorf("read %s %q: %w", kind, k[1:], err)
			}
			return nil
		})
	})
}

// Lock is a service's lock. What the service changed while it had it is in the store before
// anybody else has it, or an answer is given.
type Lock struct {
	sync.Mutex
	Store *Store // nil: nothing is kept
	// Written, if set, is called when the lock is let go and everything is written, unless
	// the store is broken.
	Written func()
	changed map[Record]func() any
}

// Changed notes that a record changes. What it is, value says when the lock is let go: nil, once
// it is gone.
func (l *Lock) Changed(kind, key string, value func() any) {
	if l.Store == nil {
		return
	}
	if l.changed == nil {
		l.changed = map[Record]func() any{}
	}
	l.changed[Record{kind, key}] = value
}

// Unlock writes what changed, and lets the lock go.
func (l *Lock) Unlock() {
	if len(l.changed) > 0 {
		records := make(map[Record]any, len(l.changed))
		for r, value := range l.changed {
			records[r] = value()
		}
		clear(l.changed)
		l.Store.Write(records)
	}
	if l.Written != nil && l.Store.Broken() == nil {
		l.Written()
	}
	l.Mutex.Unlock()
}
