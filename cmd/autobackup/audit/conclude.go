package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"autobackup/cmd/autobackup/accept"
	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/verdict"
)

// summaryFile is written last: where it is, the audit has ended.
const summaryFile = "summary.json"

// reportFolder is where the report is in the audit's folder.
const reportFolder = "report"

// report writes the report of an audit whose parts are all done.
func (a stored) report(ctx context.Context) (Summary, error) {
	dir, err := os.MkdirTemp(a.Dir, "report-")
	if err != nil {
		return Summary{}, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what is left is gone with the function's environment
	var last round
	if _, err := a.get(ctx, roundName(a.step.Round), &last); err != nil {
		return Summary{}, err
	}
	p := last.Before
	w := auditor{Options: Options{Folder: filepath.Join(dir, "audit"), Clock: a.Now}, state: a.state}
	if w.state.Plan.Accepted, err = a.baseline(ctx, dir); err != nil {
		return Summary{}, err
	}
	before, err := a.before(ctx, dir)
	if err != nil {
		return Summary{}, err
	}
	r, err := a.outcomes(ctx, w, p, before)
	if err != nil {
		return Summary{}, err
	}
	if err := a.remember(ctx, p, r); err != nil {
		return Summary{}, err
	}
	again, err := a.messages(r) // before what they are made of is taken away
	if err != nil {
		return Summary{}, err
	}
	if err := a.attest(ctx, r); err != nil {
		return Summary{}, err
	}
	if err := a.erasures(ctx, dir, before, p, r); err != nil {
		return Summary{}, err
	}
	if err := w.write(r); err != nil { // which takes away what items are read from
		return Summary{}, err
	}
	if err := a.publish(ctx, w.Folder); err != nil {
		return Summary{}, err
	}
	s := a.summary(r, p)
	if s.Validated = len(again); s.Validated > 0 {
		if err := a.validate(ctx, again); err != nil {
			return Summary{}, err
		}
	}
	if err := a.measured(r, s.Cut != ""); err != nil {
		return Summary{}, err
	}
	return s, errors.Join(a.put(ctx, summaryFile, s), a.release(ctx))
}

// baseline is the file of what people accepted when the audit began.
func (a stored) baseline(ctx context.Context, dir string) (string, error) {
	file := filepath.Join(dir, accept.File)
	err := a.download(ctx, accept.File, file)
	if errors.Is(err, errAbsent) {
		return "", nil
	}
	return file, err
}

// before is what the last audit of the same keys and level found, and its name.
func (a stored) before(ctx context.Context, dir string) (*before, error) {
	of := a.Deployed.shelf(auditsFolder + a.step.Bucket + "/")
	names, err := of.folders(ctx)
	if err != nil {
		return nil, err
	}
	slices.Reverse(names)
	for _, name := range names {
		there := of.in(name)
		var r struct{ Reports []audit.Report }
		switch _, err := there.get(ctx, reportFolder+"/"+report.JSONFile, &r); {
		case there.prefix >= a.prefix || errors.Is(err, errAbsent):
			continue
		case err != nil:
			return nil, err
		}
		first := audit.Report{}
		if len(r.Reports) > 0 {
			first = r.Reports[0]
		}
		if first.Prefix != a.state.Plan.Prefix || first.Level != a.state.Plan.Level || first.Redacted {
			continue
		}
		folder := filepath.Join(dir, name)
		if err := there.download(ctx, reportFolder+"/"+report.FindingsFile, filepath.Join(folder, report.FindingsFile)); err != nil {
			return nil, err
		}
		b, err := readBefore(folder)
		if err == nil {
			b.name = name
		}
		return b, err
	}
	return nil, nil
}

// outcomes adds up what all parts came to.
func (a stored) outcomes(ctx context.Context, w auditor, p progress, old *before) (*Result, error) {
	accepted, err := accept.Read(w.state.Plan.Accepted)
	if err != nil {
		return nil, err
	}
	all, err := a.stretches(ctx, p)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	for i := range a.state.Pairs {
		pair, _, err := a.open(ctx, i, a.state.Stage.Rate)
		if err != nil {
			return nil, err
		}
		done := outcome{looks: filepath.Join(w.work(i), "looks.jsonl"), judge: a.judge(pair), accepted: accepted, before: old}
		if err := a.blocks(ctx, p, i, done); err != nil {
			return nil, err
		}
		if done.stretches, err = written(w.work(i), all[i]); err != nil {
			return nil, err
		}
		of := w.report(pair)
		of.NotListed, of.Ended, of.Requests, of.Dollars = p.unlisted(i), a.Now(), p.Sent, a.spent(p.Sent)
		if old != nil {
			of.Since = old.name
		}
		if err := done.count(&of); err != nil {
			return nil, err
		}
		if err := whole(all[i], of.NotListed); err != nil {
			return nil, err
		}
		of.Notes = append(notes(of), unseen(p, i)...)
		for _, f := range p.Unseen {
			if f.Pair == i {
				of.Unseen += f.Rows
			}
		}
		of.Result, of.Exit = a.state.Plan.FailOn.result(of)
		r.Reports, r.outcomes = append(r.Reports, of), append(r.outcomes, done)
	}
	return r, nil
}

// whole refuses a report of which keys are in no stretch and in no range that was given up.
func whole(all []keptStretch, unlisted []audit.NotListed) error {
	var keys []stretch
	for _, s := range all {
		keys = append(keys, s.stretch)
	}
	for _, n := range unlisted {
		keys = append(keys, stretch{After: n.After, Upto: n.Upto})
	}
	slices.SortFunc(keys, func(a, b stretch) int { return cmp.Compare(a.After, b.After) })
	left, err := gaps(keys, interval{})
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("%d ranges of keys were not listed, and nothing says why: this is a fault of autobackup; keep the audit's folder and tell its maintainers", len(left))
	}
	return err
}

// written writes what stretches came to where outcome.count reads it. Their rows are in the
// blocks by now.
func written(dir string, all []keptStretch) ([]stretch, error) {
	out, err := store{dir}.writer()
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		s.Rows = 0
		if err := out.done(s.stretch); err != nil {
			return nil, errors.Join(err, out.close())
		}
	}
	if err := out.close(); err != nil {
		return nil, err
	}
	return store{dir}.stretches()
}

// segment is rows that a part looked at, or that nobody did.
type segment struct {
	from   int64
	blocks string // file; empty where nobody did
	part   part
}

// blocks writes the blocks of a pair into the file of its outcome, in the order of keys.
func (a stored) blocks(ctx context.Context, p progress, pair int, to outcome) error {
	var all []segment
	for n, phase := range p.Phases {
		if phase != PhaseLook {
			continue
		}
		var r round
		if _, err := a.get(ctx, roundName(n+1), &r); err != nil {
			return err
		}
		results, err := a.results(ctx, n+1, r)
		if err != nil {
			return err
		}
		for i, of := range r.Parts {
			if of.Pair == pair && results[i].Looked > 0 {
				all = append(all, segment{of.From, results[i].Blocks, of})
			}
		}
	}
	for _, f := range p.Unseen {
		if f.Pair == pair {
			all = append(all, segment{from: f.From, part: f.part})
		}
	}
	slices.SortFunc(all, func(a, b segment) int { return cmp.Compare(a.from, b.from) })
	if err := os.MkdirAll(filepath.Dir(to.looks), dirPerm); err != nil {
		return err
	}
	out, err := os.OpenFile(to.looks, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, filePerm) // #nosec G304: a file of the function's own
	if err != nil {
		return err
	}
	for _, s := range all {
		if err = a.segment(ctx, s, to.judge, out); err != nil {
			break
		}
	}
	return errors.Join(err, out.Close())
}

// segment writes the blocks of some rows. What nobody looked at is what the listings say
// of it.
func (a stored) segment(ctx context.Context, s segment, judge audit.Judge, out io.Writer) error {
	if s.blocks != "" {
		body, _, err := a.read(ctx, s.blocks, "")
		if err != nil {
			return err
		}
		defer body.Close() //nolint:errcheck // read only
		_, err = io.Copy(out, body)
		return err
	}
	rows, err := a.placedRows(ctx, s.part.Of)
	if err != nil {
		return err
	}
	judge.Level = audit.Listed
	l := looks{Eye: Eye{Judge: judge}, was: unseenBytes, blockRows: a.bounds.block, progress: func(int64) {}, save: func() error { return nil }}
	for block := range slices.Chunk(rows, a.bounds.block) {
		if err := l.block(ctx, block, out); err != nil {
			return err
		}
	}
	return nil
}

// unseenBytes is of a row that no part came to: what is open stays so.
func unseenBytes(row placed) *verdict.Bytes {
	if row.Turn == nil || !reopened(*row.Turn) {
		return nil
	}
	return &verdict.Bytes{Error: stillOpen + ", and nobody came to read them again"}
}

// unseen says of how many versions nobody looked at, and why.
func unseen(p progress, pair int) (all []string) {
	rows := map[string]int64{}
	var whys []string
	for _, f := range p.Unseen {
		if f.Pair != pair {
			continue
		}
		if _, known := rows[f.Why]; !known {
			whys = append(whys, f.Why)
		}
		rows[f.Why] += f.Rows
	}
	for _, why := range whys {
		all = append(all, fmt.Sprintf("%d versions that the listings leave open, or whose bytes had their turn, were not looked at: %s", rows[why], why))
	}
	return all
}
