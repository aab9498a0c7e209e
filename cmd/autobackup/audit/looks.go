package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"autobackup/internal/audit"
	"autobackup/internal/listing"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// looks looks at what the listings left open, block by block in the order of keys.
type looks struct {
	Eye
	// ahead looks at all versions that are due, before each is asked for; nil: each is looked
	// at when it is.
	ahead func(context.Context, []s3event.ObjectVersion) error
	// was is what reading the bytes of a row came to; nil, or a nil answer: they were not read.
	was func(placed) *verdict.Bytes
	// concluded is told what each row came to; nil: nobody is.
	concluded func([]placed, []audit.Item) error
	file      string
	blockRows int
	// ready ends the looks where a side can't be read any longer.
	ready    func(context.Context) error
	save     func() error // keeps what was spent
	wait     func(context.Context, time.Duration) error
	progress func(rows int64)
}

// Again is how long what looks wrong is left alone before it is looked at again: what
// changed while the audit looked is no finding. Tests of commands shorten it, as these wait
// by the clock on the wall.
var Again = 2 * time.Second

const (
	// atOnce is how many versions are looked at together, each with a HEAD a side.
	atOnce = 64
	// sampleRows is how many of a block that is mostly missing are looked at; where they
	// do not all have the same explanation, the whole block is.
	sampleRows = 50
	// mostly: a block is mostly missing where at least this many of 1,000 versions listed
	// between its first and its last are missing.
	mostly = 900
)

// block is what a block of rows came to.
type block struct {
	Rows    int64         `json:"rows"`
	Sampled int64         `json:"sampled,omitempty"` // rows that were not looked at, because a sample of the block was
	Counts  []audit.Count `json:"counts,omitempty"`  // of all but Items
	Items   []audit.Item  `json:"items,omitempty"`
}

// told says whether an item is kept, not only counted.
func told(i audit.Item) bool { return i.Listed() || i.Replicable() }

// placed is a row with its place among all that was listed.
type placed struct {
	openRow
	at int64
}

// run looks at the rows of all stretches, but for those that were looked at before.
func (l looks) run(ctx context.Context, all []stretch) error {
	out, skip, err := openBlocks(l.file)
	if err != nil {
		return err
	}
	l.progress(skip)
	base := int64(0)
	var next []placed
	for _, s := range all {
		err = errors.Join(err, s.rows(func(row openRow) error {
			if skip > 0 {
				skip--
				return nil
			}
			if next = append(next, placed{row, base + row.Ordinal}); len(next) < l.blockRows {
				return nil
			}
			full := next
			next = nil
			return l.block(ctx, full, out)
		}))
		if err != nil {
			break
		}
		base += s.Listed
	}
	if err == nil && len(next) > 0 {
		err = l.block(ctx, next, out)
	}
	return errors.Join(err, out.Close())
}

// block concludes about a block, and writes it down.
func (l looks) block(ctx context.Context, rows []placed, out io.Writer) error {
	b := block{Rows: int64(len(rows))}
	items, left, err := l.sampled(ctx, rows)
	if err != nil {
		return err
	}
	if l.Judge.Level != audit.Listed {
		if err := l.ready(ctx); err != nil {
			return err
		}
	}
	if l.concluded != nil {
		if err := l.concluded(rows, items); err != nil {
			return err
		}
	}
	b.Sampled = left
	var counts audit.Tally
	for _, item := range items {
		if told(item) {
			b.Items = append(b.Items, item)
		} else {
			counts.AddItem(item)
		}
	}
	b.Counts = counts.Counts()
	l.progress(b.Rows)
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	if _, err = out.Write(append(text, '\n')); err != nil {
		return err
	}
	return l.save()
}

// ready holds both sides against what the looks may have said of each version: that it
// is missing or can't be read. HEAD answers 404 without a word of whether the version or
// the whole bucket is gone, and says nothing of credentials that expired. So both sides
// are listed once more, by one row, before what a block came to counts.
func ready(ctx context.Context, sides ...listing.Lister) error {
	for _, side := range sides {
		if _, _, err := side.First(ctx, "", ""); err != nil {
			return fmt.Errorf("look at versions: a side can no longer be read: %w", err)
		}
	}
	return nil
}

// all concludes about every row by a look, where the level has looks.
func (l looks) all(ctx context.Context, rows []placed) ([]audit.Item, error) {
	items := make([]audit.Item, len(rows))
	if err := l.each(ctx, rows, items, func(audit.Item) bool { return true }); err != nil {
		return nil, err
	}
	if l.Judge.Level == audit.Listed || !slices.ContainsFunc(items, doubtful) {
		return items, nil
	}
	if err := l.wait(ctx, Again); err != nil {
		return nil, err
	}
	if err := l.each(ctx, rows, items, doubtful); err != nil {
		return nil, err
	}
	return items, l.vanished(ctx, items)
}

// doubtful says whether a second look may show it otherwise.
func doubtful(i audit.Item) bool { return i.Category.Doubtful() || i.Reason == reason.Changed }

// vanished holds what is gone from a side against a new listing.
func (l looks) vanished(ctx context.Context, items []audit.Item) (err error) {
	for n, i := range items {
		if items[n], err = l.Vanished(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (l looks) each(ctx context.Context, rows []placed, items []audit.Item, due func(audit.Item) bool) error {
	if err := l.see(ctx, rows, items, due); err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(atOnce)
	var unknown atomic.Int64
	for i, row := range rows {
		if !due(items[i]) {
			continue
		}
		all.Go(func() error {
			items[i] = l.item(ctx, row)
			if items[i].Category == audit.Unknown && l.Judge.Level != audit.Listed && unknown.Add(1)%atOnce == 1 {
				return l.ready(ctx) // an outage ends the audit now, not after all retries of a thousand looks
			}
			return ctx.Err()
		})
	}
	return all.Wait()
}

// see has what is due looked at ahead.
func (l looks) see(ctx context.Context, rows []placed, items []audit.Item, due func(audit.Item) bool) error {
	if l.ahead == nil {
		return nil
	}
	var versions []s3event.ObjectVersion
	for i, row := range rows {
		if _, open, _ := l.listed(row); open && due(items[i]) {
			versions = append(versions, l.Version(row.pair()))
		}
	}
	return l.ahead(ctx, versions)
}

func (o openRow) pair() audit.Pair { return audit.Pair{Primary: o.Primary, Replica: o.Replica} }

// listed is what the listings say of a row, whether a look is to decide, and what its bytes
// came to. Bytes that are equal decide where the listings leave nothing open.
func (l looks) listed(row placed) (c audit.Conclusion, open bool, was *verdict.Bytes) {
	c, open = l.Judge.Listed(row.pair())
	if l.was != nil {
		was = l.was(row)
	}
	switch {
	case was == nil || open:
	case was.Equal():
		c = audit.Conclusion{Category: audit.Compared, Evidence: verdict.BytesRead}
	case l.Sides == nil: // nobody looks any more
		c = stays(audit.Conclusion{}, was)
	default:
		open = true
	}
	return c, open, was
}

// item is what a row comes to.
func (l looks) item(ctx context.Context, row placed) audit.Item {
	c, open, was := l.listed(row)
	if open {
		_, c = l.look(ctx, row.pair(), was)
		if was != nil && !was.Equal() && reopened(*row.Turn) && c.Category == audit.Compared {
			c = stays(c, was)
		}
	}
	i := l.Judge.Item(row.pair(), c)
	i.Scrubbed = was != nil
	return i
}

// stays is what a version comes to whose bytes were not equal, or not read, before, and were not read
// now: stored checksums end nothing of that.
func stays(c audit.Conclusion, was *verdict.Bytes) audit.Conclusion {
	detail := was.Error
	if detail == "" {
		detail = stillOpen + ", and could not be read: " + c.Detail
	}
	return audit.Conclusion{Category: audit.Unknown, Reason: reason.BytesNotRead, Status: c.Status, Detail: text.Line(detail, verdict.MaxDetail)}
}
