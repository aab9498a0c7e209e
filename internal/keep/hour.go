package keep

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"autobackup/internal/evidence"
	"autobackup/internal/text"
)

// maxFile is how long a file is at most, in bytes.
const maxFile = 1 << 30

// parts is how many parts an hour has at most: as many as its names have room for.
const parts = 99

// hour is what is known of an hour's files.
type hour struct {
	next int               // part that is not there yet
	has  map[[32]byte]bool // records, by their lines
}

// write makes files of facts, and only then deletes those. What the files of an hour have
// already is not written again: a run that ended in the middle, or one beside this one, has
// been there.
func (r *run) write(ctx context.Context, batch []fact) error {
	by := map[time.Time][]evidence.Record{}
	for _, f := range batch {
		for _, record := range f.records {
			at := record.Time.Truncate(time.Hour)
			by[at] = append(by[at], record)
		}
	}
	kept := map[time.Time]bool{}
	for _, at := range slices.SortedFunc(maps.Keys(by), time.Time.Compare) {
		why, err := r.hour(ctx, at, by[at])
		if err != nil {
			return err
		}
		if kept[at] = why == ""; why != "" {
			r.note("the facts of the hour of %s stay, %s: %s", at.Format(time.RFC3339), text.Count(len(by[at]), "record"), why)
			if day(at).After(r.last) {
				r.left++ // so that the day is not closed without them
			}
		}
	}
	maps.DeleteFunc(r.hours, func(at time.Time, _ *hour) bool { return by[at] == nil })
	return r.remove(ctx, batch, kept)
}

// hour writes what the files of an hour do not have yet. why is what keeps it from that.
func (r *run) hour(ctx context.Context, at time.Time, records []evidence.Record) (why string, err error) {
	h := r.hours[at]
	if h == nil {
		if h, why, err = r.known(ctx, at); why != "" || err != nil {
			return why, err
		}
		r.hours[at] = h
	}
	for {
		var left []evidence.Record
		var sums [][32]byte
		for _, record := range records {
			if sum := sumOf(record); !h.has[sum] {
				left, sums = append(left, record), append(sums, sum)
			}
		}
		switch {
		case len(left) == 0:
			return "", nil
		case !day(at).After(r.last):
			return "the manifest of its day was made already, so nothing would vouch for them. The clock of who wrote them was wrong, or they came a day late", nil
		case h.next > parts:
			return fmt.Sprintf("there are %d files of it, and no name for one more", parts), nil
		}
		n := min(len(left), evidence.MaxRecords)
		content, err := evidence.Encode(left[:n])
		if err != nil {
			return "", err
		}
		made, err := r.Evidence.Make(ctx, evidence.FileName(at, h.next), content)
		if err != nil {
			return "", err
		}
		if !made { // another run has been here meanwhile
			delete(r.hours, at)
			return r.hour(ctx, at, records)
		}
		for _, sum := range sums[:n] {
			h.has[sum] = true
		}
		h.next++
		r.kept.Files++
	}
}

// sumOf is a record by its line. One that has none is in no file, and Encode says why.
func sumOf(r evidence.Record) [32]byte {
	line, _ := r.Line()
	return sha256.Sum256(line)
}

// known reads the files that an hour has. why is what is wrong with one.
func (r *run) known(ctx context.Context, at time.Time) (h *hour, why string, err error) {
	h = &hour{next: 1, has: map[[32]byte]bool{}}
	prefix, _ := strings.CutSuffix(evidence.FileName(at, 1), "1.jsonl.gz")
	all, err := r.Evidence.List(ctx, prefix, "")
	if err != nil {
		return nil, "", err
	}
	for _, o := range all {
		_, part, is := evidence.Place(o.Name)
		if !is {
			continue
		}
		h.next = max(h.next, part+1)
		content, err := content(ctx, r.Evidence, o.Name, maxFile)
		if err != nil {
			return nil, "", err
		}
		for record, err := range evidence.Read(bytes.NewReader(content)) {
			if err != nil {
				return nil, fmt.Sprintf("%s is no file of evidence: %s", o.Name, err), nil
			}
			h.has[sumOf(record)] = true
		}
	}
	return h, "", nil
}

// remove deletes the facts of which all hours were kept.
func (r *run) remove(ctx context.Context, batch []fact, kept map[time.Time]bool) error {
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(r.limits.atOnce)
	for _, f := range batch {
		if slices.ContainsFunc(f.records, func(record evidence.Record) bool { return !kept[record.Time.Truncate(time.Hour)] }) {
			continue
		}
		r.kept.Facts++
		group.Go(func() error { return r.Facts.Delete(within, f.Name) })
	}
	return group.Wait()
}
