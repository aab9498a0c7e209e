package accept

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"
	"github.com/gofrs/flock"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
)

// File is where entries are kept unless somebody names another: beside what people
// keep under version control.
const File = "autobackup-accepted.json"

// file is what stands in it.
type file struct {
	Accepted []audit.Acceptance `json:"accepted"`
}

// Named is the file that an audit reads: the one that somebody named, which must be
// there, or else File in the current folder, which need not.
func Named(name string) (path string, err error) {
	if name == "" {
		return filepath.Abs(File)
	}
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read what is accepted: %s: there is no such file: name one that autobackup accept wrote, or none", name)
	}
	return filepath.Abs(name)
}

// Read reads the entries; none where no file is named or none is there. A name that it
// does not know is refused, because a mistyped one would silently mean nothing.
func Read(path string) ([]audit.Acceptance, error) {
	if path == "" {
		return nil, nil
	}
	content, err := os.ReadFile(path) // #nosec G304: the file that somebody named
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var f file
	if err == nil {
		if err = json.Unmarshal(content, &f, json.RejectUnknownMembers(true)); err != nil {
			err = broken(content, err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read what is accepted: %s: %w", path, err)
	}
	for i, a := range f.Accepted {
		if err := check(a); err != nil {
			return nil, fmt.Errorf("read what is accepted: %s: entry %d: %w", path, i+1, err)
		}
	}
	return f.Accepted, nil
}

// write puts the file in its place once it is complete, so that no audit reads half of
// it. Who could read the file before still can.
func write(path string, entries []audit.Acceptance) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write what is accepted: %w", err)
		}
	}()
	mode := fs.FileMode(newFile)
	if before, err := os.Stat(path); err == nil {
		mode = before.Mode().Perm()
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) //nolint:errcheck // it is gone, or there is nothing to be done
	err = errors.Join(report.Indented(temp, file{entries}), temp.Chmod(mode), temp.Sync(), temp.Close())
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

// followed is the file that a link leads to: the link stays.
func followed(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// alone waits until nobody else adds to the file: of two who read it at once, the second would write
// it without what the first has added. The folder is locked, as the file is another one with each
// writing, and nothing is left behind beside it.
func alone(path string) (unlock func(), err error) {
	lock := flock.New(filepath.Dir(path), flock.SetFlag(os.O_RDONLY))
	if err := lock.Lock(); err != nil {
		return nil, fmt.Errorf("write what is accepted: lock the folder of the file: %w", err)
	}
	return func() { _ = lock.Close() }, nil // which ends with the process at the latest
}

// newFile is who may read a new file: everybody who works on the repository it is in.
const newFile = 0o644
