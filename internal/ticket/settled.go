package ticket

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"autobackup/internal/alert"
	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

// What bounds names and evidence, and ARNs, in bytes; real ones are shorter.
const (
	maxLine = 120
	maxARN  = 400
)

func line(s string) string { return text.Line(s, maxLine) }

// plain is what codes look like. Whoever may send to the failure queue chooses this one.
var plain = regexp.MustCompile(`^[A-Z0-9_]{1,40}$`)

func codeOf(code reason.Code) string {
	if plain.MatchString(string(code)) {
		return string(code)
	}
	return alert.UnknownCode
}

// over is what is over: a replica, or with an entry of no bucket the version itself.
type over struct {
	verdict.Entry
	resolution Resolution
}

// OfOver are the events of a message that was told of before, and was verified or skipped
// now.
func OfOver(c alert.Context, o batch.Over, execution string, at time.Time) []Event {
	v := o.Verdict
	var all []over
	if object, err := s3event.Parse(o.Body); err == nil && (object.GaveUp == nil || len(v.Replicas) == 0) {
		// A notification is about one replica, and says nothing of the version itself.
		all = append(all, over{verdict.Entry{Reason: v.Reason, Evidence: v.Evidence, Detail: v.Detail}, resolutionOf(v.Outcome)})
	}
	for _, e := range v.Replicas {
		all = append(all, over{e, resolutionOf(e.Outcome)})
	}
	rest := NotExpected
	if v.Outcome != verdict.Verified || len(v.Replicas) == 0 { // the facts may have been cut
		rest = resolutionOf(v.Outcome)
	}
	for _, bucket := range others(v, o.Was) {
		e := verdict.Entry{Bucket: bucket}
		if rest != NotExpected {
			e.Reason, e.Evidence = v.Reason, v.Evidence
		}
		all = append(all, over{e, rest})
	}
	return events(c, o.ID, o.Body, execution, at, all)
}

// OfRest are the events of a message that was told of before and failed again: of what
// did not fail any more.
func OfRest(c alert.Context, f batch.Failed, execution string, at time.Time) []Event {
	if !f.Again || len(f.Verdict.Replicas) == 0 { // the primary decides, or the facts were cut
		return nil
	}
	all := []over{{verdict.Entry{}, Superseded}}
	for _, e := range f.Verdict.Replicas {
		if e.Outcome == verdict.Verified || e.Outcome == verdict.Skipped {
			all = append(all, over{e, resolutionOf(e.Outcome)})
		}
	}
	for _, bucket := range others(f.Verdict, f.Was) {
		all = append(all, over{verdict.Entry{Bucket: bucket}, NotExpected})
	}
	return events(c, f.ID, f.Body, execution, at, all)
}

func resolutionOf(o verdict.Outcome) Resolution {
	if o == verdict.Skipped {
		return Skipped
	}
	return Verified
}

// others are the replicas that were told of and have no entry in the verdict.
func others(v verdict.Verdict, was []string) (all []string) {
	for _, bucket := range was {
		if bucket != "" && !slices.ContainsFunc(v.Replicas, func(e verdict.Entry) bool { return e.Bucket == bucket }) {
			all = append(all, bucket)
		}
	}
	return all
}

func events(c alert.Context, id, body, execution string, at time.Time, all []over) (made []Event) {
	object, err := s3event.Parse(body)
	if err != nil {
		return nil // it tells of no object, so nothing was verified
	}
	for _, o := range all {
		d := newDetail(c.Stage, &object, line(id), o.Entry, at)
		d.Severity, d.Resolution, d.Evidence, d.Detail, d.Execution = Info, o.resolution, line(string(o.Evidence)), text.Line(o.Detail, alert.MaxLine), text.Line(execution, maxARN)
		if o.resolution == Skipped {
			d.Reason = codeOf(o.Reason)
		}
		place := ""
		if o.Bucket != "" {
			place = " in " + line(o.Bucket)
		}
		d.Summary = text.Line(fmt.Sprintf("[%s] Backup check over (%s): %s%s", line(c.Stage), o.resolution, text.Line(object.String(), maxLine), place), 2*maxLine)
		made = append(made, Event{Settled, d})
	}
	return made
}
