package audit

import (
	"context"
	"encoding/json"
	"time"

	"autobackup/cmd/autobackup/pair"
	"autobackup/internal/metric"
	"autobackup/internal/scrub"
)

// reading is what reads the bytes of a part's rows; nil: nothing does.
func (a stored) reading(ctx context.Context, r round, i int, p *pair.Pair) (*reader, error) {
	if a.state.Scrub == nil {
		return nil, nil
	}
	of := r.Parts[i]
	turns := a.state.Scrub.Pairs[of.Pair].Turns
	reads := &reader{
		comparer: a.Scrub.Comparer, wait: a.Wait, sides: a.state.Pairs[of.Pair], slices: r.Before.Scrub[of.Pair].Slices, known: map[scrub.Version]scrub.Open{},
		readable: a.judge(p).Readable, last: func(slice int) time.Time { return turns.Last(slice, a.state.Plan.Started) },
		kms: p.KMS(), pace: pair.NewPace(r.Rate, func(map[string]int64) error { return nil }),
	}
	for _, o := range turns.Open {
		reads.known[o.Version] = o
	}
	if of.Ranges != "" {
		if _, err := a.get(ctx, of.Ranges, &reads.left); err != nil {
			return nil, err
		}
	}
	return reads, nil
}

// keepReading puts what was read into the result, and what is known of a row that was not read
// whole into a file. A difference is measured at once: the report may be hours away.
func (a stored) keepReading(ctx context.Context, i int, reads *reader, done *result) error {
	if reads == nil {
		return nil
	}
	done.Read, done.Open = reads.sum, reads.open
	if len(reads.left) > 0 {
		text, err := json.Marshal(reads.left)
		if err != nil {
			return err
		}
		if done.Ranges, err = a.keepOf(ctx, i, "ranges", "json", text); err != nil {
			return err
		}
	}
	if done.Read.Different == 0 {
		return nil
	}
	return metric.Scope{Stage: a.Stage}.WriteScrubDifferent(a.Metrics, a.Now(), done.Read.Different)
}
