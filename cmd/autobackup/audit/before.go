package audit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
)

// before is what an earlier audit found: a hash of each item, so that millions fit
// into memory.
type before struct {
	hashes []uint64
	name   string // of its folder, of an audit of the stage
}

func readBefore(folder string) (*before, error) {
	b := &before{}
	for i, err := range itemsOf(filepath.Join(folder, report.FindingsFile)) {
		if err != nil {
			return nil, err
		}
		if i.Category != audit.Accepted { // once that is over, it is found anew
			b.hashes = append(b.hashes, hash(i))
		}
	}
	slices.Sort(b.hashes)
	return b, nil
}

// itemsOf reads a file of items of the audit before.
func itemsOf(file string) iter.Seq2[audit.Item, error] {
	return func(yield func(audit.Item, error) bool) {
		f, err := os.Open(file) // #nosec G304: of a folder that somebody named, or of the function's own
		if err != nil {
			yield(audit.Item{}, fmt.Errorf("read the audit before: %w", err))
			return
		}
		defer f.Close() //nolint:errcheck // read only
		for dec := json.NewDecoder(bufio.NewReaderSize(f, 1<<16)); ; {
			var i audit.Item
			switch err := dec.Decode(&i); {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(audit.Item{}, fmt.Errorf("read the audit before, %s: %w", f.Name(), err))
				return
			case !yield(i, nil):
				return
			}
		}
	}
}

func hash(i audit.Item) uint64 {
	d := xxhash.New()
	for _, part := range []string{i.Primary, i.Replica, i.Key, i.Version, string(i.Reason)} {
		_, _ = fmt.Fprintf(d, "%q,", part) // a hash takes everything
	}
	return d.Sum64()
}

func (b *before) has(i audit.Item) bool {
	_, found := slices.BinarySearch(b.hashes, hash(i))
	return found
}

// Latest is the folder, of those in parent, of the audit of these keys and replicas that
// ended last; empty where there is none. One of another level gives other reasons for the
// same versions, and one whose keys were redacted says nothing of what is new.
func Latest(parent string, p Plan) string {
	files, err := filepath.Glob(filepath.Join(parent, "*", report.JSONFile))
	if err != nil {
		return ""
	}
	var latest string
	var ended time.Time
	for _, file := range files {
		var r struct{ Reports []audit.Report }
		text, err := os.ReadFile(file) // #nosec G304: a report beside the one to come
		if err != nil || json.Unmarshal(text, &r) != nil || len(r.Reports) == 0 {
			continue
		}
		first := r.Reports[0]
		if first.Primary.Bucket == p.Primary && first.Prefix == p.Prefix && first.Level == p.Level && !first.Redacted &&
			first.Ended.After(ended) && of(r.Reports, p.Replicas) {
			latest, ended = filepath.Dir(file), first.Ended
		}
	}
	return latest
}

// of says whether reports are of these replicas; none named are those that the rules
// lead to, whichever they were.
func of(reports []audit.Report, replicas []string) bool {
	var theirs []string
	for _, r := range reports {
		theirs = append(theirs, r.Replica.Bucket)
	}
	return len(replicas) == 0 || slices.Equal(theirs, replicas)
}
