package listing

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"autobackup/internal/audit"
)

// Rows hands out the rows of a range, one after the other. Next and Close are for one
// goroutine; the rest may be called by others meanwhile.
type Rows struct {
	lister Lister
	pages  chan fetched
	cancel context.CancelFunc
	why    func() error // it was cancelled
	count  atomic.Int64

	rows  []audit.Row // of the page that is handed out
	last  bool        // no page comes behind it
	err   error
	newer audit.Row // the row that was handed out last
	seen  seen

	mu   sync.Mutex
	at   string // the key handed out last
	upto string
	done bool
}

// fetched is a page's rows, or why there are none.
type fetched struct {
	rows []audit.Row
	last bool
	err  error
}

// Rows lists the keys behind after up to and including upto; an empty upto is the
// bucket's end. One page is fetched ahead. The caller must call Close.
func (l Lister) Rows(ctx context.Context, after, upto string) *Rows {
	ctx, cancel := context.WithCancel(ctx)
	r := &Rows{lister: l, pages: make(chan fetched), cancel: cancel, why: ctx.Err, at: after, upto: upto}
	r.done = upto != "" && after >= upto
	if r.done {
		close(r.pages)
		return r
	}
	go r.fetch(ctx, Marker{Key: after})
	return r
}

// RowsBehind lists what comes behind a row that Rows handed out: the rest of its key, and
// the keys behind that up to and including upto. The caller must call Close.
func (l Lister) RowsBehind(ctx context.Context, last audit.Row, upto string) *Rows {
	ctx, cancel := context.WithCancel(ctx)
	r := &Rows{lister: l, pages: make(chan fetched), cancel: cancel, why: ctx.Err, at: last.Key, upto: upto, newer: last}
	go r.fetch(ctx, Marker{last.Key, last.VersionID})
	return r
}

func (r *Rows) fetch(ctx context.Context, after Marker) {
	defer close(r.pages)
	for last := false; !last; {
		page, err := r.lister.Page(ctx, after, 0)
		if err == nil {
			r.count.Add(1)
		}
		if rows := page.Rows; len(rows) > 0 {
			after = Marker{rows[len(rows)-1].Key, rows[len(rows)-1].VersionID}
		}
		select {
		case r.pages <- fetched{page.Rows, err != nil || !page.Truncated, err}:
		case <-ctx.Done():
			return
		}
		last = err != nil || !page.Truncated || r.ends(after.Key)
	}
}

// ends tells whether a key lies beyond the range.
func (r *Rows) ends(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.upto != "" && key > r.upto
}

// Next is the next row with Superseded set, or false at the range's end. Behind an
// error comes nothing but the same error.
func (r *Rows) Next() (audit.Row, bool, error) {
	border := false
	for len(r.rows) == 0 && !r.last && r.err == nil && !r.ended() {
		page, ok := <-r.pages
		if !ok {
			page.err = fmt.Errorf("the listing of s3://%s was stopped: %w", r.lister.Bucket, r.why())
		}
		border = true
		r.rows, r.last, r.err = page.rows, page.last, page.err
	}
	if r.err != nil {
		return audit.Row{}, false, r.err
	}
	row, same, ok := r.take()
	if !ok {
		return audit.Row{}, false, nil
	}
	if !same {
		r.newer = audit.Row{Newer: -1}
	}
	if r.seen.again(row.VersionID, same, border) {
		r.err = r.lister.inconsistent(errors.New("the versions of a key repeat themselves"))
		return audit.Row{}, false, r.err
	}
	row.Superseded, row.ByMarker, row.Newer = r.newer.Modified, r.newer.Marker, r.newer.Newer+1
	r.newer = row
	return row, true, nil
}

// take hands out a row and tells whether its key is that of the row before.
func (r *Rows) take() (row audit.Row, same, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done || len(r.rows) == 0 || r.upto != "" && r.rows[0].Key > r.upto {
		r.done, r.rows = true, nil
		return audit.Row{}, false, false
	}
	row, r.rows = r.rows[0], r.rows[1:]
	same, r.at = row.Key == r.at, row.Key
	return row, same, true
}

func (r *Rows) ended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done
}

// Close stops the fetching and waits for it.
func (r *Rows) Close() {
	r.cancel()
	for range r.pages { //nolint:revive // until the fetcher has closed it
	}
}

// Pages is how many pages were read so far.
func (r *Rows) Pages() int { return int(r.count.Load()) }

// At is the key handed out last, or where the range begins.
func (r *Rows) At() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at
}

// ShortenTo lets the range end at an earlier key. It is false, and nothing changes,
// where the range has ended, where a row beyond was handed out, or where that would be no earlier end.
func (r *Rows) ShortenTo(upto string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done || upto < r.at || upto == "" || r.upto != "" && upto >= r.upto {
		return false
	}
	r.upto = upto
	return true
}
