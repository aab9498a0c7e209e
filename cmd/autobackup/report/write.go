package report

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"autobackup/internal/audit"
)

// Options are how a report is written.
type Options struct {
	RedactKeys bool // no key is shown: RedactedKey stands for it, and there is no manifest
	Colour     bool // of the first screen
	// Replicable says whether S3 Batch Replication can replicate a version again; nil
	// is as if none.
	Replicable func(audit.Item) bool
}

// The files of a folder. SumsFile is written last: where it is, all others are
// complete.
const (
	JSONFile     = "report.json"
	FindingsFile = "findings.jsonl"
	tableFile    = "findings.csv"
	PageFile     = "report.html"
	mendFile     = "mend.md"
	manifestFile = "manifest.csv"
	SumsFile     = "SHA256SUMS"
)

// Write writes the folder of an audit: all reports are about one primary, with one
// replica each. The items are those that are told line by line and those that can be
// replicated again, by pair and key; they are written as they come, as they may be
// millions. Files that a run before left there are replaced.
func Write(folder string, reports []audit.Report, items iter.Seq2[audit.Item, error], o Options) error {
	if err := check(reports); err != nil {
		return err
	}
	made, err := NewFolder(folder, manifestFile)
	if err != nil {
		return fmt.Errorf("write the report into %s: %w", folder, err)
	}
	w := writer{Folder: made, o: o}
	defer w.Drop()
	err = w.lists(reports, items)
	if err == nil {
		err = w.pages(reports)
	}
	if err == nil {
		err = w.Done()
	}
	if err != nil {
		return fmt.Errorf("write the report into %s: %w", folder, err)
	}
	return nil
}

type writer struct {
	*Folder
	o        Options
	manifest *manifest
	copies   copies
}

// lists writes what has a line for each item.
func (w *writer) lists(reports []audit.Report, items iter.Seq2[audit.Item, error]) error {
	lines, err := w.create(FindingsFile)
	if err != nil {
		return err
	}
	table, err := w.create(tableFile)
	if err != nil {
		return err
	}
	w.manifest = &manifest{create: w.create, once: once{pairs: len(reports)}}
	w.copies.once.pairs = len(reports)
	rows := NewTable(table)
	if err := rows.Row(slices.Clone(columns)...); err != nil {
		return err
	}
	seen := found{}
	for i, err := range items {
		if err != nil {
			return fmt.Errorf("read the versions that were found: %w", err)
		}
		replicable := w.o.Replicable != nil && w.o.Replicable(i)
		seen.add(i, replicable)
		if err := w.mend(i, replicable); err != nil {
			return err
		}
		if !i.Listed() {
			continue
		}
		if w.o.RedactKeys {
			i = redact(i)
		}
		if err := errors.Join(encode(lines, i, ""), rows.Row(row(i)...)); err != nil {
			return err
		}
	}
	return errors.Join(rows.Done(), seen.check(reports, w.o.Replicable != nil))
}

// mend notes what can be brought back, and how.
func (w *writer) mend(i audit.Item, replicable bool) error {
	switch {
	case w.o.RedactKeys: // both need the key
	case replicable:
		return w.manifest.add(i)
	default:
		w.copies.add(i)
	}
	return nil
}

// pages writes what has all of it in one place.
func (w *writer) pages(reports []audit.Report) error {
	f, err := w.create(JSONFile)
	if err != nil {
		return err
	}
	if err := JSON(f, reports, w.o); err != nil {
		return err
	}
	if w.o.RedactKeys {
		reports = Redacted(reports)
	}
	if f, err = w.create(PageFile); err != nil {
		return err
	}
	if err := page(f, reports, w.o); err != nil {
		return err
	}
	if f, err = w.create(mendFile); err != nil {
		return err
	}
	return w.mending(f, reports)
}
