package audit

import (
	"errors"

	"autobackup/internal/audit"
)

// outcome is all that is known of a pair once it was listed and looked at.
type outcome struct {
	names     [2]string
	stretches []stretch
	looks     string // file of blocks
	accepted  []audit.Acceptance
	before    *before // the audit before this one; nil: none
	judge     audit.Judge
}

// items hands out every item that is told or can be replicated again, in the order of
// keys.
func (o outcome) items(yield func(audit.Item) error) error {
	_, err := eachBlock(o.looks, func(b block) error {
		var err error
		for _, i := range b.Items {
			if err == nil {
				err = yield(o.settled(i))
			}
		}
		return err
	})
	return err
}

// settled is an item with what people accepted, and whether it is new.
func (o outcome) settled(i audit.Item) audit.Item {
	i = audit.Accept(i, o.accepted, o.judge.Now)
	i.New = (i.Category == audit.Finding || i.Category == audit.Unknown) && o.before != nil && !o.before.has(i)
	return i
}

var errSum = errors.New("the counts do not add up to what was listed: this is a bug; keep the audit's folder and report it")

// count adds everything up into the report of the pair.
func (o outcome) count(r *audit.Report) error {
	var all audit.Tally
	for _, s := range o.stretches {
		all.Join(s.Counts)
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
			all.AddItem(o.settled(i))
			if i.Replicable() {
				r.Replicable++
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.Counts = all.Counts()
	if all.Versions() != r.Listed {
		return errSum
	}
	return nil
}
