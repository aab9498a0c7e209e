package settle

import (
	"slices"
	"strings"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/s3event"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// maxDetail is the length of batch.Failed.Detail in bytes.
const maxDetail = 300

// minDetail is what the detail keeps where there is little room: enough to say
// that it was cut.
const minDetail = 16

// attributes are the names and types of what a message is parked with, and the
// largest number of alerts. SQS counts them as part of the message
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html).
const attributes = len("reason"+"String"+"detail"+"String"+"execution"+"String"+"facts"+"String"+"sum"+"String"+"alerts"+"Number") + len("10") + batch.SumLength

// failed is the message as it is told and parked. Beside a long body there is
// little room for attributes: the facts come first, with as much as fits, then the
// line for people.
func (r *round) failed(j judgment) batch.Failed {
	f := batch.Failed{ID: j.message.ID, Body: j.message.Body, Again: j.message.Again, Was: j.message.Was, Reason: j.verdict.Reason, Sum: batch.Sum(j.message.Body)}
	room := r.MaxMessage - len(f.Body) - len(strings.Join(f.Was, "")) - attributes - len(f.Reason) - len(r.batch.Execution)
	f.Verdict = within(j.verdict, room-minDetail)
	room -= text.Encoded(f.Verdict)
	f.Detail = text.Line(alert.Line(j.verdict, j.object), max(min(room, maxDetail), minDetail))
	return f
}

// over is the message as it is told once it is over. It takes no more room than one that
// failed.
func (r *round) over(j judgment) batch.Over {
	o := batch.Over{ID: j.message.ID, Body: j.message.Body, Was: slices.Clone(j.message.Was)}
	if j.message.Look != nil && len(j.verdict.Replicas) == 0 {
		for _, replica := range j.message.Look.Replicas {
			if !slices.Contains(o.Was, replica.Bucket) {
				o.Was = append(o.Was, replica.Bucket)
			}
		}
	}
	o.Verdict = within(j.verdict, r.MaxMessage-len(o.Body)-len(strings.Join(o.Was, "")))
	return o
}

// within is the verdict in at most limit bytes of JSON: without its details where
// that is too little, else with its reason alone.
func within(v verdict.Verdict, limit int) verdict.Verdict {
	if text.Encoded(v) <= limit {
		return v
	}
	short := v
	short.Detail, short.Replicas = "", slices.Clone(v.Replicas)
	for i := range short.Replicas {
		short.Replicas[i].Detail = ""
	}
	if text.Encoded(short) <= limit {
		return short
	}
	return verdict.Verdict{Outcome: v.Outcome, Reason: v.Reason, Evidence: v.Evidence, Marker: v.Marker, Forbidden: v.Forbidden}
}

// settled is the message's line in the summary.
func (j judgment) settled() batch.Settled {
	s := batch.Settled{
		ID: j.message.ID, Object: name(j.object, j.message.ID), Verdict: j.verdict.Outcome, Reason: j.verdict.Reason,
		Evidence: j.verdict.Evidence, Finding: j.verdict.Finding, Looks: j.progress.Looks,
	}
	if s.Verdict == verdict.Failed || s.Verdict == verdict.Reading || j.message.Again { // the message is in the state, too
		s.Object = shorten(s.Object, batch.MaxObject)
	}
	for _, e := range j.verdict.Replicas {
		s.Replicas = append(s.Replicas, batch.Replica{
			Bucket: e.Bucket, Verdict: e.Outcome, Reason: e.Reason, Evidence: e.Evidence, Finding: e.Finding})
	}
	return s
}

// name is the object version's URI, or the message's id where none is known.
func name(o s3event.ObjectVersion, messageID string) string {
	if o.Bucket == "" {
		return "message " + messageID
	}
	return o.URI()
}

// shorten leaves out the middle of a text that takes more than limit bytes of
// JSON.
func shorten(s string, limit int) string {
	short := s
	for n := limit; text.Encoded(short) > limit; n = n * 3 / 4 {
		short = text.Shorten(s, n)
	}
	return short
}
