package attach

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"autobackup/internal/attach"
	"autobackup/internal/text"
)

// file is a plan that somebody reviews before somebody applies it.
type file struct {
	Version int          `json:"version"`
	Stage   attach.Stage `json:"stage"`
	Buckets []planned    `json:"buckets"`
}

// planned is what is to be done to a bucket, and the hash of what was seen of it.
type planned struct {
	Bucket string               `json:"bucket"`
	Seen   string               `json:"seen"` // SHA-256 of all facts
	Was    attach.Configuration `json:"was"`
	Change attach.Change        `json:"change"`
}

const fileVersion = 1

// seen is a hash of everything that was read of a bucket.
func seen(b attach.Bucket) string {
	content, err := json.Marshal(b)
	if err != nil { // never: they are texts and numbers
		return err.Error()
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// plan writes what can be changed into a file.
func (r *Report) plan(name string) error {
	f := file{Version: fileVersion, Stage: r.Stage}
	for _, b := range r.open(true) {
		f.Buckets = append(f.Buckets, planned{b.Bucket, seen(b.Facts), b.Was, b.Change})
		b.Outcome, b.well = "planned", true
	}
	if len(f.Buckets) == 0 {
		r.Changes = "nothing was changed, and no plan written: there is nothing to change"
		return nil
	}
	content, err := json.MarshalIndent(f, "", "  ")
	if err == nil {
		err = os.WriteFile(name, append(content, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the plan: %w; name another file with --plan", err)
	}
	r.Changes = "nothing was changed: " + name + " is the plan, and autobackup attach --apply " + name + " applies it"
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
	if f.Stage != s {
		return nil, fmt.Errorf("the plan is of the stage %s of account %s in %s, and not of %s of %s in %s: name its --stage and --region, with credentials of its account", text.Line(f.Stage.Name, 20), text.Line(f.Stage.Account, 20), text.Line(f.Stage.Region, 30), s.Name, s.Account, s.Region)
	}
	for _, b := range f.Buckets {
		if !bucketName.MatchString(b.Bucket) {
			return nil, fmt.Errorf("the plan names %s, which is no bucket: write it again with --plan", text.Quoted(b.Bucket, 200))
		}
	}
	return &f, nil
}

func (f *file) names() (all []string) {
	for _, b := range f.Buckets {
		all = append(all, b.Bucket)
	}
	return all
}

// compare refuses what is not as it was planned.
func (f *file) compare(r *Report) {
	for _, b := range r.Buckets {
		for _, p := range f.Buckets {
			if p.Bucket != b.Bucket {
				continue
			}
			if p.Seen != seen(b.Facts) || !p.Was.Equal(b.Was) || !reflect.DeepEqual(p.Change, b.Change) {
				b.Failed = true
				b.Outcome = "nothing was changed of it: it is not as it was when the plan was written, or the plan was edited; plan and review again\n" + compared("planned with", p.Was, "now", b.Was)
			}
		}
	}
}
