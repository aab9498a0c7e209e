package audit

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/price"
	"autobackup/internal/audit"
)

func sortStretches(all []keptStretch) {
	slices.SortFunc(all, func(a, b keptStretch) int { return cmp.Compare(a.After, b.After) })
}

// list lists the keys of a part until its time is over.
func (a stored) list(ctx context.Context, r round, i int) (done result, err error) {
	of := r.Parts[i]
	whole := interval{of.After, of.Upto}
	done.Left = []interval{whole}
	p, pace, err := a.open(ctx, of.Pair, r.Rate)
	done.Sent = pace.Sent()
	if err != nil {
		return done, err
	}
	dir, err := os.MkdirTemp(a.Dir, "list-")
	if err != nil {
		return done, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what is left is gone with the function's environment
	keeps, err := a.pausing(ctx, dir, i, of)
	if err != nil {
		return done, err
	}
	st := store{dir}
	l := lister{
		primary: p.Primary.Lister(a.state.Plan.Prefix), replica: p.Replica.Lister(a.state.Plan.Prefix), judge: a.judge(p), store: st,
		spills: func() audit.Spill { return &spill{dir: dir} }, workers: r.Workers, bounds: a.bounds, progress: func(int64) {}, late: a.late(r, pace),
		scrubs:  a.state.Scrub.of(of.Pair, a.state.Plan.Started, p.KMS()),
		tooLate: a.late(round{Seconds: r.Seconds + keySeconds, Dollars: 2 * r.Dollars}, pace), pauses: keeps,
	}
	if l.sampler, err = newSampler(0, 0, nil); err != nil {
		return done, err
	}
	failed := l.run(ctx, []interval{whole}) // what was listed before counts
	done.Sent = pace.Sent()
	if failed != nil && !permanent(ctx, failed) {
		return done, failed
	}
	all, err := st.stretches()
	if err != nil {
		return done, err
	}
	if done.Stretches, err = a.keep(ctx, all, i); err != nil {
		return done, err
	}
	done.Inside = keeps.left
	done.Left, err = gaps(all, whole)
	return done, errors.Join(failed, err)
}

// late says whether a part's time or money is over.
func (a stored) late(r round, pace *pair.Pace) func() bool {
	end := a.Now().Add(secondsOf(r.Seconds))
	return func() bool {
		return !a.Now().Before(end) || r.Dollars > 0 && price.Requests(pace.Sent()) >= r.Dollars
	}
}

// keep copies the files of stretches into the working bucket.
func (a stored) keep(ctx context.Context, all []stretch, i int) (kept []keptStretch, err error) {
	files := map[string]string{}
	for _, s := range all {
		whole, err := s.whole()
		if err != nil {
			return nil, err
		}
		name, known := files[s.file]
		if !known && s.Rows > 0 {
			name = "rows/" + filepath.Base(resultName(a.step.Round, i)) + "-" + filepath.Base(s.file)
			if err := a.upload(ctx, name, s.file); err != nil {
				return nil, err
			}
			files[s.file] = name
		}
		kept = append(kept, keptStretch{stretch: whole, File: name, At: s.from, End: s.at})
	}
	return kept, nil
}
