package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"autobackup/internal/s3event"
	"autobackup/internal/text"
	"autobackup/internal/told"
	"autobackup/internal/verdict"
)

// title is the reason and the object of a version within a subject.
func (v version) title(limit int) string {
	head := v.code() + " "
	return head + text.Shorten(ascii(v.name()), limit-len(head))
}

// line lists the version, with the replicas that failed.
func (v version) line() string {
	var replicas []string
	for _, e := range v.entries {
		if name := show(e.Bucket, maxBucket); e.Outcome == verdict.Failed && !slices.Contains(replicas, name) {
			replicas = append(replicas, name)
		}
	}
	in := ""
	if len(replicas) > 0 {
		in = " in " + strings.Join(replicas, ", ")
	}
	return fmt.Sprintf("  %-22s  %s%s\n", v.code(), show(v.name(), 120), in)
}

func (v version) brief() string { return "" }

func (v version) names(p part) []identity {
	if v.object == nil || p == asBrief {
		return nil
	}
	return []identity{identify(v.examples[0])}
}

func (v version) gist() words { return v.explained()[0].words }

func (v version) describe() string {
	return fmt.Sprintf("\n%s: %s\n\n", v.code(), show(v.name(), 200)) + v.details()
}

// maxMessages bounds the messages that are told of one version.
const maxMessages = 3

// details are everything about the version but its name.
func (v version) details() string {
	var b strings.Builder
	v.places(&b)
	v.explain(&b)
	for _, x := range v.examples[:min(len(v.examples), maxMessages)] {
		message(&b, x)
	}
	if n := len(v.examples) - maxMessages; n > 0 {
		field(&b, "", "and "+text.Count(n, "more message")+" about the same version")
	}
	v.commands(&b)
	return b.String()
}

func field(b *strings.Builder, label, text string) { linked(b, label, unlinked(text)) }

// linked is a field whose address is to become a link.
func linked(b *strings.Builder, label, text string) { fmt.Fprintf(b, "  %-15s  %s\n", label, text) }

// places tells what is known of every copy.
func (v version) places(b *strings.Builder) {
	if v.object == nil {
		field(b, "It begins:", show(v.examples[0].Begins, 200))
		v.kept(b)
		return
	}
	field(b, "Version:", versionID(*v.object))
	primary := show(v.object.Bucket, maxBucket) + " (" + show(v.object.Region, maxRegion) + ")"
	field(b, "Primary:", primary)
	var replicas []string
	for _, e := range v.entries {
		if text := replica(e); !slices.Contains(replicas, text) { // two messages may say the same
			replicas = append(replicas, text)
		}
	}
	b.WriteString(strings.Join(replicas, ""))
	v.kept(b)
}

func replica(e verdict.Entry) string {
	var b strings.Builder
	region := cmp.Or(e.Region, "region not told")
	field(&b, "Replica:", fmt.Sprintf("%s (%s): %s", show(e.Bucket, maxBucket), text.Line(region, maxRegion), outcome(e)))
	if e.Detail != "" {
		field(&b, "", text.Line(e.Detail, verdict.MaxDetail))
	}
	return b.String()
}

func versionID(o s3event.ObjectVersion) string {
	if !o.Versioned() {
		return "none: the event names no version"
	}
	return show(o.VersionID, 200)
}

// kept is what is told where no replica has a detail.
func (v version) kept(b *strings.Builder) {
	if slices.ContainsFunc(v.entries, func(e verdict.Entry) bool { return e.Outcome == verdict.Failed && e.Detail != "" }) {
		return
	}
	x := v.examples[0]
	field(b, "Finding:", text.Line(cmp.Or(x.Verdict.Detail, x.Detail, "none"), MaxLine))
}

// outcome is what came of a replica, in words.
func outcome(e verdict.Entry) string {
	switch e.Outcome {
	case verdict.Failed:
		return "failed, " + known(e.Reason)
	case verdict.Verified:
		fine := "fine, verified by " + text.Line(string(e.Evidence), 80)
		if e.Finding != "" {
			fine += ", but " + known(e.Finding)
		}
		return fine
	case verdict.Skipped:
		return "skipped, " + text.Line(string(e.Reason), 40)
	case verdict.Reading:
		return "not judged: its bytes were still to be read"
	}
	return "not judged: it was still waited for, as " + text.Line(string(e.Reason), 40)
}

// message tells of one message about the version.
func message(b *strings.Builder, x told.Example) {
	field(b, "Message:", show(x.MessageID, 80))
	if x.Alerts > 0 {
		field(b, "Told before:", fmt.Sprintf("%s; from %d on, no e-mail is sent about the message", text.Count(x.Alerts, "time"), MaxAlerts))
	}
	if x.Object != nil && x.Object.GaveUp != nil {
		field(b, "S3 says:", gaveUp(*x.Object))
	}
	if x.Execution == "" {
		field(b, "Execution:", "not known: no execution parked the message")
		return
	}
	field(b, "Execution:", show(x.Execution, 400))
	if page := link(x.Execution); page != "" {
		linked(b, "", page)
	}
}

// gaveUp is what S3 said about a replication that it gave up.
func gaveUp(o s3event.ObjectVersion) string {
	f := o.GaveUp
	return fmt.Sprintf("failureReason %s; operation %s, asked for at %s, by rule %s to %s, given up at %s",
		show(f.Cause, 80), show(f.Operation, 80), moment(f.Requested), show(f.Rule, 80), show(f.Destination, maxBucket), moment(o.Time))
}
