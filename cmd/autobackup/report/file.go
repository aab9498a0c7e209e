package report

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
)

// file is written beside its place and put there once it is complete, so that nobody
// reads half of it.
type file struct {
	*bufio.Writer
	path string
	temp *os.File
	sum  hash.Hash
}

func create(folder, name string) (*file, error) {
	temp, err := os.CreateTemp(folder, "."+name+".*") // which only the owner may read
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	f := &file{path: filepath.Join(folder, name), temp: temp, sum: sha256.New()}
	f.Writer = bufio.NewWriterSize(both{temp, f.sum}, 64<<10)
	return f, nil
}

// both writes to the file and its sum.
type both struct {
	file *os.File
	sum  hash.Hash
}

// Write implements io.Writer.
func (b both) Write(p []byte) (int, error) {
	n, err := b.file.Write(p)
	b.sum.Write(p[:n])
	return n, err
}

// done puts the file in its place and answers its line of SHA256SUMS.
func (f *file) done() (string, error) {
	err := errors.Join(f.Flush(), f.temp.Sync(), f.temp.Close())
	if err == nil {
		err = os.Rename(f.temp.Name(), f.path)
	}
	if err != nil {
		return "", fmt.Errorf("write %s: %w", f.path, err)
	}
	return hex.EncodeToString(f.sum.Sum(nil)) + "  " + filepath.Base(f.path) + "\n", nil
}

// drop removes a file that is not in its place; of one that is, it does nothing.
func (f *file) drop() {
	_ = f.temp.Close()
	_ = os.Remove(f.temp.Name())
}
