// Package compare is the use case of the compare-etags function: it judges every
// look of a batch, settles what is verified, skipped or failed, and says when to
// look again at the rest. It does no I/O but its log and its metrics.
package compare

import (
	"context"
	"io"
	"log/slog"
	"time"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Comparer judges batches. It keeps nothing from one batch to the next, so
// judging a batch twice gives the same answer twice.
type Comparer struct {
	Policy verdict.Policy
	Stage  string
	Queues alert.Queues // for the commands in alerts
	Log    *slog.Logger
	// Success is the level of the line about a verified object: the one that
	// Log prints as SUCCESS.
	Success slog.Level
	// Metrics takes the lines of package metric. Where it fails, Log has a
	// warning and the batch is judged all the same.
	Metrics io.Writer
	// Now is the time that metrics carry. No verdict rests on it.
	Now func() time.Time
}

// Compare answers with the batch after one round of verdicts. Messages keeps
// what lags, in order and without its look, which is read anew, but with the
// numbers of looks in a row that Progress counts; Failed and Alert are about this
// round alone, and Alert leaves out what operators were alerted about before;
// Summary grows. Wait is the seconds until the next
// look, chosen so that it overshoots no deadline, and is part of Waited already;
// it is 0 where nothing lags.
//
// Every message gets a verdict of its own, whatever it holds.
func (c Comparer) Compare(ctx context.Context, b batch.Batch) batch.Batch {
	r := round{
		policy:  c.Policy,
		looks:   max(b.Looks, 1),
		waited:  time.Duration(max(b.Waited, 0)) * time.Second,
		lagging: []batch.Message{},
		failed:  []batch.Failed{},
		settled: append([]batch.Settled{}, b.Summary.Objects...),
	}
	r.wait = verdict.NextWait(r.looks)
	judged := make([]judgment, len(b.Messages))
	for i, m := range b.Messages {
		judged[i] = r.judge(m)
		c.log(ctx, b, judged[i])
		r.settle(judged[i])
	}
	c.measure(ctx, r.looks, judged)
	b.Messages, b.Failed = r.lagging, r.failed
	b.Wait = r.seconds()
	b.Waited += b.Wait
	b.Alert = alert.Compose(alert.Context{Stage: c.Stage, Execution: b.Execution, Queues: c.Queues}, r.untold)
	b.Summary = batch.Summary{Text: summarize(r.settled, len(r.lagging), r.looks), Objects: r.settled}
	return b
}

// round is one pass over a batch.
type round struct {
	policy  verdict.Policy
	looks   int
	waited  time.Duration
	wait    time.Duration // the shortest one asked for so far
	lagging []batch.Message
	failed  []batch.Failed
	untold  []batch.Failed // those of failed that operators don't know of yet
	settled []batch.Settled
}

// judgment is what came of one message.
type judgment struct {
	message batch.Message
	object  s3event.ObjectVersion // zero where the message is malformed
	verdict verdict.Verdict
	next    time.Duration // of a lagging one: when to look again at the latest
	verdict.Progress
}

func (r *round) judge(m batch.Message) judgment {
	object, err := s3event.Parse(m.Body)
	if err != nil {
		return judgment{message: m, verdict: verdict.Verdict{
			Outcome: verdict.Failed, Reason: reason.MalformedEvent, Detail: err.Error()}}
	}
	look := m.Look
	if look == nil { // fetch-etags did not get to it: as if S3 had not answered
		look = &verdict.Look{Primary: verdict.Side{
			Bucket: object.Bucket, Region: object.Region, Found: verdict.Unreachable, Detail: "no look was made"}}
	}
	progress := verdict.Progress{Looks: r.looks, Waited: r.waited}
	if look.Unread() {
		progress.Unread = max(m.Unread, 0) + 1
	}
	if look.FailedReplica() != "" {
		progress.GaveUp = max(m.GaveUp, 0) + 1
	}
	v := verdict.Judge(object.Event, *look, progress, r.policy)
	return judgment{m, object, v, verdict.Remaining(object.Event, *look, progress, r.policy), progress}
}

// settle puts a message where its verdict belongs.
func (r *round) settle(j judgment) {
	if j.verdict.Outcome == verdict.Lagging {
		r.wait = min(r.wait, j.next)
		r.lagging = append(r.lagging, batch.Message{ID: j.message.ID, Body: j.message.Body, Unread: j.Unread, GaveUp: j.GaveUp})
		return
	}
	if j.verdict.Outcome == verdict.Failed {
		failed := batch.Failed{ID: j.message.ID, Body: j.message.Body, Reason: j.verdict.Reason, Detail: j.verdict.Detail}
		r.failed = append(r.failed, failed)
		if !j.verdict.Alerted {
			r.untold = append(r.untold, failed)
		}
	}
	r.settled = append(r.settled, batch.Settled{
		ID: j.message.ID, Object: j.name(), Verdict: j.verdict.Outcome,
		Reason: j.verdict.Reason, Evidence: j.verdict.Evidence, Looks: r.looks})
}

// seconds is the wait before the next look, at least 1 where anything lags.
func (r *round) seconds() int {
	if len(r.lagging) == 0 {
		return 0
	}
	return max(int(r.wait/time.Second), 1)
}

// name is the object version's URI, or the message's id where none is known.
func (j judgment) name() string {
	name := j.object.URI()
	if j.object.Bucket == "" {
		name = "message " + j.message.ID
	}
	if j.verdict.Outcome == verdict.Failed {
		return shorten(name, batch.MaxObject)
	}
	return name
}
