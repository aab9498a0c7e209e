package audit

import (
	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/evidence"
	"autobackup/internal/keep"
	"autobackup/internal/program"
	"autobackup/internal/verdict"
	"context"
	"os"
	"path/filepath"
	"strings"
)

// publish copies the report into the working bucket. SHA256SUMS comes last.
func (a stored) publish(ctx context.Context, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != report.SumsFile {
			if err := a.upload(ctx, reportFolder+"/"+e.Name(), filepath.Join(folder, e.Name())); err != nil {
				return err
			}
		}
	}
	return a.upload(ctx, reportFolder+"/"+report.SumsFile, filepath.Join(folder, report.SumsFile))
}

// run is what all records of this audit have in common, which are made now.
func (a stored) run() evidence.Run {
	return evidence.Run{
		ID: strings.TrimSuffix(strings.TrimPrefix(a.step.Folder, auditsFolder), "/"), At: a.Now(),
		Program: program.Running(), Template: program.Template(),
	}
}

// attest leaves each item of the report as a fact, so that it is evidence of this audit. What
// the counts alone tell, such as versions that are alike in both listings, is none: nothing
// was looked at. What was compared, or was gone, was left by the parts that looked.
func (a stored) attest(ctx context.Context, r *Result) error {
	if a.Facts == nil {
		return nil
	}
	run := a.run()
	var some []evidence.Record
	for i, err := range r.items() {
		if err != nil {
			return err
		}
		if some = append(some, evidence.OfItem(i, sourceOf(i), run)); len(some) == keep.Most {
			if err := keep.Put(ctx, a.Facts, some); err != nil {
				return err
			}
			some = some[:0]
		}
	}
	return keep.Put(ctx, a.Facts, some)
}

// sourceOf is a scrub where reading bytes said so, or was to.
func sourceOf(i audit.Item) evidence.Source {
	if i.Scrubbed && (i.Category != audit.Compared || i.Evidence == verdict.BytesRead) {
		return evidence.Scrub
	}
	return evidence.Audit
}

// attestRows leaves each row that was shown to be equal, or gone from both sides, as a fact, by
// what showed it.
func (a stored) attestRows(ctx context.Context, items []audit.Item) error {
	if a.Facts == nil {
		return nil
	}
	run := a.run()
	var some []evidence.Record
	for _, item := range items {
		if item.Category != audit.Compared && !item.Gone {
			continue
		}
		some = append(some, evidence.OfItem(item, sourceOf(item), run))
	}
	return keep.Put(ctx, a.Facts, some)
}
