package states

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/local/asl"
	"autobackup/local/store"
)

// retention is how long the service keeps an execution that has ended.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const retention = 90 * 24 * time.Hour

// place is where an execution's record lies in the archive.
type place struct {
	file   string
	offset int64
	size   int
}

// record is all there is to know of an execution. The archive has those that have
// ended, one a line, in a file for each day that is removed as a whole.
type record struct {
	Machine, Name  string
	Input          string
	Started, Ended time.Time
	Status         types.ExecutionStatus
	Redrives       int       `json:",omitempty"`
	Redriven       time.Time `json:",omitzero"`
	Version        string    `json:",omitempty"` // of the state machine that it began with
	Result         *asl.Result
	Progress       *asl.Progress        `json:",omitempty"` // unless it succeeded
	Events         []types.HistoryEvent `json:",omitempty"` // with Config.KeepHistory
}

// putAway moves an execution that has ended out of memory, and its record with it; s.mu is held.
func (s *Service) putAway(e *execution, l *live) {
	r := l.record(e)
	r.Events = l.events
	if e.status == types.ExecutionStatusSucceeded {
		_ = os.RemoveAll(s.folder(e.id)) // what is left there disturbs nobody
	} else {
		p := l.run.Progress()
		p.Result = nil // it is in the record
		r.Progress = &p
	}
	place, err := s.archive.add(r, s.mu.Store)
	if err != nil { // and its record stays, by which it goes on after a stop
		s.failed(fmt.Errorf("write down execution %s, which stays in memory: %w", e.arn(), err))
		return
	}
	e.place, e.live = place, nil
	s.keepNone(e, l)
	s.forget(e.ended.Add(-retention))
}

func (l *live) record(e *execution) record {
	return record{Machine: e.machine, Name: e.name, Input: string(l.input), Started: e.started, Ended: e.ended, Status: e.status,
		Redrives: e.redrives, Redriven: e.redriven, Version: e.version, Result: l.result}
}

// record is all there is to know of an execution; s.mu is held.
func (s *Service) record(e *execution) (record, error) {
	if e.live != nil {
		r := e.live.record(e)
		r.Events = e.live.events
		if r.Result != nil { // it could not be written down
			p := e.live.run.Progress()
			r.Progress = &p
		}
		return r, nil
	}
	r, err := s.archive.read(e.place)
	if err != nil {
		return r, fmt.Errorf("read execution %s: %w", e.arn(), err)
	}
	r.Result.Start, r.Result.Stop = r.Result.Start.Local(), r.Result.Stop.Local() // as they were
	if r.Progress != nil {
		r.Progress.Result = r.Result
	}
	return r, nil
}

// forget drops what ended before, when that is a day more than the last time; s.mu is
// held.
func (s *Service) forget(before time.Time) {
	day := before.UTC().Format(time.DateOnly)
	if day <= s.forgotten {
		return
	}
	s.forgotten = day
	s.executions = slices.DeleteFunc(s.executions, func(e *execution) bool {
		old := e.live == nil && e.ended.Before(before)
		if old {
			delete(s.byID, e.id)
			_ = os.RemoveAll(s.folder(e.id)) // what is left there disturbs nobody
		}
		return old
	})
	for arn, run := range s.mapRuns {
		if !run.Stop.IsZero() && run.Stop.Before(before) {
			delete(s.mapRuns, arn)
			s.keepMapRun(arn)
		}
	}
	if err := s.archive.forget(day); err != nil {
		s.failed(err)
	}
}

func (s *Service) failed(err error) {
	if s.Failed != nil {
		s.Failed(fmt.Errorf("step functions: %w", err))
	}
}

// archive is a folder of files to which lines are added. Its owner has a lock.
type archive struct {
	dir  string
	file *os.File // that of the last line
	size int64
}

const extension = ".jsonl"

// add adds a line. With a store it is on the disk then, as the record that it takes the place of
// goes.
func (a *archive) add(r record, with *store.Store) (p place, err error) {
	line, err := json.Marshal(r)
	if err != nil {
		return p, err
	}
	if err := a.open(r.Ended.UTC().Format(time.DateOnly)+extension, with); err != nil {
		return p, err
	}
	line = append(line, '\n')
	if _, err := a.file.WriteAt(line, a.size); err != nil {
		return p, err
	}
	if err := with.Sync(a.file); err != nil {
		return p, err
	}
	p = place{file: filepath.Base(a.file.Name()), offset: a.size, size: len(line)}
	a.size += int64(len(line))
	return p, nil
}

// open makes a file the one that lines are added to.
func (a *archive) open(name string, with *store.Store) error {
	if a.file != nil && filepath.Base(a.file.Name()) == name {
		return nil
	}
	a.close()
	if err := with.Folder(a.dir); err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(a.dir, name), os.O_RDWR|os.O_CREATE, 0o600) // #nosec G304: in the stack's own folder
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil {
		err = with.SyncName(file.Name())
	}
	if err != nil {
		_ = file.Close() // nothing was written
		return err
	}
	a.file, a.size = file, info.Size()
	return nil
}

func (a *archive) read(p place) (r record, err error) {
	file := a.file
	if file == nil || filepath.Base(file.Name()) != p.file {
		if file, err = os.Open(filepath.Join(a.dir, p.file)); err != nil { // #nosec G304: in the stack's own folder
			return r, err
		}
		defer func() { _ = file.Close() }() // it was only read
	}
	line := make([]byte, p.size)
	if _, err := file.ReadAt(line, p.offset); err != nil {
		return r, err
	}
	err = json.Unmarshal(line, &r)
	return r, err
}

// forget removes the files of days before one.
func (a *archive) forget(day string) error {
	files, err := os.ReadDir(a.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil // nothing has ended yet
	}
	if err != nil {
		return err
	}
	for _, file := range files {
		if file.Name() >= day {
			break // they are sorted
		}
		if err := os.Remove(filepath.Join(a.dir, file.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (a *archive) close() {
	if a.file != nil {
		_ = a.file.Close() // each line was written at once
		a.file = nil
	}
}
