package audit

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"time"

	"autobackup/cmd/autobackup/price"
	"autobackup/internal/audit"
	"autobackup/internal/comparebytes"
	"autobackup/internal/s3error"
	"autobackup/internal/scrub"
)

// Scrub is how the bytes of everything are read in turns by the audits of a stage.
type Scrub struct {
	Days    int     // in which each version's bytes are read once; 0: none are read
	Monthly float64 // dollars, of each bucket
	// Comparer has the bytes of the storage classes of the Plan read where they are.
	Comparer comparebytes.Comparer
}

// scrubbing is what the scrub of one bucket keeps to from its beginning to its end.
type scrubbing struct {
	Days    int         `json:"days"`
	Monthly float64     `json:"monthly"`
	Purse   scrub.Purse `json:"purse"` // when it began
	Classes []string    `json:"classes"`
	Anew    bool        `json:"anew,omitempty"` // what was known before could not be read
	Pairs   []scrubPair `json:"pairs"`          // in the order of state.Pairs
}

// scrubPair is what was known of a pair of buckets when the scrub began.
type scrubPair struct {
	Turns  scrub.Turns `json:"turns"`
	Due    int         `json:"due"`    // slices
	Likely []int       `json:"likely"` // those of them that the money is probably enough for
}

// scrubFile is where a bucket's turns are kept, beside the folders of its audits.
const scrubFile = "scrub.json"

// kept is what scrubFile holds.
type kept struct {
	Purse   scrub.Purse            `json:"purse"`
	Classes []string               `json:"classes"` // whose bytes were read
	anew    bool                   // it could not be read as what it must be
	Pairs   map[string]scrub.Turns `json:"pairs"` // by the replica's bucket
}

// The places of scrub.Turns.Open among the slices. What is known to differ is read before all
// slices, so that it stays told; what could not be read comes behind them, so that a side which
// can't be read keeps nothing else from being read.
const (
	differing = scrub.Slices
	unread    = scrub.Slices + 1
	places    = scrub.Slices + 2
)

func reopened(turn int) bool { return turn >= scrub.Slices }

// scrubbing begins the scrub of a bucket. An audit of a prefix has none, for whole slices are read.
func (d Deployed) scrubbing(ctx context.Context, plan Plan, pairs []sides) (*scrubbing, error) {
	if d.Scrub.Days == 0 || plan.Prefix != "" {
		return nil, nil
	}
	known, err := d.known(ctx, plan.Primary)
	if err != nil {
		return nil, err
	}
	classes := slices.Sorted(slices.Values(plan.Classes))
	s := &scrubbing{Days: d.Scrub.Days, Monthly: d.Scrub.Monthly, Classes: classes, Anew: known.anew, Purse: known.Purse.Filled(plan.Started, d.Scrub.Monthly)}
	for _, p := range pairs {
		turns := known.Pairs[p.Replica.Bucket]
		if !slices.Equal(known.Classes, s.Classes) {
			turns.Changed = plan.Started
		}
		due := turns.Due(plan.Started, s.Days)
		s.Pairs = append(s.Pairs, scrubPair{turns, len(due), scrub.Likely(due, turns.Mean, s.Purse.Dollars)})
	}
	return s, nil
}

// known is what is kept of a bucket's scrubs. What can't be read as that is as if it were not
// there: an audit that fails each time would be worse.
func (d Deployed) known(ctx context.Context, bucket string) (k kept, err error) {
	body, _, err := d.shelf(auditsFolder+bucket+"/").read(ctx, scrubFile, "")
	if errors.Is(err, errAbsent) {
		return k, nil
	}
	if err != nil {
		return k, err
	}
	text, err := io.ReadAll(body)
	if err = errors.Join(err, body.Close()); err != nil {
		return k, s3error.Transient(err)
	}
	if damaged := json.Unmarshal(text, &k); damaged != nil {
		k = kept{anew: true}
	}
	return k, nil
}

// load is how much there is to read.
type load struct {
	Versions int64   `json:"versions"`
	Bytes    int64   `json:"bytes"` // of one side
	Dollars  float64 `json:"dollars"`
	// Within is those of the bytes that were read within the days before.
	Within int64 `json:"within,omitempty"`
}

func (l load) plus(o load) load {
	return load{l.Versions + o.Versions, l.Bytes + o.Bytes, l.Dollars + o.Dollars, l.Within + o.Within}
}

// scrubbed is what a listing shows to whoever scrubs.
type scrubbed struct {
	All     load            `json:"all"`               // whose bytes can be read
	Within  int64           `json:"within,omitempty"`  // bytes of those that were read within the days and have no turn now
	Turns   map[int]load    `json:"turns,omitempty"`   // by the slice that has its turn
	LeftOut map[string]load `json:"leftOut,omitempty"` // by the storage class that is not read
	Alike   int64           `json:"alike,omitempty"`   // rows that are kept for nothing but their turn
}

func (s *scrubbed) join(o scrubbed) {
	s.All, s.Within, s.Alike = s.All.plus(o.All), s.Within+o.Within, s.Alike+o.Alike
	for slice, l := range o.Turns {
		add(&s.Turns, slice, l)
	}
	for class, l := range o.LeftOut {
		add(&s.LeftOut, class, l)
	}
}

func add[K comparable](all *map[K]load, k K, l load) {
	if *all == nil {
		*all = map[K]load{}
	}
	(*all)[k] = (*all)[k].plus(l)
}

// scrubs finds the versions of a pair of buckets whose turn it is while they are listed.
type scrubs struct {
	turns scrub.Turns
	days  int
	now   time.Time // when the audit began
	due   map[int]bool
	open  map[scrub.Version]int // the place of each
	kms   bool
}

func (s *scrubbing) of(pair int, now time.Time, kms bool) *scrubs {
	if s == nil {
		return nil
	}
	of := s.Pairs[pair]
	all := &scrubs{turns: of.Turns, days: s.Days, now: now, due: map[int]bool{}, open: map[scrub.Version]int{}, kms: kms}
	for _, slice := range of.Likely {
		all.due[slice] = true
	}
	for _, o := range of.Turns.Open {
		all.open[o.Version] = unread
		if o.Different {
			all.open[o.Version] = differing
		}
	}
	return all
}

// turn counts a version, and gives the slice as which it is read where its turn has come.
func (s *scrubs) turn(p audit.Pair, judge audit.Judge, to *scrubbed) *int {
	if s == nil || !p.HasBytes() {
		return nil
	}
	row := p.Row()
	l := load{Versions: 1, Bytes: row.Size, Dollars: price.Read(row.Size, s.kms, p.Primary.Class, p.Replica.Class)}
	place, open := s.open[scrub.Version{Key: row.Key, Version: row.VersionID}]
	if !judge.Readable(p) {
		add(&to.LeftOut, unreadClass(p, judge), l)
		if open { // it stays as it is, and costs nothing
			return &place
		}
		return nil
	}
	to.All = to.All.plus(l)
	slice := judge.Draw(p)
	within := s.turns.Within(slice, row.Modified, s.now, s.days)
	switch {
	case open:
		slice = place
	case s.due[slice] && within:
		l.Within = row.Size
	case s.due[slice]:
	case within:
		to.Within += row.Size
		return nil
	default:
		return nil
	}
	add(&to.Turns, slice, l)
	return &slice
}

// unreadClass is the storage class for which a version is not read. It is never STANDARD.
func unreadClass(p audit.Pair, judge audit.Judge) string {
	if !slices.Contains(judge.Classes, p.Primary.Class) {
		return p.Primary.Class
	}
	return p.Replica.Class
}
