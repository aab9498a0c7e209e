package evidence

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"slices"
	"time"

	"autobackup/internal/reason"
)

// Report is what evidence shows of a span of days.
type Report struct {
	Program      string         `json:"program,omitempty"` // version of who made it
	From         string         `json:"from"`              // first day
	To           string         `json:"to"`                // last day
	Made         time.Time      `json:"made"`
	Redacted     bool           `json:"redacted,omitzero"` // keys are shown as hashes
	Verification Verification   `json:"verification"`      // of the evidence of these days
	Without      []Span         `json:"daysWithoutManifest"`
	Seen         int64          `json:"seen"` // object versions, each once: the sum of all buckets
	Buckets      []BucketReport `json:"buckets"`
}

// Span is days from the first to the last, both included.
type Span struct {
	From string `json:"from"`
	To   string `json:"to"`
	Days int64  `json:"days"`
}

// BucketReport is what became of the versions of one bucket.
type BucketReport struct {
	Bucket string `json:"bucket"` // empty: messages that name no version
	Seen   int64  `json:"seen"`   // the sum of Endings
	// Endings have each version once, by how it ended last: failures first.
	Endings  []Ending     `json:"endings"`
	Failures []Settlement `json:"failures"` // versions that failed at some time, by the reason of the last time
	Accepted []OnWord     `json:"accepted"` // of those that ended as accepted: on whose word
	Erasures Erasures     `json:"erasures"`
}

// Ending is how many versions ended so.
type Ending struct {
	Told
	Versions int64 `json:"versions"`
}

// Settlement is what became of versions that failed.
type Settlement struct {
	Reason   reason.Code       `json:"reason"`
	Versions int64             `json:"versions"` // the sum of Became
	Became   map[Verdict]int64 `json:"became"`   // failed: it still does
	Longest  time.Duration     `json:"-"`        // from the first failure until it was settled, of those that were
	Seconds  int64             `json:"longestSeconds"`
}

// OnWord is how many versions count as accepted on one person's word.
type OnWord struct {
	Who      string      `json:"who"`
	Reason   reason.Code `json:"reason"`
	Versions int64       `json:"versions"`
}

// Erasures are versions that the primary no longer has, as far as anybody looked. They
// are among the endings, too.
type Erasures struct {
	Both      int64 `json:"both"`        // gone on all sides that were looked at
	OnReplica int64 `json:"onReplica"`   // gone from the primary, and the replica still has it
	NotLooked int64 `json:"notLookedAt"` // gone from the primary, and not shown to be gone from each replica
}

// Row is a version that failed at some time, or ended as anything else than equal.
type Row struct {
	Bucket, Key, Version, Message string
	Marker                        bool
	Ended                         Told
	Replicas                      []Replica // the last that was said of each
	At                            time.Time // of the last record
	Source                        Source
	Run, Program, Template        string
	Failed                        reason.Code // the last reason for which it failed; empty: it never did
	Since                         time.Time   // the first failure
	Settled                       time.Time   // zero where it still fails, or never did
	Accepted                      *Acceptance
}

// perPass is how many records' versions are kept in memory at once, at most.
const perPass = 1_000_000

// MakeReport reads the evidence of the days from o.From to o.To, and gives each version that needs
// a line to row: in the order of bucket, key and version, of one pass after the other. Only
// files that are as they were written count, and files of days that nothing vouches for don't.
func MakeReport(names []string, open Open, o Options, row func(Row) error) (Report, error) {
	return makeReport(names, open, o, row, perPass)
}

func makeReport(names []string, open Open, o Options, row func(Row) error, perPass int64) (Report, error) {
	r := Report{From: o.From, To: o.To, Made: o.Now.UTC().Truncate(time.Second), Without: []Span{}, Buckets: []BucketReport{}}
	var err error
	if r.Verification, err = Verify(names, open, o); err != nil {
		return r, err
	}
	r.Without = without(names, o)
	totals := map[string]*total{}
	passes := (r.Verification.Records + perPass - 1) / perPass
	for pass := range passes {
		if err := onePass(r.Verification.sound, open, totals, row, uint64(pass), uint64(passes)); err != nil { // #nosec G115: neither is negative
			return r, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(totals)) {
		b := totals[name].report(name)
		r.Seen += b.Seen
		r.Buckets = append(r.Buckets, b)
	}
	return r, nil
}

// identity is a version's name. It can't be made to meet another's: whoever may upload
// chooses keys, and could hide one version behind another.
type identity [sha256.Size]byte

func identify(r Record) identity {
	return sha256.Sum256([]byte(r.Bucket + "\x00" + r.Key + "\x00" + r.Version + "\x00" + r.Message))
}

func (i identity) pass(passes uint64) uint64 {
	var n uint64
	for _, b := range i[:8] {
		n = n<<8 | uint64(b)
	}
	return n % passes
}

// onePass follows the versions of one share to their ends.
func onePass(files []File, open Open, totals map[string]*total, row func(Row) error, pass, passes uint64) error {
	versions := map[identity]*history{}
	shared := map[Told]*Told{}
	words := map[string]string{}
	share := func(t Told) *Told {
		if shared[t] == nil {
			shared[t] = &t
		}
		return shared[t]
	}
	for r, err := range inTime(files, open) {
		if err != nil {
			return err
		}
		id := identify(r)
		if id.pass(passes) != pass {
			continue
		}
		h := versions[id]
		if h == nil {
			h = &history{bucket: single(words, r.Bucket)}
			versions[id] = h
		}
		for i := range r.Replicas {
			r.Replicas[i].Bucket = single(words, r.Replicas[i].Bucket)
		}
		h.apply(r, share)
	}
	return count(versions, totals, row)
}

// single is one copy of a name that stands in many records.
func single(words map[string]string, s string) string {
	if _, known := words[s]; !known {
		words[s] = s
	}
	return words[s]
}

// count adds the versions of a pass to the totals, and gives out the lines.
func count(versions map[identity]*history, totals map[string]*total, row func(Row) error) error {
	var rows []Row
	for _, h := range versions {
		t := totals[h.bucket]
		if t == nil {
			t = &total{endings: map[Told]int64{}, failures: map[reason.Code]*Settlement{}, accepted: map[OnWord]int64{}}
			totals[h.bucket] = t
		}
		t.add(h)
		if h.story != nil {
			rows = append(rows, h.row())
		}
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Message, b.Message))
	})
	for _, r := range rows {
		if err := row(r); err != nil {
			return err
		}
	}
	return nil
}

func (h *history) row() Row {
	last, ending := h.story.last, h.ending()
	r := Row{
		Bucket: last.Bucket, Key: last.Key, Version: last.Version, Message: last.Message, Marker: last.Marker, Ended: *ending.told,
		At: last.Time, Source: last.Source, Run: last.Run, Program: last.Program, Template: last.Template, Accepted: ending.accepted,
	}
	for _, s := range h.slots {
		if s.replica != "" {
			r.Replicas = append(r.Replicas, Replica{s.replica, *s.told})
		}
	}
	slices.SortFunc(r.Replicas, func(a, b Replica) int { return cmp.Compare(a.Bucket, b.Bucket) })
	if f := h.story.failed; f != nil {
		r.Failed, r.Since, r.Settled = f.Told.Reason, f.since, f.settled
	}
	return r
}

// total is what a bucket came to.
type total struct {
	endings  map[Told]int64
	failures map[reason.Code]*Settlement
	accepted map[OnWord]int64
}

func (t *total) add(h *history) {
	ending := h.ending()
	t.endings[*ending.told]++
	if a := ending.accepted; a != nil {
		t.accepted[OnWord{Who: a.Who, Reason: ending.told.Reason}]++
	}
	if h.story == nil || h.story.failed == nil {
		return
	}
	f := h.story.failed
	s := t.failures[f.Told.Reason]
	if s == nil {
		s = &Settlement{Reason: f.Told.Reason, Became: map[Verdict]int64{}}
		t.failures[f.Told.Reason] = s
	}
	s.Versions++
	s.Became[ending.told.Verdict]++
	if !f.settled.IsZero() {
		s.Longest = max(s.Longest, f.settled.Sub(f.since))
	}
}

func (t *total) report(name string) BucketReport {
	b := BucketReport{Bucket: name, Endings: []Ending{}, Failures: []Settlement{}, Accepted: []OnWord{}}
	for told, n := range t.endings {
		b.Endings = append(b.Endings, Ending{told, n})
		b.Seen += n
		switch {
		case told.Verdict == Erased:
			b.Erasures.Both += n
		case told.Reason == reason.NotErased || told.Reason == reason.ErasureRecent:
			b.Erasures.OnReplica += n
		case told.Reason == reason.SourceDeleted:
			b.Erasures.NotLooked += n
		}
	}
	slices.SortFunc(b.Endings, func(x, y Ending) int { return worse(x.Told, y.Told) })
	for _, s := range t.failures {
		s.Seconds = int64(s.Longest / time.Second)
		b.Failures = append(b.Failures, *s)
	}
	slices.SortFunc(b.Failures, func(x, y Settlement) int {
		return worse(Told{Verdict: Failed, Reason: x.Reason}, Told{Verdict: Failed, Reason: y.Reason})
	})
	for a, n := range t.accepted {
		a.Versions = n
		b.Accepted = append(b.Accepted, a)
	}
	slices.SortFunc(b.Accepted, func(x, y OnWord) int { return cmp.Or(cmp.Compare(x.Who, y.Who), cmp.Compare(x.Reason, y.Reason)) })
	return b
}

// Of is how many versions of a bucket ended with a verdict.
func (b BucketReport) Of(v Verdict) (n int64) {
	for _, e := range b.Endings {
		if e.Verdict == v {
			n += e.Versions
		}
	}
	return n
}

// Of is how many versions ended with a verdict.
func (r Report) Of(v Verdict) (n int64) {
	for _, b := range r.Buckets {
		n += b.Of(v)
	}
	return n
}

// Fine says whether the evidence is as it was written, every day has its manifest, and no
// version ended as failed or unknown.
func (r Report) Fine() bool {
	return r.Verification.Sound() && len(r.Without) == 0 && r.Of(Failed)+r.Of(Unknown) == 0
}

// without are the days that have no manifest, of those that could have one by now.
func without(names []string, o Options) (all []Span) {
	has := map[string]bool{}
	for _, name := range names {
		if p, is := parse(name); is && p.manifest {
			has[p.day] = true
		}
	}
	all = []Span{}
	for d := begins(o.From); !d.After(begins(o.To)) && !o.Now.Before(d.AddDate(0, 0, 1).Add(Due)); d = d.AddDate(0, 0, 1) {
		name := d.Format(day)
		if has[name] {
			continue
		}
		if n := len(all); n > 0 && all[n-1].To == d.AddDate(0, 0, -1).Format(day) {
			all[n-1].To = name
			all[n-1].Days++
			continue
		}
		all = append(all, Span{name, name, 1})
	}
	return all
}
