// Package settle is the use case of the compare-etags function: it gives every
// message of a batch its verdict for this round, settles what is verified,
// skipped or failed, and says what becomes of the rest. It does no I/O but its
// log and its metrics.
package settle

import (
	"context"
	"io"
	"log/slog"
	"time"

	"autobackup/internal/batch"
	"autobackup/internal/heartbeat"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Settler settles batches. It keeps nothing from one batch to the next, so
// settling a batch twice gives the same answer twice.
type Settler struct {
	Policy verdict.Policy
	Stage  string
	// MaxMessage is the validation queue's MaximumMessageSize in bytes. A message
	// that was parked comes back with the attributes it was parked with, and both
	// together must fit.
	MaxMessage int
	Log        *slog.Logger
	// Success is the level of the line about a verified object: the one that
	// Log prints as SUCCESS.
	Success slog.Level
	// Metrics takes the lines of package metric. Where it fails, Log has a
	// warning and the batch is settled all the same.
	Metrics io.Writer
	// Heartbeats is where the stage's own are, which come out as planted.
	Heartbeats heartbeat.Bucket
	// BucketMetrics are the names of the buckets that have metrics of their own.
	BucketMetrics []string
	// Now is the time that metrics carry. No verdict rests on it.
	Now func() time.Time
}

// Settle answers with the batch after one round of verdicts.
//
// Messages keeps those that found no room for a look in this round; they are
// looked at next, without a wait. Once there are none, Wait is the seconds until
// the next look at what lags, so that no deadline is overshot, and is counted in
// the progress of every lagging message already. Failed and Over are about this round
// alone; Summary grows.
//
// What is to be read stays in Reading: with its look where this execution reads
// bytes itself, else without, for an execution of its own, and then the summary
// says so.
//
// Every message gets a verdict of its own, whatever it holds.
func (s Settler) Settle(ctx context.Context, b batch.Batch) batch.Batch {
	after, _ := s.Round(ctx, b)
	return after
}

// Ended is a message that this round settled: its line of the summary, the object version
// that it tells of, whose key no summary has cut, and the look that it ended by. Both are zero
// where there is none.
type Ended struct {
	batch.Settled
	Version s3event.ObjectVersion
	Look    verdict.Look
}

// Round is Settle, and says what it settled: what is new in the summary.
func (s Settler) Round(ctx context.Context, b batch.Batch) (batch.Batch, []Ended) {
	r := round{Settler: s, batch: b}
	r.batch.Messages, r.batch.Reading, r.batch.Failed, r.batch.Over, r.batch.NotRead = nil, nil, nil, nil, nil
	for _, m := range b.Messages {
		if j, due := s.judgeLook(m); due {
			r.settle(ctx, j)
		} else {
			r.batch.Messages = append(r.batch.Messages, m)
		}
	}
	for _, m := range b.Reading {
		r.settle(ctx, s.judgeBytes(m, b.Replica, b.NotRead))
	}
	s.measure(ctx, r.judged)
	r.wait()
	r.batch.Summary.Text = r.summary()
	return r.batch.Count(), r.ended
}

// round is one pass over a batch.
type round struct {
	Settler
	batch  batch.Batch // as it becomes
	judged []judgment
	ended  []Ended
}

// settle puts a message where its verdict belongs.
func (r *round) settle(ctx context.Context, j judgment) {
	r.log(ctx, r.batch.Execution, j)
	r.judged = append(r.judged, j)
	m := j.message
	m.Progress, m.Look, m.Wait = j.progress, nil, 0
	switch j.verdict.Outcome {
	case verdict.Lagging:
		m.Wait = int(j.verdict.Wait / time.Second)
		r.batch.Lagging = append(r.batch.Lagging, m)
		return
	case verdict.Reading:
		if r.batch.Reads {
			m.Look, r.batch.Replica = j.message.Look, verdict.ToRead(j.event, *j.message.Look, r.Policy)
			r.batch.Reading = append(r.batch.Reading, m)
			return
		}
		r.batch.Reading = append(r.batch.Reading, m)
	case verdict.Failed:
		r.batch.Failed = append(r.batch.Failed, r.failed(j))
	case verdict.Verified, verdict.Skipped:
		if m.Again {
			r.batch.Over = append(r.batch.Over, r.over(j))
		}
	}
	line := j.settled()
	r.batch.Summary.Objects = append(r.batch.Summary.Objects, line)
	r.ended = append(r.ended, Ended{line, j.object, j.look})
}

// wait chooses the seconds before the next look at what lags, at least 1 where
// anything does, and counts them.
func (r *round) wait() {
	r.batch.Wait = 0
	if len(r.batch.Messages) > 0 || len(r.batch.Lagging) == 0 {
		return
	}
	r.batch.Wait = r.batch.Lagging[0].Wait
	for _, m := range r.batch.Lagging {
		r.batch.Wait = max(min(r.batch.Wait, m.Wait), 1)
	}
	for i, m := range r.batch.Lagging {
		r.batch.Lagging[i].Progress = m.Progress.Wait(time.Duration(r.batch.Wait) * time.Second)
	}
}
