package audit

import (
	"autobackup/cmd/autobackup/report"
	"autobackup/internal/evidence"
	"autobackup/internal/keep"
	"autobackup/internal/program"
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

// attest leaves each item of the report as a fact, so that it is evidence of this audit. What
// the counts alone tell, such as versions that are alike in both listings, is none: nothing
// was looked at.
func (a stored) attest(ctx context.Context, r *Result) error {
	if a.Facts == nil {
		return nil
	}
	run := evidence.Run{
		ID: strings.TrimSuffix(strings.TrimPrefix(a.step.Folder, auditsFolder), "/"), At: a.Now(),
		Program: program.Running(), Template: program.Template(),
	}
	var some []evidence.Record
	for i, err := range r.items() {
		if err != nil {
			return err
		}
		if some = append(some, evidence.OfItem(i, run)); len(some) == keep.Most {
			if err := keep.Put(ctx, a.Facts, some); err != nil {
				return err
			}
			some = some[:0]
		}
	}
	return keep.Put(ctx, a.Facts, some)
}
