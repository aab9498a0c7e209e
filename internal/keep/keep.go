package keep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"autobackup/internal/evidence"
	"autobackup/internal/text"
)

// Keeper makes evidence of facts.
type Keeper struct {
	Facts    Store // the working bucket
	Evidence Store
	Of       evidence.Deployment
	Now      func() time.Time

	limits limits
}

// Kept is what a run came to.
type Kept struct {
	Facts     int `json:"facts"` // objects that were made evidence of
	Files     int `json:"files"` // that were written
	Manifests int `json:"manifests"`
	Waiting   int `json:"waiting"` // objects of facts whose hour is not over, or that the next run takes
}

const (
	// overdue is how long after its end an hour is made a file: whoever was tried again has
	// ended by then.
	overdue = 10 * time.Minute
	// closing is how long after its end a day gets its manifest.
	closing = 2 * time.Hour
	// skew is how far apart clocks may be.
	skew = 5 * time.Minute
	// late is how long facts may wait until a run that leaves some fails.
	late = 6 * time.Hour
)

// limits are what one run does at most.
type limits struct {
	records int           // that are in memory at once, and so in one file where none are late
	atOnce  int           // requests
	time    time.Duration // until it begins nothing more
	days    int           // manifests
}

// The function has 15 minutes, and 1 GB.
var usual = limits{records: evidence.MaxRecords, atOnce: 32, time: 10 * time.Minute, days: 31}

// Run does what is due: files of hours that are over, the manifests of days that are. What is
// wrong with single facts or days is in the error, and keeps nothing else from being done. An
// answer of AWS that keeps a run from going on ends it, and the next one does the rest.
func (k Keeper) Run(ctx context.Context) (Kept, error) {
	if k.limits == (limits{}) {
		k.limits = usual
	}
	r := run{Keeper: k, now: k.Now().UTC()}
	r.over = r.now.Add(-overdue).Truncate(time.Hour)
	if err := r.begin(ctx); err != nil {
		return r.kept, err
	}
	if err := r.files(ctx); err != nil {
		return r.kept, errors.Join(err, r.trouble())
	}
	if r.left == 0 { // else more may come into the files of a day
		if err := r.manifests(ctx); err != nil {
			return r.kept, errors.Join(err, r.trouble())
		}
	}
	return r.kept, r.trouble()
}

type run struct {
	Keeper
	now, over time.Time // hours that end after over are under way
	last      time.Time // day of the last manifest; zero where there is none
	first     time.Time // day of the first file, where there is no manifest
	kept      Kept
	left      int // objects of facts that are due, and that this run leaves
	problems  []string
	hours     map[time.Time]*hour
}

// most is how many problems an error names.
const most = 5

func (r *run) trouble() error {
	switch len(r.problems) {
	case 0:
		return nil
	case 1:
		return errors.New(r.problems[0])
	}
	return fmt.Errorf("%s:\n%s", text.Count(len(r.problems), "problem"), strings.Join(r.problems[:min(len(r.problems), most)], "\n"))
}

func (r *run) note(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// window is how many days back the last manifest is looked for before all names are listed.
const window = 35

// begin finds the last manifest and, where there is none, the first file.
func (r *run) begin(ctx context.Context) error {
	for _, after := range []string{evidence.ManifestName(r.now.AddDate(0, 0, -window)), ""} {
		all, err := r.Evidence.List(ctx, evidence.Root, after)
		if err != nil {
			return err
		}
		r.first = time.Time{}
		for _, o := range all {
			switch at, part, is := evidence.Place(o.Name); {
			case !is:
			case part == 0:
				r.last = at
			case r.first.IsZero():
				r.first = day(at)
			}
		}
		if !r.last.IsZero() {
			return nil
		}
	}
	return nil
}

func day(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

// fact is one object of facts, with what it holds.
type fact struct {
	Object
	records []evidence.Record
}

// files makes files of all facts whose hours are over, the oldest first.
func (r *run) files(ctx context.Context) error {
	all, err := r.Facts.List(ctx, Root, "")
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b Object) int { return cmp.Or(a.Put.Compare(b.Put), cmp.Compare(a.Name, b.Name)) })
	due := len(all)
	if i := slices.IndexFunc(all, func(o Object) bool { return !o.Put.Before(r.over.Add(skew)) }); i >= 0 {
		due = i
	}
	r.kept.Waiting = len(all) - due
	all = all[:due]
	r.hours = map[time.Time]*hour{}
	var batch []fact
	records := 0
	for len(all) > 0 {
		if r.Now().Sub(r.now) >= r.limits.time {
			r.leave(all)
			break
		}
		n := min(len(all), r.limits.atOnce)
		some, err := r.read(ctx, all[:n])
		if err != nil {
			return err
		}
		all = all[n:]
		for _, f := range some {
			if records > 0 && records+len(f.records) > r.limits.records {
				if err := r.write(ctx, batch); err != nil {
					return err
				}
				batch, records = nil, 0
			}
			batch, records = append(batch, f), records+len(f.records)
		}
	}
	return r.write(ctx, batch)
}

// leave leaves facts to the next run. Where that was done for hours, more comes than is made
// files of.
func (r *run) leave(all []Object) {
	r.left = len(all)
	r.kept.Waiting += len(all)
	if age := r.now.Sub(all[0].Put); age > late {
		r.note("%s wait, since %s, because more come than one run makes files of: give the function evidence more memory, so that it is faster", text.Count(len(all), "object")+" of facts", all[0].Put.UTC().Format(time.RFC3339))
	}
}

// read reads facts of hours that are over, at once. What can't be facts is noted and stays.
func (r *run) read(ctx context.Context, objects []Object) (facts []fact, err error) {
	type got struct {
		records []evidence.Record
		gone    bool
		broken  error
	}
	all := make([]got, len(objects))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(r.limits.atOnce)
	for i, o := range objects {
		group.Go(func() error {
			content, err := content(within, r.Facts, o.Name, maxFacts)
			switch {
			case errors.Is(err, fs.ErrNotExist): // another run made a file of it
				all[i].gone = true
			case errors.Is(err, errLong):
				all[i].broken = errLong
			case err != nil:
				return err
			default:
				all[i].records, all[i].broken = read(content)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, o := range objects {
		switch records := all[i].records; {
		case all[i].gone:
		case all[i].broken != nil:
			r.note("%s is no facts: %s. Nothing was made of it, and it stays: find out who put it there, or what it was of, and delete it", text.Quoted(o.Name, maxName), all[i].broken)
		case records[len(records)-1].Time.After(o.Put.Add(skew)):
			r.note("%s has a record of %s, which was yet to come when it was put: the clock of who wrote it was wrong. Nothing was made of it, and it stays", text.Quoted(o.Name, maxName), records[len(records)-1].Time.Format(time.RFC3339))
		case !records[len(records)-1].Time.Before(r.over):
			r.kept.Waiting++
		default:
			facts = append(facts, fact{o, records})
		}
	}
	return facts, nil
}

// maxName bounds a name in a sentence.
const maxName = 200
