package attach

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"

	"autobackup/internal/attach"
	"autobackup/internal/shell"
	"autobackup/internal/text"
)

// file is a plan that somebody reviews before somebody applies it.
type file struct {
	Version int          `json:"version"`
	Stage   attach.Stage `json:"stage"`
	Buckets []planned    `json:"buckets"`
}

// planned is what is to be done to a bucket, in the words of the screen and as it is
// written, and everything that was seen of it.
type planned struct {
	Bucket string               `json:"bucket"`
	Lines  []attach.Line        `json:"lines"`
	Was    attach.Configuration `json:"was"`
	Change attach.Change        `json:"change"`
	Facts  any                  `json:"facts"`
}

const fileVersion = 3

// plan writes what can be changed into a file, which must be new: what stands there may be
// a plan that somebody has reviewed.
func (r *Report) plan(name string) error {
	f := file{Version: fileVersion, Stage: r.Stage}
	for _, b := range r.open(true) {
		f.Buckets = append(f.Buckets, planned{b.Bucket, b.Lines, b.Was, b.Change, b.Facts})
		b.Outcome, b.well = "planned", true
	}
	for _, b := range r.Buckets {
		if !b.well && b.State != attach.Attached {
			b.Failed, b.Outcome = true, "not planned: "+string(b.State)
		}
	}
	if len(f.Buckets) == 0 {
		r.Changes = "nothing was changed, and no plan written: " + r.nothing()
		return nil
	}
	content, err := json.MarshalIndent(f, "", "  ")
	if err == nil {
		err = create(name, append(content, '\n'))
	}
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write the plan: %s is there already, and may be a plan that somebody reviewed: name another file with --plan, or remove it; nothing was changed", text.Quoted(name, 200))
	}
	if err != nil {
		return fmt.Errorf("write the plan: %w: name another file with --plan; nothing was changed", err)
	}
	file := shell.Quote(name)
	r.Changes = "nothing was changed: " + file + " is the plan, and autobackup attach --stage " + r.Stage.Name + " --region " + r.Stage.Region + " --apply=" + file + " applies it" // a name may begin as an option does
	return nil
}

// create writes a new file, or leaves none.
func create(name string, content []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // #nosec G304: whoever types the command names it
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}

// open reads a plan of a stage.
func open(name string, s attach.Stage) (*file, error) {
	content, err := os.ReadFile(name) // #nosec G304: whoever types the command names it
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	var f file
	if err := json.Unmarshal(content, &f); err != nil || f.Version != fileVersion || len(f.Buckets) == 0 {
		return nil, fmt.Errorf("%s is no plan that this version of autobackup wrote: write it again with --plan", text.Quoted(name, 200))
	}
	s.VPC = f.Stage.VPC
	if s.Looks == "" { // the plan has it
		s.Looks = f.Stage.Looks
	}
	if f.Stage.Looks != s.Looks {
		return nil, fmt.Errorf("the plan is about looks by %s, and not by %s: leave --role out, or plan anew", text.Line(f.Stage.Role(), 200), s.Role())
	}
	if f.Stage != s {
		return nil, fmt.Errorf("the plan is of the stage %s of account %s in %s, and not of %s of %s in %s: name its --stage and --region, with credentials of its account", text.Line(f.Stage.Name, 20), text.Line(f.Stage.Account, 20), text.Line(f.Stage.Region, 30), s.Name, s.Account, s.Region)
	}
	seen := map[string]bool{}
	for _, b := range f.Buckets {
		if !bucketName.MatchString(b.Bucket) {
			return nil, fmt.Errorf("the plan names %s, which is no bucket: write it again with --plan", text.Quoted(b.Bucket, 200))
		}
		if seen[b.Bucket] {
			return nil, fmt.Errorf("the plan names %s twice: write it again with --plan", b.Bucket)
		}
		seen[b.Bucket] = true
	}
	return &f, nil
}

func (f *file) names() (all []string) {
	for _, b := range f.Buckets {
		all = append(all, b.Bucket)
	}
	return all
}

const attachedByNow = "nothing was changed of it: it is attached by now"

const notAsPlanned = "nothing was changed of it: it is not as it was when the plan was written, or the plan was edited; plan and review again\n"

// begun says whether a record is of the plan itself: an apply of it ended between writing the
// record and changing the bucket.
func (p planned) begun(record *attach.Record) bool {
	return members(plain(p.Facts))["record"] == nil && record != nil && record.Detached == "" && record.Was.Equal(p.Was) && reflect.DeepEqual(record.Change, p.Change)
}

// compare refuses what is not as it was planned, and says what differs. What is attached by
// now, as by the same plan before, is left so.
func (f *file) compare(r *Report) {
	for _, b := range r.Buckets {
		for _, p := range f.Buckets {
			if p.Bucket != b.Bucket {
				continue
			}
			if b.State == attach.Attached {
				b.Outcome = attachedByNow
				continue
			}
			facts := b.Facts
			if p.begun(facts.Record) {
				facts.Record = nil
			}
			now := planned{b.Bucket, b.Lines, b.Was, b.Change, facts}
			found := differences("", plain(p.Facts), plain(facts))
			if len(found) == 0 { // everything else follows from the facts
				found = differences("", plain(p), plain(now))
			}
			if len(found) > 0 {
				b.Failed, b.Outcome = true, notAsPlanned+strings.Join(found, "\n")
			}
		}
	}
}
