package s3

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"autobackup/local/store"
)

// Making a file costs more than storing 4 KiB, so short bodies stay in memory,
// up to a bound for all of them together.
const (
	shortBody   = 16 << 10 // bytes
	memoryBound = 64 << 20 // bytes
)

// files keeps object bytes: in one file per part, or in memory.
type files struct {
	dir      string
	kept     bool          // nothing is in memory alone
	records  *store.Store  // that name files; nil: none do
	last     atomic.Uint64 // number of the last file
	inMemory atomic.Int64  // bytes
	mu       sync.Mutex
	gone     []string // files that no record will name
}

// remove removes a file. One that can't be removed is left for Close. Where records name
// files, it goes after the record that named it.
func (f *files) remove(path string) {
	if !f.kept {
		_ = os.Remove(path)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone = append(f.gone, path)
}

// sweep removes what remove left.
func (f *files) sweep() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, path := range f.gone {
		_ = os.Remove(path) // Load finds it again
	}
	f.gone = nil
}

// store keeps what fill writes, which is about size bytes; fill returns the part
// without its place. Nothing is left behind when it fails.
func (f *files) store(size int64, fill func(io.Writer) (part, error)) (part, error) {
	if size > shortBody || f.kept {
		return f.storeFile(fill)
	}
	if f.inMemory.Add(size) > memoryBound {
		f.inMemory.Add(-size)
		return f.storeFile(fill)
	}
	data := bytes.NewBuffer(make([]byte, 0, size))
	p, err := fill(data)
	if err != nil {
		f.inMemory.Add(-size)
		return part{}, err
	}
	p.data, p.remove = data.Bytes(), func() { f.inMemory.Add(-size) }
	return p, nil
}

func (f *files) storeFile(fill func(io.Writer) (part, error)) (part, error) {
	file, err := os.Create(fmt.Sprintf("%s/%d", f.dir, f.last.Add(1)))
	if err != nil {
		return part{}, fmt.Errorf("store object bytes: %w", err)
	}
	var p part
	if err := f.records.Whole(file, func(w io.Writer) (err error) { p, err = fill(w); return err }); err != nil {
		return part{}, err
	}
	p.path, p.remove = file.Name(), func() { f.remove(file.Name()) }
	return p, nil
}
