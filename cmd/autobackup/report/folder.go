package report

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder is one that others can be given. Its files are put in their places once all are
// complete, and their checksums last: where those are, nothing is half written.
type Folder struct {
	path  string
	files []*file
}

// NewFolder makes the folder where it is not there, which then only its owner may read, and
// takes away what would vouch for the files of a run before, and what else is named.
func NewFolder(path string, stale ...string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	for _, name := range append(stale, SumsFile) {
		if err := os.Remove(filepath.Join(path, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return &Folder{path: path}, nil
}

// Create makes a file that is put in its place by Done.
func (f *Folder) Create(name string) (io.Writer, error) { return f.create(name) }

func (f *Folder) create(name string) (*file, error) {
	made, err := create(f.path, name)
	if err == nil {
		f.files = append(f.files, made)
	}
	return made, err
}

// Done puts all files in their places, and then their checksums, in the format of sha256sum.
func (f *Folder) Done() error {
	var all string
	for _, one := range f.files {
		line, err := one.done()
		if err != nil {
			return err
		}
		all += line
	}
	sums, err := create(f.path, SumsFile)
	if err != nil {
		return err
	}
	defer sums.drop()
	if _, err := sums.WriteString(all); err != nil {
		return err
	}
	_, err = sums.done()
	return err
}

// Drop removes what is not in its place; of what is, it does nothing.
func (f *Folder) Drop() {
	for _, one := range f.files {
		one.drop()
	}
}
