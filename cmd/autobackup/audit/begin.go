package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/report"
)

// workFolder is the part of the folder that is there while an audit is under way.
const workFolder = "work"

// lockFile is locked while an audit works in the folder: two would spoil what the other
// keeps.
const lockFile = "audit.lock"

// claim makes the folder and locks it until it is released. A folder that was made for an
// audit of which nothing is kept goes again.
func (o Options) claim() (release func(done bool) error, err error) {
	_, absent := os.Stat(o.Folder)
	if err := os.MkdirAll(o.Folder, dirPerm); err != nil {
		return nil, fmt.Errorf("make the audit's folder: %w", err)
	}
	file := flock.New(filepath.Join(o.Folder, lockFile), flock.SetPermissions(filePerm))
	switch locked, err := file.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("lock the audit's folder: %w", err)
	case !locked:
		return nil, fmt.Errorf("an audit is at work in %s: wait for it, or name another folder", o.Folder)
	}
	return func(done bool) error {
		err := errors.Join(os.Remove(file.Path()), file.Close())
		if absent != nil && !done {
			_ = os.Remove(o.Folder) // which takes away empty folders only
		}
		return err
	}, nil
}

// begin is a new audit, or what the folder holds of one.
func (o Options) begin() (state, error) {
	if o.Resume {
		s, err := o.goOn()
		if o.Output != "" {
			s.Plan.Output = o.Output
		}
		if o.Budget.Dollars > 0 || o.Budget.Agreed {
			s.Dollars = o.Budget.Dollars
		}
		return s, err
	}
	if _, err := os.Stat(filepath.Join(o.Folder, stateFile)); err == nil {
		return state{}, fmt.Errorf("%s holds an audit already: go on with --resume %s, or name another folder", o.Folder, o.Folder)
	}
	return state{Plan: o.Plan, Dollars: o.Budget.Dollars}, nil
}

// untouched refuses to have a report written into a bucket that is audited: nothing is
// written there, and the next audit would find it.
func (p Plan) untouched(pairs []*pair.Pair) error {
	if p.Output == "" {
		return nil
	}
	to, err := pair.ParseAddress(p.Output)
	for _, of := range pairs {
		if err == nil && (of.Primary.Bucket == to.Bucket || of.Replica.Bucket == to.Bucket) {
			err = fmt.Errorf("--output %s: the bucket is audited, and nothing is written there: name another", p.Output)
		}
	}
	return err
}

// Resumable says whether the folder holds an audit that can go on.
func Resumable(folder string) bool {
	_, err := Options{Folder: folder}.goOn()
	return err == nil
}

// goOn reads what the folder holds of an audit that is not finished.
func (o Options) goOn() (state, error) {
	_, written := os.Stat(filepath.Join(o.Folder, report.JSONFile))
	_, working := os.Stat(filepath.Join(o.Folder, workFolder))
	if written == nil && working != nil {
		return state{}, fmt.Errorf("the audit in %s is finished, and %s is its report: start a new one", o.Folder, filepath.Join(o.Folder, report.PageFile))
	}
	return readState(o.Folder)
}

func describe(pairs []*pair.Pair) (all []sides) {
	for _, p := range pairs {
		all = append(all, sides{p.Primary.SideReport, p.Replica.SideReport})
	}
	return all
}

// save keeps what was spent so far, so that whoever goes on knows.
func (a *auditor) save() error {
	a.state.Sent, a.state.Bytes, a.state.Agreed = a.pace.Sent(), a.budget.bytes.Load(), a.budget.agreed.Load()
	return a.state.write(a.Folder)
}
