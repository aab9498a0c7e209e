package audit

import (
	"fmt"
	"os"
	"path/filepath"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/report"
)

// workFolder is the part of the folder that is there while an audit is under way.
const workFolder = "work"

// begin is a new audit, or what the folder holds of one.
func (o Options) begin() (state, error) {
	if o.Resume {
		s, err := o.goOn()
		if o.Output != "" {
			s.Plan.Output = o.Output
		}
		return s, err
	}
	if _, err := os.Stat(filepath.Join(o.Folder, stateFile)); err == nil {
		return state{}, fmt.Errorf("%s holds an audit already: go on with --resume %s, or name another folder", o.Folder, o.Folder)
	}
	return state{Plan: o.Plan}, nil
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
