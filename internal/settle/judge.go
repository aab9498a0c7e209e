package settle

import (
	"slices"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// judgment is what came of one message in this round.
type judgment struct {
	message  batch.Message
	object   s3event.ObjectVersion // zero where the message tells of none
	look     verdict.Look          // zero where there was none
	event    verdict.Event
	progress verdict.Progress
	verdict  verdict.Verdict
}

// judgeLook judges a message by its look. One that needs none, because it tells
// of no object version, is judged at once; any other without a look is not due.
func (s Settler) judgeLook(m batch.Message) (j judgment, due bool) {
	object, err := s3event.Parse(m.Body)
	if err != nil {
		return judgment{message: m, progress: m.Progress, verdict: verdict.Verdict{
			Outcome: verdict.Failed, Reason: reason.MalformedEvent, Detail: err.Error()}}, true
	}
	look := verdict.Look{}
	progress := m.Progress
	switch {
	case m.Look != nil:
		look, progress = *m.Look, m.Progress.Add(*m.Look)
	case object.Versioned():
		return judgment{}, false
	}
	return s.judge(m, object, look, progress), true
}

// judgeBytes judges a message by what reading bytes came to. Where an error kept
// the replica from being read, that is what it came to.
func (s Settler) judgeBytes(m batch.Message, replica int, notRead *batch.Error) judgment {
	object, err := s3event.Parse(m.Body)
	if err != nil || m.Look == nil { // only who invokes the function by hand sends such a batch
		j, _ := s.judgeLook(batch.Message{ID: m.ID, Body: m.Body, Again: m.Again, Look: &verdict.Look{}})
		return j
	}
	look := *m.Look
	look.Replicas = slices.Clone(look.Replicas)
	if notRead != nil && replica >= 0 && replica < len(look.Replicas) {
		look.Replicas[replica].Bytes = &verdict.Bytes{Error: notRead.Error}
	}
	m.Look = &look
	return s.judge(m, object, look, m.Progress)
}

func (s Settler) judge(m batch.Message, o s3event.ObjectVersion, look verdict.Look, p verdict.Progress) judgment {
	event := verdict.Event{Marker: o.Marker, Lifecycle: o.Lifecycle, Unversioned: !o.Versioned(), Draw: o.Draw()}
	if o.GaveUp != nil {
		event.GaveUp = &verdict.GaveUp{Destination: o.GaveUp.Destination, Change: !o.GaveUp.Upload(), Cause: o.GaveUp.Cause}
	}
	v := s.Heartbeats.Came(o.Bucket, o.Key, verdict.Judge(event, look, p, s.Policy))
	return judgment{message: m, object: o, look: look, event: event, progress: p, verdict: v}
}
