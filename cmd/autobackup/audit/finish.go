package audit

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
)

// outcome is all that is known of a pair once it was listed and looked at.
type outcome struct {
	stretches []stretch
	looks     string // file of blocks
	accepted  []audit.Acceptance
	before    *before // the audit before this one; nil: none
	judge     audit.Judge
}

// settled is an item with what people accepted, and whether it is new.
func (o outcome) settled(i audit.Item) audit.Item {
	i = audit.Accept(i, o.accepted, o.judge.Now)
	i.New = i.Category.Doubtful() && o.before != nil && !o.before.has(i)
	return i
}

var errSum = errors.New("the counts do not add up to what was listed: this is a fault of autobackup; keep the audit's folder and tell its maintainers")

// count adds everything up into the report of the pair.
func (o outcome) count(r *audit.Report) error {
	var all audit.Tally
	for _, s := range o.stretches {
		whole, err := s.whole()
		if err != nil {
			return err
		}
		all.Join(whole.Counts)
		r.Listed += s.Listed
		for i, side := range []*audit.SideReport{&r.Primary, &r.Replica} {
			side.Listed += s.Sides[i].Rows
			side.Markers += s.Sides[i].Markers
		}
	}
	_, err := eachBlock(o.looks, func(b block) error {
		all.Join(b.Counts)
		r.Sampled += b.Sampled
		for _, i := range b.Items {
			i = o.settled(i)
			all.AddItem(i)
			if o.judge.Replicable(i) {
				r.Replicable++
			}
		}
		return nil
	})
	if err == nil && all.Versions() != r.Listed {
		err = errSum
	}
	r.Counts = all.Counts()
	return err
}

// items hands out what is told or can be replicated again, pair by pair in the order of
// keys.
func (r *Result) items() iter.Seq2[audit.Item, error] {
	return func(yield func(audit.Item, error) bool) {
		for _, o := range r.outcomes {
			_, err := eachBlock(o.looks, func(b block) error {
				for _, i := range b.Items {
					if !yield(o.settled(i), nil) {
						return errStopped
					}
				}
				return nil
			})
			if errors.Is(err, errStopped) || err != nil && !yield(audit.Item{}, err) {
				return
			}
		}
	}
}

var errStopped = errors.New("stopped")

// write writes the report, and takes away what only an audit under way needs.
func (a *auditor) write(r *Result) error {
	o := report.Options{RedactKeys: a.state.Plan.Redact, Replicable: audit.Judge{Level: a.state.Plan.Level}.Replicable}
	if err := report.Write(a.Folder, r.Reports, r.items(), o); err != nil {
		return err
	}
	work := filepath.Join(a.Folder, workFolder)
	done := work + ".done" // at once, because a part of what was known would be mistaken for all of it
	err := os.RemoveAll(done)
	if err == nil {
		err = os.Rename(work, done)
	}
	if err == nil {
		err = os.RemoveAll(done)
	}
	if err != nil {
		return fmt.Errorf("take away what the audit under way needed: %w", err)
	}
	return nil
}
