package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"autobackup/internal/keep"
)

const (
	atOnce = 16 // objects that are read
	// slack is by how much the clocks of people's machines may differ: names have their time.
	slack = 24 * time.Hour
)

// Entry is a message of an execution.
type Entry struct{ Execution, Message string }

// Retried are the messages of executions that were sent since a time. A page that does not read as
// one counts for nothing: its messages are rather sent again. One that can't be read is an error.
func Retried(ctx context.Context, s keep.Store, since time.Time) (map[Entry]bool, error) {
	all, err := s.List(ctx, Root, after(since))
	if err != nil {
		return nil, fmt.Errorf("read what was retried before: %w", err)
	}
	var names []string
	for _, o := range all {
		if strings.HasSuffix(o.Name, "-"+Executions+".json") {
			names = append(names, o.Name)
		}
	}
	known, lock := map[Entry]bool{}, sync.Mutex{}
	err = each(ctx, s, names, func(_ string, content []byte) {
		var page []Message
		if json.Unmarshal(content, &page) != nil {
			return
		}
		lock.Lock()
		defer lock.Unlock()
		for _, m := range page {
			known[Entry{m.From, m.ID}] = true
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read what was retried before: %w", err)
	}
	return known, nil
}

// Done is an operation as it is on record.
type Done struct {
	ID    string `json:"id"`
	Begin Begin  `json:"begin"`
	Pages int    `json:"pages"`         // of messages that are on record
	End   *End   `json:"end,omitempty"` // nil: it is under way, or its program was killed
}

// Since are the operations since a time, the last first.
func Since(ctx context.Context, s keep.Store, since time.Time) ([]Done, error) {
	all, err := s.List(ctx, Root, after(since))
	if err != nil {
		return nil, fmt.Errorf("read what was done: %w", err)
	}
	of, ids, names := map[string]*Done{}, []string{}, []string{}
	for _, o := range all {
		id, name, _ := strings.Cut(strings.TrimPrefix(o.Name, Root), "/")
		if of[id] == nil {
			of[id], ids = &Done{ID: id}, append(ids, id)
		}
		if name == "begin.json" || name == "end.json" {
			names = append(names, o.Name)
			continue
		}
		of[id].Pages++
	}
	lock := sync.Mutex{}
	err = each(ctx, s, names, func(name string, content []byte) {
		lock.Lock()
		defer lock.Unlock()
		id, name, _ := strings.Cut(strings.TrimPrefix(name, Root), "/")
		if name == "begin.json" {
			_ = json.Unmarshal(content, &of[id].Begin) // what doesn't read shows as not known
			return
		}
		end := End{}
		if json.Unmarshal(content, &end) == nil {
			of[id].End = &end
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read what was done: %w", err)
	}
	done := []Done{}
	for i := len(ids) - 1; i >= 0; i-- {
		if d := of[ids[i]]; !d.Begin.At.Before(since) || d.Begin.At.IsZero() {
			done = append(done, *d)
		}
	}
	return done, nil
}

// after is the name that all operations since a time come after.
func after(since time.Time) string { return Root + since.Add(-slack).UTC().Format(form) }

// each reads objects, some at once.
func each(ctx context.Context, s keep.Store, names []string, read func(name string, content []byte)) error {
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, name := range names {
		group.Go(func() error {
			r, err := s.Open(within, name)
			if errors.Is(err, fs.ErrNotExist) { // lifecycle has just removed it, or it has no name of this package
				return nil
			}
			if err != nil {
				return err
			}
			defer r.Close() //nolint:errcheck // only read
			content, err := io.ReadAll(r)
			if err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
			read(name, content)
			return nil
		})
	}
	return group.Wait()
}
