package audit

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"golang.org/x/sync/errgroup"

	"autobackup/cmd/autobackup/price"
	"autobackup/internal/audit"
)

// part is one part of a round: a range of keys to list, or rows to look at.
type part struct {
	Pair  int    `json:"pair"`
	After string `json:"after,omitempty"` // of keys
	Upto  string `json:"upto,omitempty"`
	// Inside is the file of what is known of them, where an earlier part ended inside a key.
	Inside string `json:"inside,omitempty"`
	// From and Rows are the rows to look at, counted among all that the pair's listings
	// left open; Of says where they are.
	From int64   `json:"from,omitempty"`
	Rows int64   `json:"rows,omitempty"`
	Of   []piece `json:"of,omitempty"`
	// Ranges is the file of the ranges that an earlier part read of the first row.
	Ranges string `json:"ranges,omitempty"`
}

// piece is rows of one stretch.
type piece struct {
	File string `json:"file"`           // in the audit's folder
	At   int64  `json:"at"`             // where the stretch's rows begin, in bytes
	End  int64  `json:"end"`            // and where they end
	Skip int64  `json:"skip,omitempty"` // so many rows are another part's
	Take int64  `json:"take"`
	Base int64  `json:"base"` // so many versions were listed before the stretch
}

// round is what is done at once, with all that is known when it begins. Its file is written
// once: a function that is tried again finds it, whatever became of the first answer.
type round struct {
	Step    Step     `json:"step"`
	Before  progress `json:"before"`
	Parts   []part   `json:"parts"`
	Seconds int      `json:"seconds"` // a part may take, before it leaves the rest for the next round
	Workers int      `json:"workers"` // of each part, in a round of listing: each leaves a part for the next one
	Rate    int      `json:"rate"`    // requests a second, of each part
	Dollars float64  `json:"dollars"` // that each part may spend
}

// result is what a part came to.
type result struct {
	Stretches []keptStretch     `json:"stretches,omitempty"` // of a listing
	Left      []interval        `json:"left,omitempty"`      // of its keys, for the next round
	Inside    map[string]string `json:"inside,omitempty"`    // file of what is known of an interval of Left, by its After
	Looked    int64             `json:"looked,omitempty"`    // rows, of a look
	Blocks    string            `json:"blocks,omitempty"`    // file of what they came to
	Sent      map[string]int64  `json:"sent"`
	Read      read              `json:"read,omitzero"`
	Open      []openTurn        `json:"open,omitempty"`   // whose bytes are not equal, or were not read
	Ranges    string            `json:"ranges,omitempty"` // file of the ranges that were read of the first row that is left
	Why       string            `json:"why,omitempty"`    // what is left will not be done
}

// keptStretch is a stretch with the place of its rows in the working bucket.
type keptStretch struct {
	stretch
	File string `json:"file"`
	At   int64  `json:"at"`
	End  int64  `json:"end"`
}

// progress is all that was done up to the end of a round.
type progress struct {
	Phases []string         `json:"phases"` // of each round
	Sent   map[string]int64 `json:"sent"`
	// Failed are the keys that were not listed, and Unseen the rows that were not looked at.
	Failed []failedPart `json:"failed,omitempty"`
	Unseen []failedPart `json:"unseen,omitempty"`
	Looked []int64      `json:"looked,omitempty"` // rows of each pair that parts were made of
	Scrub  []chosen     `json:"scrub,omitempty"`  // of each pair, once all is listed
}

// failedPart is a part of which nothing more will be known.
type failedPart struct {
	part
	Why string `json:"why"`
}

func roundName(n int) string     { return fmt.Sprintf("rounds/%04d.json", n) }
func itemsName(n int) string     { return fmt.Sprintf("rounds/%04d-items.json", n) }
func resultName(n, i int) string { return fmt.Sprintf("results/%04d-%05d.json", n, i) }

const (
	// firstSeconds is how long the parts of the first rounds take: soon there are as many
	// as can be worked on at once.
	firstSeconds = 30
	// PartSeconds is how long a part takes at most. It leaves the function time for one more
	// page or block, and for writing down what it did.
	PartSeconds = 300
	// PartWorkers is how many ranges of keys a part lists at once, as long as there are fewer
	// parts than can be worked on. What it leaves is as many parts, so that a few rounds make
	// hundreds of one.
	PartWorkers = 8
	// keySeconds is how long it takes beyond that until it stops inside a key.
	keySeconds = 60
	// LeastRate is how many requests a second a part has at least, so that it looks twice at a
	// block, and reads what is read at once, within a function's time.
	LeastRate = 10
	// LookRate is how many requests a second a part has at least that looks or has bytes read, where
	// the audit has as many: that is what it can send, and more parts would be paid for waiting.
	LookRate = 100
	// mostParts of a round keep its list small.
	mostParts = 2000
)

// next writes the next round, and says where the audit is then.
func (a stored) next(ctx context.Context, p progress, phase string, parts []part) (Step, error) {
	n := a.step.Round + 1
	least := LeastRate
	if phase == PhaseLook {
		least = LookRate
	}
	to := Step{Phase: phase, Bucket: a.step.Bucket, Folder: a.step.Folder, Round: n, Concurrency: max(min(len(parts), a.state.Stage.AtOnce, a.state.Stage.Rate/least), 1)}
	to.Items = &Object{a.bucket, a.prefix + itemsName(n)}
	left := max(a.state.Stage.Dollars-a.spent(p.Sent), 0)
	r := round{
		Step: to, Before: p, Parts: parts,
		Seconds: PartSeconds, Workers: 1, Rate: max(a.state.Stage.Rate/to.Concurrency, 1), Dollars: left / float64(max(len(parts), 1)),
	}
	if phase == PhaseList && len(parts) < a.state.Stage.AtOnce {
		r.Seconds, r.Workers = firstSeconds, PartWorkers
	}
	if err := a.put(ctx, itemsName(n), numbers(len(parts))); err != nil {
		return Step{}, err
	}
	if err := a.once(ctx, roundName(n), r); err != nil {
		return Step{}, err
	}
	_, err := a.get(ctx, roundName(n), &r)
	return r.Step, err
}

// numbers is the list for the state machine's Map: which parts there are, and nothing of what
// they are.
func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// spent is what requests have cost.
func (a stored) spent(sent map[string]int64) float64 { return price.Requests(sent) }

// work does one part of a round. Where it can't, and never will, the result says why; an
// error is for the state machine to try again.
func (a stored) work(ctx context.Context, i int) (any, error) {
	var r round
	if _, err := a.get(ctx, roundName(a.step.Round), &r); err != nil {
		return nil, err
	}
	if i < 0 || i >= len(r.Parts) {
		return nil, fmt.Errorf("part %d: the round has %d", i, len(r.Parts))
	}
	if there, err := a.has(ctx, resultName(a.step.Round, i)); there || err != nil {
		return struct{}{}, err // an attempt before this one did it, and its answer was lost
	}
	do := a.list
	if a.step.Phase == PhaseLook {
		do = a.look
	}
	done, err := do(ctx, r, i)
	switch {
	case permanent(ctx, err):
		done.Why = err.Error()
	case err != nil:
		return nil, err
	}
	return struct{}{}, a.once(ctx, resultName(a.step.Round, i), done)
}

// lost is why a part has no result.
const lost = "the function that was to do it failed in each of its attempts: the Map Run of the execution shows how"

// collect takes what the parts of a round came to, and makes the next one of what is left.
func (a stored) collect(ctx context.Context) (Step, error) {
	n := a.step.Round
	var r round
	if _, err := a.get(ctx, roundName(n), &r); err != nil {
		return Step{}, err
	}
	results, err := a.results(ctx, n, r)
	if err != nil {
		return Step{}, err
	}
	p := r.Before
	p.Phases = append(p.Phases, a.step.Phase)
	p.Sent = maps.Clone(p.Sent)
	if p.Sent == nil {
		p.Sent = map[string]int64{}
	}
	for _, done := range results {
		for operation, n := range done.Sent {
			p.Sent[operation] += n
		}
	}
	cut := a.cut(p)
	if a.step.Phase == PhaseLook {
		return a.collectLooks(ctx, p, r, results, cut)
	}
	var left []part
	for i, done := range results {
		why := done.Why
		if why == "" {
			why = cut
		}
		for _, keys := range done.Left {
			next := part{Pair: r.Parts[i].Pair, After: keys.After, Upto: keys.Upto, Inside: done.Inside[keys.After]}
			if why != "" {
				p.Failed = append(p.Failed, failedPart{next, why})
			} else {
				left = append(left, next)
			}
		}
	}
	if len(left) > 0 {
		return a.next(ctx, p, PhaseList, left)
	}
	p.Looked = make([]int64, len(a.state.Pairs))
	return a.nextLooks(ctx, p, nil)
}

// cut is why nothing more is done; empty where it is.
func (a stored) cut(p progress) string {
	switch spent := a.spent(p.Sent); {
	case a.state.Stage.Dollars > 0 && spent >= a.state.Stage.Dollars:
		return fmt.Sprintf("the audit has cost %s, which is all that it may", price.Text(spent))
	case a.Now().Sub(a.state.Plan.Started) >= a.state.Stage.time():
		return "the audit has taken " + a.state.Stage.time().String() + ", which is all that it may"
	}
	return ""
}

// results are what the parts of a round came to, in their order.
func (a stored) results(ctx context.Context, n int, r round) ([]result, error) {
	all := make([]result, len(r.Parts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range all {
		group.Go(func() error {
			_, err := a.get(ctx, resultName(n, i), &all[i])
			if errors.Is(err, errAbsent) {
				of := r.Parts[i]
				all[i], err = result{Left: []interval{{of.After, of.Upto}}, Why: lost}, nil
			}
			return err
		})
	}
	return all, group.Wait()
}

// stretches are all of a pair, in the order of keys.
func (a stored) stretches(ctx context.Context, p progress) ([][]keptStretch, error) {
	all := make([][]keptStretch, len(a.state.Pairs))
	for n, phase := range p.Phases {
		if phase != PhaseList {
			continue
		}
		var r round
		if _, err := a.get(ctx, roundName(n+1), &r); err != nil {
			return nil, err
		}
		results, err := a.results(ctx, n+1, r)
		if err != nil {
			return nil, err
		}
		for i, done := range results {
			of := r.Parts[i].Pair
			all[of] = append(all[of], done.Stretches...)
		}
	}
	for _, of := range all {
		sortStretches(of)
	}
	return all, nil
}

// unlisted are the keys of a pair that were not listed, and why.
func (p progress) unlisted(pair int) (all []audit.NotListed) {
	for _, f := range p.Failed {
		if f.Pair == pair {
			all = append(all, audit.NotListed{After: f.After, Upto: f.Upto, Why: f.Why})
		}
	}
	return all
}
