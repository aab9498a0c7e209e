package alert

import (
	"cmp"
	"fmt"
	"strings"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// item is one failed message as the alert tells of it.
type item struct {
	entry
	severity int
	failed   batch.Failed
	object   *s3event.ObjectVersion // nil where the body tells of none
	replicas []side
}

func newItem(f batch.Failed) item {
	i := item{failed: f, replicas: sides(f.Detail)}
	i.entry, i.severity = lookup(f.Reason)
	if o, err := s3event.Parse(f.Body); err == nil {
		i.object = &o
	}
	return i
}

// name is the object's URI, or the message's id where no object is known. It is
// as hostile as the message.
func (i item) name() string {
	if i.object == nil {
		return "message " + i.failed.ID
	}
	return "s3://" + i.object.Bucket + "/" + i.object.Key
}

// line lists the item.
func (i item) line() string {
	return fmt.Sprintf("  %-18s  %s\n", i.code, show(i.name(), 120))
}

// describe tells all about the item.
func (i item) describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s: %s\n\n", i.code, show(i.name(), 200))
	field := func(label, text string) { fmt.Fprintf(&b, "  %-15s  %s\n", label, text) }
	field("What happened:", i.what)
	if i.entry == unknown {
		field("Reason given:", show(string(i.failed.Reason), 40))
	}
	field("Finding:", reason.Line(cmp.Or(i.failed.Detail, "none"), verdict.MaxDetail))
	i.places(field)
	field("Why it matters:", i.why)
	field("What to do:", i.next)
	i.commands(&b)
	return b.String()
}

func (i item) places(field func(label, text string)) {
	field("Message:", show(i.failed.ID, 80))
	if i.object == nil {
		field("It begins:", show(beginning(i.failed.Body), 200))
		return
	}
	field("Version:", show(i.object.VersionID, 200))
	field("Primary:", side{i.object.Bucket, i.object.Region}.String())
	for _, s := range i.replicas {
		field("Replica:", s.String())
	}
	if len(i.replicas) == 0 {
		field("Replica:", "not known; the primary bucket's replication rules name it")
	}
}

// beginning is enough of a body to recognize its sender.
func beginning(body string) string { return body[:min(len(body), 150)] }

// commands shows both sides as S3 has them now.
func (i item) commands(b *strings.Builder) {
	if i.object == nil {
		return
	}
	b.WriteString("\n  What S3 answers now:\n")
	if i.object.Event.Marker {
		b.WriteString("  Method Not Allowed (405) means that the delete marker is there, Not Found (404) that it is not.\n")
	}
	primary := side{i.object.Bucket, i.object.Region}
	if len(i.replicas) == 0 {
		fmt.Fprintf(b, "    aws s3api get-bucket-replication%s --bucket %s\n", inRegion(primary.region), quote(primary.bucket))
	}
	for _, line := range headObjects(*i.object, append([]side{primary}, i.replicas...)) {
		b.WriteString("    " + line + "\n")
	}
}
