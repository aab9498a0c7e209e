package serve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"autobackup/local"
	"autobackup/local/clock"
	"autobackup/local/store"
)

// folder is where everything lies.
type folder struct {
	dir          string
	*store.Store // nil: nothing is kept
}

// code is a new folder for the functions' executables, which are built at every start.
func (f folder) code() string {
	for n := 1; ; n++ {
		folder := filepath.Join(f.dir, "functions", strconv.Itoa(n))
		if _, err := os.Stat(folder); err != nil {
			return folder
		}
	}
}

// spoilt is what to do about a folder whose store can't be read.
const spoilt = "put back a copy of the folder, or name another one"

// folder opens the one that is named, or makes one for as long as this runs. A folder with
// anything else in it stays as it is.
func (o Options) folder() (f folder, err error) {
	if o.Dir == "" {
		if f.dir, err = os.MkdirTemp("", "autobackup-serve-"); err != nil {
			return f, fmt.Errorf("make a folder for the stacks' data: %w", err)
		}
		return f, nil
	}
	if f.dir, err = filepath.Abs(o.Dir); err != nil {
		return f, err
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return f, fmt.Errorf("make a folder for the stacks' data: %w: name one that can be made", err)
	}
	inside, err := os.ReadDir(f.dir)
	if err != nil {
		return f, fmt.Errorf("keep everything: %w", err)
	}
	switch kept, err := os.Stat(filepath.Join(f.dir, store.File)); {
	case len(inside) > 0 && errors.Is(err, os.ErrNotExist):
		return f, fmt.Errorf("keep everything in %s: it holds something else: name an empty folder, one that is not there, or one of an earlier serve", o.Dir)
	case len(inside) > 1 && err == nil && kept.Size() == 0: // it would be taken for a new one, and what nothing names is removed
		return f, fmt.Errorf("keep everything in %s: %s is empty, and what lies beside it is of an earlier serve: %s", o.Dir, store.File, spoilt)
	}
	if f.Store, err = store.Open(f.dir); errors.Is(err, store.ErrInUse) {
		return f, fmt.Errorf("keep everything in %s: another autobackup serve has this folder: stop it, or name another folder", o.Dir)
	}
	if err != nil {
		return f, fmt.Errorf("keep everything in %s: %w: %s", o.Dir, err, spoilt)
	}
	if err := local.CheckStore(f.Store, account); err != nil {
		return f, errors.Join(fmt.Errorf("go on in %s: %w", o.Dir, err), f.Close())
	}
	for _, left := range []string{"functions", "trial-*"} { // by a serve that was killed
		found, _ := filepath.Glob(filepath.Join(f.dir, left)) // the patterns are right
		for _, one := range found {
			if err := os.RemoveAll(one); err != nil {
				return f, errors.Join(fmt.Errorf("go on in %s: %w", o.Dir, err), f.Close())
			}
		}
	}
	return f, nil
}

// times has a clock go on where that of the serve before was, which may have run ahead, and
// what is written have its time.
func (f folder) times(clk *clock.Clock) error {
	if f.Store == nil {
		return nil
	}
	last, err := f.Written()
	if err != nil {
		return fmt.Errorf("go on in %s: %w", f.dir, err)
	}
	clk.NotBefore(last)
	f.Now = clk.Now
	return nil
}

// load has a stack know what the serve before came to.
func (f folder) load(stack *local.Stack) error {
	if f.Store != nil {
		if err := stack.Load(); err != nil {
			return fmt.Errorf("go on in %s: %w", f.dir, err)
		}
	}
	if err := os.MkdirAll(stack.Outbox(), 0o750); err != nil {
		return fmt.Errorf("make a folder for e-mails: %w", err)
	}
	return nil
}

// whileWritten ends when nothing can be written any more, too.
func (f folder) whileWritten(ctx context.Context) context.Context {
	ctx, stop := context.WithCancel(ctx)
	go func() {
		defer stop()
		select {
		case <-f.Failed():
		case <-ctx.Done():
		}
	}()
	return ctx
}

// close closes the folder. One that nobody named goes.
func (f folder) close() error {
	if f.Store != nil {
		return errors.Join(f.Close(), os.RemoveAll(filepath.Join(f.dir, "functions")))
	}
	return os.RemoveAll(f.dir)
}
