package audit

import (
	"context"
	"slices"
	"time"

	"autobackup/internal/audit"
	"autobackup/internal/scrub"
)

// chosen is what of a pair of buckets is read, and what became of it so far.
type chosen struct {
	Listed scrubbed `json:"listed"`
	Slices []int    `json:"slices"`         // and places of what is open
	Dear   int      `json:"dear,omitempty"` // slices that cost more than ever is in the purse
	// Why says why no slice is read; empty: the money decided.
	Why  string       `json:"why,omitempty"`
	Read read         `json:"read"`
	Open []scrub.Open `json:"open,omitempty"` // as scrub.Turns has it after this scrub
	New  int          `json:"new,omitempty"`  // of Open
	// Unread are slices of which not every version was read or kept in Open.
	Unread map[int]bool `json:"unread,omitempty"`
}

// choose takes what the money is enough for, over all pairs of the bucket: first what differs, then
// the slices, the one that was unread for longest first, and then what could not be read. Of a pair
// of which not all keys were listed no slice is read: it could not be read whole, and would be read again.
func (a stored) choose(p progress, all [][]keptStretch) []chosen {
	s := a.state.Scrub
	if s == nil {
		return nil
	}
	picked := make([]chosen, len(all))
	var first, due, last []int
	for i, of := range all {
		for _, stretch := range of {
			picked[i].Listed.join(stretch.Scrub)
		}
		first, last = append(first, i*places+differing), append(last, i*places+unread)
	}
	for i, of := range s.Pairs {
		if len(p.unlisted(i)) > 0 {
			picked[i].Why = "not all keys were listed"
			continue
		}
		for _, slice := range of.Likely {
			due = append(due, i*places+slice)
		}
	}
	read := func(id int) time.Time { return s.Pairs[id/places].Turns.Read[id%places] }
	slices.SortStableFunc(due, func(a, b int) int { return read(a).Compare(read(b)) })
	cost := func(id int) float64 { return picked[id/places].Listed.Turns[id%places].Dollars }
	left, most := s.Purse.Dollars, s.Monthly
	for _, some := range [][]int{first, due, last} {
		// What is open costs so much each time, so that no more than the rest ever is in the purse.
		ids, dear, spent := scrub.Choose(some, cost, left, most)
		left, most = left-spent, most-spent
		for _, id := range ids {
			picked[id/places].Slices = append(picked[id/places].Slices, id%places)
		}
		for _, id := range dear {
			picked[id/places].Dear++
		}
	}
	return picked
}

// took adds what a part has read. What was open before keeps its place, and what is new gets the
// room that is left: nobody pushes out what is known by making more of it.
func (c *chosen) took(done result, room int) {
	c.Read.plus(done.Read)
	for _, o := range done.Open {
		switch {
		case reopened(o.Turn):
			c.Open = append(c.Open, o.Open)
		case c.New < room:
			c.New++
			c.Open = append(c.Open, o.Open)
		default:
			c.missed(o.Turn)
		}
	}
}

func (c *chosen) missed(slice int) {
	if c.Unread == nil {
		c.Unread = map[int]bool{}
	}
	c.Unread[slice] = true
}

// remember keeps what is known after the scrub, and tells it in the report. It follows from what
// was known before, so that a report that is written again changes nothing.
func (a stored) remember(ctx context.Context, p progress, r *Result) error {
	s := a.state.Scrub
	if s == nil {
		return nil
	}
	to := kept{Purse: s.Purse, Classes: s.Classes, Pairs: map[string]scrub.Turns{}}
	all := 0.0 // dollars, of all pairs
	for _, c := range p.Scrub {
		all += c.Listed.All.Dollars
	}
	for i, of := range a.state.Pairs {
		c := p.Scrub[i]
		if err := a.unseenTurns(ctx, p, i, &c); err != nil {
			return err
		}
		before := s.Pairs[i].Turns
		read := slices.DeleteFunc(slices.Clone(c.Slices), func(slice int) bool { return reopened(slice) || c.Unread[slice] })
		after := before.After(a.state.Plan.Started, read, c.Open, c.Listed.All.Dollars/scrub.Slices)
		to.Purse.Dollars -= c.Read.Dollars
		to.Pairs[of.Replica.Bucket] = after
		r.Reports[i].Scrub = c.report(s, i, len(read), after, a.state.Plan.Started, all)
		r.Reports[i].Notes = append(r.Reports[i].Notes, scrubNotes(*r.Reports[i].Scrub)...)
		if s.Anew {
			r.Reports[i].Notes = append(r.Reports[i].Notes, scrubFile+" in the working bucket was damaged: when bytes were read before is not known, and their turns begin anew")
		}
	}
	// An execution that is redriven once another has audited the bucket knows less than that.
	held, err := a.holds(ctx)
	if err != nil || !held {
		return err
	}
	return a.Deployed.shelf(auditsFolder+a.step.Bucket+"/").put(ctx, scrubFile, to)
}

// unseenTurns takes out the slices of rows that no part came to, and keeps what was open among
// keys that nobody has seen.
func (a stored) unseenTurns(ctx context.Context, p progress, pair int, c *chosen) error {
	unseen := len(p.unlisted(pair)) > 0
	for _, f := range p.Unseen {
		if f.Pair != pair {
			continue
		}
		unseen = true
		rows, err := a.placedRows(ctx, f.Of)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.Turn != nil {
				c.missed(*row.Turn)
			}
		}
	}
	if unseen {
		for _, v := range a.state.Scrub.Pairs[pair].Turns.Open {
			if !slices.ContainsFunc(c.Open, func(o scrub.Open) bool { return o.Version == v.Version }) {
				c.Open = append(c.Open, v)
			}
		}
	}
	return nil
}

// report is for people: what was read, and what it shows of all. all is what it costs to read the
// bytes of all pairs of the bucket once.
func (c chosen) report(s *scrubbing, pair, whole int, after scrub.Turns, began time.Time, all float64) *audit.Scrub {
	of := s.Pairs[pair]
	r := &audit.Scrub{
		Days: s.Days, Monthly: s.Monthly, Needed: all / float64(s.Days) * scrub.MonthDays, Due: of.Due, Read: whole, Dear: c.Dear, Why: c.Why,
		Behind:   max(after.Late(began, s.Days), of.Turns.TooOld(began, s.Days), scrub.Short(all, s.Monthly, s.Days), c.Dear),
		Versions: c.Read.Versions, Bytes: c.Read.Bytes, Equal: c.Read.Equal, Dollars: c.Read.Dollars, Open: int64(len(c.Open)),
		All:    audit.Load{Versions: c.Listed.All.Versions, Bytes: c.Listed.All.Bytes, Dollars: c.Listed.All.Dollars},
		Within: 1, Oldest: after.Oldest(began).Hours() / 24, LeftOut: map[string]audit.Load{},
	}
	if c.Why != "" {
		r.Within = 0
	}
	if of := c.Listed.All.Bytes; of > 0 {
		within := c.Listed.Within + c.Read.EqualBytes
		for slice, l := range c.Listed.Turns {
			if !slices.Contains(c.Slices, slice) {
				within += l.Within
			}
		}
		r.Within = float64(within) / float64(of)
	}
	for class, l := range c.Listed.LeftOut {
		r.LeftOut[class] = audit.Load{Versions: l.Versions, Bytes: l.Bytes, Dollars: l.Dollars}
	}
	return r
}

// read is what was read.
type read struct {
	Versions   int64   `json:"versions"` // of which every byte came on both sides
	Bytes      int64   `json:"bytes"`    // of one side
	Equal      int64   `json:"equal"`    // versions
	EqualBytes int64   `json:"equalBytes"`
	Different  int64   `json:"different"` // versions of which that was not known before
	Dollars    float64 `json:"dollars"`   // of all that was asked for
}

func (r *read) plus(o read) {
	r.Versions, r.Bytes, r.Dollars = r.Versions+o.Versions, r.Bytes+o.Bytes, r.Dollars+o.Dollars
	r.Equal, r.EqualBytes, r.Different = r.Equal+o.Equal, r.EqualBytes+o.EqualBytes, r.Different+o.Different
}

// openTurn is a version that stays open, and the slice as which it had its turn.
type openTurn struct {
	scrub.Open
	Turn int `json:"turn"`
}
