package audit

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"autobackup/cmd/autobackup/pair"
	"autobackup/cmd/autobackup/price"
	"autobackup/internal/audit"
	"autobackup/internal/look"
	"autobackup/internal/s3event"
	"autobackup/internal/scrub"
	"autobackup/internal/verdict"
)

// partBlocks is how many blocks a part looks at.
const partBlocks = 10

func secondsOf(n int) time.Duration { return time.Duration(n) * time.Second }

// nextLooks makes a round of the rows that were not looked at yet: what parts left, and then
// more, as many as a round may have.
func (a stored) nextLooks(ctx context.Context, p progress, left []part) (Step, error) {
	all, err := a.stretches(ctx, p)
	if err != nil {
		return Step{}, err
	}
	if p.Scrub == nil {
		p.Scrub = a.choose(p, all)
	}
	cut := a.cut(p)
	if cut == "" {
		cut = a.dear(p, all)
	}
	size := int64(a.bounds.block) * partBlocks
	for i, of := range all {
		rows := int64(0)
		for _, s := range of {
			rows += s.Rows
		}
		for p.Looked[i] < rows && (len(left) < mostParts || cut != "") {
			n := min(size, rows-p.Looked[i])
			next := part{Pair: i, From: p.Looked[i], Rows: n, Of: pieces(of, p.Looked[i], n)}
			p.Looked[i] += n
			if cut != "" && (a.state.Plan.Level != audit.Listed || a.state.Scrub != nil) {
				p.Unseen = append(p.Unseen, failedPart{next, cut})
			} else {
				left = append(left, next)
			}
		}
	}
	if len(left) == 0 {
		return a.next(ctx, p, PhaseReport, nil)
	}
	return a.next(ctx, p, PhaseLook, left)
}

// dear is why there are no looks: they would cost more than the audit may.
func (a stored) dear(p progress, all [][]keptStretch) string {
	if a.state.Stage.Dollars == 0 || a.state.Plan.Level == audit.Listed {
		return ""
	}
	open := int64(0)
	for i, of := range all {
		for _, s := range of {
			open += s.Rows - s.Scrub.Alike
		}
		open -= p.Looked[i]
	}
	if cost := a.spent(p.Sent) + EstimateOfLooks(open, false, 1).Dollars; cost > a.state.Stage.Dollars {
		return fmt.Sprintf("looking at the %d versions that the listings leave open would cost %s in all, more than the %s that it may", open, price.Text(cost), price.Text(a.state.Stage.Dollars))
	}
	return ""
}

// pieces are where n rows behind so many others are.
func pieces(all []keptStretch, from, n int64) (of []piece) {
	base, before := int64(0), int64(0)
	for _, s := range all {
		if skip := max(from-before, 0); skip < s.Rows && n > 0 {
			take := min(s.Rows-skip, n)
			of = append(of, piece{File: s.File, At: s.At, End: s.End, Skip: skip, Take: take, Base: base})
			n -= take
			from += take
		}
		base, before = base+s.Listed, before+s.Rows
	}
	return of
}

// placedRows reads the rows of pieces.
func (a stored) placedRows(ctx context.Context, of []piece) (rows []placed, err error) {
	for _, p := range of {
		if err := a.piece(ctx, p, &rows); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func (a stored) piece(ctx context.Context, p piece, rows *[]placed) error {
	body, _, err := a.read(ctx, p.File, fmt.Sprintf("bytes=%d-%d", p.At, p.End-1))
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // read only
	in := bufio.NewReaderSize(body, 1<<16)
	for n := range p.Skip + p.Take {
		text, err := in.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("read %s: a row is missing: %w", p.File, err)
		}
		if n < p.Skip {
			continue
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil || l.Row == nil {
			return fmt.Errorf("read %s: no row: %w", p.File, err)
		}
		*rows = append(*rows, placed{*l.Row, p.Base + l.Row.Ordinal})
	}
	return nil
}

// look looks at the rows of a part, block by block, until its time is over.
func (a stored) look(ctx context.Context, r round, i int) (done result, err error) {
	p, pace, err := a.open(ctx, r.Parts[i].Pair, r.Rate)
	done.Sent = pace.Sent()
	if err != nil {
		return done, err
	}
	rows, err := a.placedRows(ctx, r.Parts[i].Of)
	if err != nil {
		return done, err
	}
	eyes := &ahead{looks: a.Looks, replica: p.Replica.Bucket, pace: pace}
	primary, replica := p.Primary.Lister(a.state.Plan.Prefix), p.Replica.Lister(a.state.Plan.Prefix)
	l := looks{
		Eye:   Eye{Sides: eyes, Judge: a.judge(p), Region: p.Primary.Region, Listed: p.Has},
		ahead: eyes.see, blockRows: a.bounds.block, wait: a.Wait, progress: func(int64) {},
		ready: func(ctx context.Context) error { return ready(ctx, primary, replica) }, save: func() error { return nil },
	}
	reads, err := a.reading(ctx, r, i, p)
	if err != nil {
		return done, err
	}
	l.was = reads.was
	l.concluded = func(rows []placed, items []audit.Item) error {
		reads.concluded(rows, items)
		return a.attestRows(ctx, items)
	}
	var out bytes.Buffer
	late := a.late(r, pace)
	for len(rows) > 0 && err == nil && (done.Looked == 0 || !late()) {
		n := reads.group(rows, a.bounds.block)
		var whole bool
		if whole, err = reads.read(ctx, rows[:n], late); err != nil || !whole {
			break
		}
		if err = l.block(ctx, rows[:n], &out); err == nil {
			rows, done.Looked = rows[n:], done.Looked+int64(n)
		}
	}
	done.Sent = pace.Sent()
	if err != nil && !permanent(ctx, err) {
		if done.Looked == 0 || ctx.Err() != nil {
			return done, err
		}
		err = nil // what was read is not read again: the next round tries the rest
	}
	if err := a.keepReading(ctx, i, reads, &done); err != nil {
		return done, err
	}
	var kept error
	done.Blocks, kept = a.keepOf(ctx, i, "blocks", "jsonl", out.Bytes())
	return done, errors.Join(err, kept)
}

// keepOf puts what a part leaves beside its result, and gives its name. It is named by its content:
// two attempts at once may have come to different ends.
func (a stored) keepOf(ctx context.Context, i int, folder, ending string, content []byte) (name string, err error) {
	sum := sha256.Sum256(content)
	name = fmt.Sprintf("%s/%04d-%05d-%x.%s", folder, a.step.Round, i, sum[:8], ending)
	return name, a.write(ctx, name, bytes.NewReader(content), "", "")
}

// collectLooks takes what parts looked at, and goes on with what they left.
func (a stored) collectLooks(ctx context.Context, p progress, r round, results []result, cut string) (Step, error) {
	var left []part
	for i, done := range results {
		of := r.Parts[i]
		if p.Scrub != nil {
			p.Scrub[of.Pair].took(done, scrub.MaxOpen-len(a.state.Scrub.Pairs[of.Pair].Turns.Open))
		}
		if of.Rows == done.Looked {
			continue
		}
		next := of.behind(done.Looked)
		next.Ranges = done.Ranges
		switch {
		case done.Why != "":
			p.Unseen = append(p.Unseen, failedPart{next, done.Why})
		case cut != "":
			p.Unseen = append(p.Unseen, failedPart{next, cut})
		default:
			left = append(left, next)
		}
	}
	return a.nextLooks(ctx, p, left)
}

// behind is what is left of a part once so many of its rows were looked at.
func (of part) behind(looked int64) part {
	next := part{Pair: of.Pair, From: of.From + looked, Rows: of.Rows - looked}
	for _, p := range of.Of {
		gone := min(looked, p.Take)
		looked -= gone
		if p.Skip, p.Take = p.Skip+gone, p.Take-gone; p.Take > 0 {
			next.Of = append(next.Of, p)
		}
	}
	return next
}

// ahead has versions looked at before they are asked for, many with one call.
type ahead struct {
	looks   Looks
	replica string
	pace    *pair.Pace // which the looks keep to as well, a HEAD for each side
	lock    sync.Mutex
	seen    map[s3event.ObjectVersion]verdict.Look
}

// callsAtOnce is how many calls of fetch-etags a part has under way.
const callsAtOnce = 4

// see looks at versions.
func (h *ahead) see(ctx context.Context, versions []s3event.ObjectVersion) error {
	h.seen = map[s3event.ObjectVersion]verdict.Look{}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(callsAtOnce)
	for some := range slices.Chunk(versions, look.MaxVersions) {
		all.Go(func() error {
			if err := h.pace.Take(ctx, "HeadObject", sides2*len(some)); err != nil {
				return err
			}
			looks, err := h.looks.LookAt(ctx, h.replica, some)
			if err == nil && len(looks) != len(some) {
				err = fmt.Errorf("look at %d versions: %d looks came back", len(some), len(looks))
			}
			if err != nil {
				return err
			}
			h.lock.Lock()
			defer h.lock.Unlock()
			for i, v := range some {
				h.seen[v] = looks[i]
			}
			return nil
		})
	}
	return all.Wait()
}

// Look implements Sides.
func (h *ahead) Look(_ context.Context, v s3event.ObjectVersion) verdict.Look {
	h.lock.Lock()
	defer h.lock.Unlock()
	return h.seen[v]
}
