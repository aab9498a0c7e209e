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
// what is not settled, in order: what lags without its look, which is made anew,
// but with the numbers of looks in a row that Progress counts; what is to be read
// with its look, and Reading counts those. Failed and Alert are about this round
// alone, and Alert leaves out what operators were alerted about before; Summary
// grows. Wait is the seconds until the next look, chosen so that it overshoots no
// deadline, and is part of Waited already; it is 0 where nothing lags.
//
// A batch that comes from reading is judged as far as it was read. What lags in it
// waits no longer than the round before said.
//
// Every message gets a verdict of its own, whatever it holds.
func (c Comparer) Compare(ctx context.Context, b batch.Batch) batch.Batch {
	r := round{
		policy:    c.Policy,
		looks:     max(b.Looks, 1),
		waited:    time.Duration(max(b.Waited, 0)) * time.Second,
		unsettled: []batch.Message{},
		failed:    []batch.Failed{},
		settled:   append([]batch.Settled{}, b.Summary.Objects...),
	}
	r.wait = verdict.NextWait(r.looks)
	if b.Reading > 0 && b.Wait > 0 { // chosen, and part of waited, already
		r.wait = min(r.wait, time.Duration(b.Wait)*time.Second)
		r.waited -= time.Duration(b.Wait) * time.Second
		b.Waited -= b.Wait
	}
	judged := make([]judgment, 0, len(b.Messages))
	for _, m := range b.Messages {
		if b.Reading > 0 && m.Look == nil {
			r.lags(m)
			continue
		}
		j := r.judge(m)
		c.log(ctx, b, j)
		r.settle(j)
		judged = append(judged, j)
	}
	c.measure(ctx, r.looks, judged)
	b.Messages, b.Failed, b.Reading = r.unsettled, r.failed, r.reading
	b.Wait = r.seconds()
	b.Waited += b.Wait
	b.Alert = alert.Compose(alert.Context{Stage: c.Stage, Execution: b.Execution, Queues: c.Queues}, r.untold)
	b.Summary = batch.Summary{Text: summarize(r.settled, r.lagging, r.reading, r.looks), Objects: r.settled}
	return b
}

// round is one pass over a batch.
type round struct {
	policy           verdict.Policy
	looks            int
	waited           time.Duration
	wait             time.Duration // the shortest one asked for so far
	unsettled        []batch.Message
	lagging, reading int // of unsettled
	failed           []batch.Failed
	untold           []batch.Failed // those of failed that operators don't know of yet
	settled          []batch.Settled
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
	object.Event.Draw = object.Draw()
	if m.Error != "" {
		return judgment{message: m, object: object, verdict: verdict.Verdict{Outcome: verdict.Failed, Reason: reason.WorkflowError,
			Detail: reason.Line("reading the bytes of both sides stopped: "+m.Error, verdict.MaxDetail)}}
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
	if look.MetadataDiffers() {
		progress.Differing = max(m.Differing, 0) + 1
	}
	v := verdict.Judge(object.Event, *look, progress, r.policy)
	if v.Outcome == verdict.Reading {
		toRead := verdict.ToRead(object.Event, *look, r.policy)
		m.Look = &toRead
	}
	return judgment{m, object, v, verdict.Remaining(object.Event, *look, progress, r.policy), progress}
}

// settle puts a message where its verdict belongs.
func (r *round) settle(j judgment) {
	switch j.verdict.Outcome {
	case verdict.Lagging:
		r.wait = min(r.wait, j.next)
		r.lags(batch.Message{
			ID: j.message.ID, Body: j.message.Body, Unread: j.Unread, GaveUp: j.GaveUp, Differing: j.Differing})
		return
	case verdict.Reading:
		r.reading++
		r.unsettled = append(r.unsettled, batch.Message{
			ID: j.message.ID, Body: j.message.Body, Look: j.message.Look, Differing: j.message.Differing})
		return
	case verdict.Failed:
		failed := batch.Failed{ID: j.message.ID, Body: j.message.Body, Reason: j.verdict.Reason, Detail: j.verdict.Detail}
		r.failed = append(r.failed, failed)
		if !j.verdict.Alerted {
			r.untold = append(r.untold, failed)
		}
	}
	r.settled = append(r.settled, batch.Settled{
		ID: j.message.ID, Object: j.name(), Verdict: j.verdict.Outcome,
		Reason: j.verdict.Reason, Evidence: j.verdict.Evidence, Finding: j.verdict.Finding, Looks: r.looks})
}

// lags keeps a message for another look.
func (r *round) lags(m batch.Message) {
	r.lagging++
	r.unsettled = append(r.unsettled, m)
}

// seconds is the wait before the next look, at least 1 where anything lags.
func (r *round) seconds() int {
	if r.lagging == 0 {
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
