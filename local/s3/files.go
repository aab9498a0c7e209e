package s3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
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
	last     atomic.Uint64 // number of the last file
	inMemory atomic.Int64  // bytes
}

// store keeps what fill writes, which is about size bytes; fill returns the part
// without its place. Nothing is left behind when it fails.
func (f *files) store(size int64, fill func(io.Writer) (part, error)) (part, error) {
	if size > shortBody {
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
	p, err := fill(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return part{}, errors.Join(err, os.Remove(file.Name()))
	}
	// A file that can't be removed is left for Close.
	p.path, p.remove = file.Name(), func() { _ = os.Remove(file.Name()) }
	return p, nil
}
