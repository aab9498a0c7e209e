package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/report"
	"autobackup/internal/evidence"
)

// Options say which evidence is read, and how.
type Options struct {
	Where   string      // folder, or s3://BUCKET/PREFIX
	Access  pair.Access // to the bucket
	Now     time.Time
	Program string // version of this program
	From    string // day; of verify: what is older is left out
	// Of a report alone.
	To     string // day
	Folder string // where it is written to; what a report before left there is replaced
	Redact bool   // no key is shown
}

// Verify says whether the evidence is as it was written. It writes nothing.
func Verify(ctx context.Context, o Options) (evidence.Verification, error) {
	var v evidence.Verification
	if err := isDay("--from", o.From); o.From != "" && err != nil {
		return v, err
	}
	err := o.read(ctx, func(names []string, open evidence.Open) (err error) {
		v, err = evidence.Verify(names, open, evidence.Options{From: o.From, Now: o.Now})
		if err == nil && v.Manifests == 0 && v.Sound() {
			err = errors.New("no manifest of these days is there, and none is due: verify again a day after the first day is over, or from an earlier day on")
		}
		return err
	})
	if err != nil {
		return v, fmt.Errorf("verify %s: %w", report.Visible(o.Where), err)
	}
	return v, nil
}

// Report writes what the evidence shows into a folder.
func Report(ctx context.Context, o Options) (r evidence.Report, err error) {
	if err := o.span(); err != nil {
		return r, err
	}
	err = o.read(ctx, func(names []string, open evidence.Open) error {
		w, err := begin(o)
		if err != nil {
			return err
		}
		defer w.folder.Drop()
		r, err = evidence.MakeReport(names, open, evidence.Options{From: o.From, To: o.To, Now: o.Now}, w.row)
		if err != nil {
			return err
		}
		r.Program, r.Redacted = o.Program, o.Redact
		return w.end(r)
	})
	if err != nil {
		return r, fmt.Errorf("report on %s: %w", report.Visible(o.Where), err)
	}
	return r, nil
}

// read hands on the names and what is behind them.
func (o Options) read(ctx context.Context, use func([]string, evidence.Open) error) (err error) {
	p, err := at(ctx, o.Where, o.Access)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	names, err := p.names()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("there is nothing in %s there: name the folder or the prefix that it is in", evidence.Root)
	}
	return use(names, func(name string) (io.ReadCloser, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return p.open(name)
	})
}

// span refuses days that are none.
func (o Options) span() error {
	if err := errors.Join(isDay("--from", o.From), isDay("--to", o.To)); err != nil {
		return err
	}
	if o.From > o.To {
		return fmt.Errorf("--from %s is later than --to %s: name the first day and the last", o.From, o.To)
	}
	return nil
}

func isDay(flag, d string) error {
	if _, err := time.Parse(time.DateOnly, d); err != nil {
		return fmt.Errorf("%s %s: it is no day: write one as 2026-01-31", flag, report.Visible(d))
	}
	return nil
}
