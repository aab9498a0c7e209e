package alert

import (
	"fmt"
	"slices"
	"strings"

	"autobackup/internal/shell"
	"autobackup/internal/verdict"
)

// explained are words and the replicas that they are about: written for the
// first, true of the others.
type explained struct {
	words
	key      sense
	code     string
	replicas []string
}

// explain says what each finding means. Findings that mean the same are explained
// once.
func (v version) explain(b *strings.Builder) {
	all := v.explained()
	for _, e := range all {
		if len(all) > 1 || len(e.replicas) > 1 {
			fmt.Fprintf(b, "\n  About %s in %s:\n", e.code, strings.Join(e.replicas, ", and likewise in "))
		}
		field(b, "What happened:", e.what)
		field(b, "Why it matters:", e.why)
		field(b, "What to do:", e.next)
	}
	if len(all) > 1 {
		b.WriteString("\n")
	}
}

// maxExplained bounds what is explained of one version: more than its replicas
// can have is of no function of this project.
const maxExplained = verdict.MaxReplicas + 1

func (v version) explained() (all []explained) {
	for _, f := range v.findings {
		name := show(f.Bucket, maxBucket)
		if f.Bucket == "" {
			name = "the primary"
		}
		i := slices.IndexFunc(all, func(e explained) bool { return e.key == f.sense() })
		switch {
		case i < 0:
			all = append(all, explained{words: f.words(), key: f.sense(), code: known(f.Reason), replicas: []string{name}})
		case !slices.Contains(all[i].replicas, name):
			all[i].replicas = append(all[i].replicas, name)
		}
	}
	return all[:min(len(all), maxExplained)]
}

// commands show both sides as S3 has them now, and copy the version in place
// where that helps.
func (v version) commands(b *strings.Builder) {
	if v.object == nil {
		return
	}
	b.WriteString("\n  What S3 answers now:\n")
	if v.findings[0].marker {
		b.WriteString("  Method Not Allowed (405) means that the delete marker is there, Not Found (404) that it is not.\n")
	}
	write(b, "export AWS_PAGER=") // or a longer answer opens a pager, which eats the commands pasted after it
	sides := v.sides()
	if len(sides) == 1 {
		write(b, "aws s3api get-bucket-replication"+shell.InRegion(v.object.Region)+" --bucket "+shell.Quote(v.object.Bucket))
	}
	write(b, headObjects(*v.object, sides)...)
	b.WriteString(everything)
	write(b, explain(*v.object))
	if !slices.ContainsFunc(v.findings, func(f finding) bool { return f.words().copying }) {
		return
	}
	if lines := shell.CopyObject(v.object.Region, v.object.Bucket, v.object.Key, v.object.VersionID, v.object.Size); len(lines) > 0 {
		b.WriteString(copied)
		write(b, lines...)
	}
}

// everything says what explain is for.
const everything = "  Everything about it, side by side, with what an audit makes of it and what to do (read-only; docs/explain.md):\n"

// copied says what a copy does not keep
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html).
const copied = "  The copy in place. It becomes the latest version, with what is default in the bucket for encryption, access list and\n" +
	"  Object Lock. Name the object's own storage class, if it has another:\n"

func write(b *strings.Builder, lines ...string) {
	for _, line := range lines {
		b.WriteString("    " + line + "\n")
	}
}

// sides are the buckets that hold the version or should, the primary first. What
// can't be a bucket's name is none.
func (v version) sides() []side {
	sides := []side{{v.object.Bucket, v.object.Region}}
	add := func(s side) {
		if bucketName.MatchString(s.bucket) && !slices.ContainsFunc(sides, func(t side) bool { return t.bucket == s.bucket }) {
			sides = append(sides, s)
		}
	}
	for _, e := range v.entries {
		add(side{e.Bucket, e.Region})
	}
	if v.object.GaveUp != nil {
		add(side{bucket: v.object.GaveUp.Destination})
	}
	return sides
}
