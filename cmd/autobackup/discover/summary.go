package discover

import (
	"fmt"
	"slices"
	"strings"

	"autobackup/internal/text"
)

// fine is everything that is as it should be, in one line.
func (r *Report) fine(page *strings.Builder) {
	fmt.Fprintf(page, "Fine: %s", verb(r.Coverage.Validated, "bucket replicates and is validated", "buckets replicate and are validated"))
	if n := r.Coverage.Replicas; n > 0 {
		fmt.Fprintf(page, ", %s of others", verb(n, "bucket is a replica", "buckets are replicas"))
	}
	page.WriteString("\n")
}

func verb(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// others tells what the figure is not about: what was counted, and where nothing could be.
func (r *Report) others(page *strings.Builder) {
	counts, open := map[string]int{}, map[string]bool{}
	for _, a := range r.Accounts {
		for _, o := range a.Others {
			counts[o.Kind] += o.Count
			open[o.Kind] = open[o.Kind] || len(o.Unread) > 0
		}
	}
	var listed []string
	for _, k := range kinds[:len(kinds)-1] {
		listed = append(listed, known(counts[k.name], k.name, open[k.name]))
	}
	fmt.Fprintf(page, "Not covered: %s (and %s: names for buckets), in %s\n", strings.Join(listed, ", "), known(counts[accessPoint], accessPoint, open[accessPoint]), r.regions())
}

// known says how many there are. Where not all regions answered there may be more.
func known(n int, word string, open bool) string {
	switch {
	case !open:
		return text.Count(n, word)
	case n == 0:
		return "? " + word + "s"
	}
	return "at least " + text.Count(n, word)
}

// regions are those in which S3's other kinds of buckets were looked for.
func (r *Report) regions() string {
	var all []string
	for _, a := range r.Accounts {
		for _, region := range a.Regions {
			all = append(all, text.Line(region, 30))
		}
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) == 0 {
		return "no region"
	}
	return strings.Join(all, ", ")
}

func (r *Report) coverage(page *strings.Builder) {
	c := r.Coverage
	if c.of() == 0 {
		page.WriteString("Coverage: no bucket to cover\n")
		return
	}
	noun := "buckets replicate"
	if c.of() == 1 {
		noun = "bucket replicates"
	}
	fmt.Fprintf(page, "Coverage: %d of %d %s (%d %%), %d of them validated (%d %% of all)", c.Replicate, c.of(), noun, c.ReplicatePercent, c.Validated, c.ValidatedPercent)
	for _, n := range []struct {
		n    int
		what string
	}{{c.InPart, "in part"}, {c.Not, "not"}, {c.Unknown, "unknown"}} {
		if n.n > 0 {
			fmt.Fprintf(page, "; %d %s", n.n, n.what)
		}
	}
	page.WriteString("\n")
}

func (r *Report) result() string {
	blind, unread := r.blind(), len(r.unread())
	switch {
	case blind == 0 && unread == 0 && r.Coverage.of() == 0:
		return "there is no bucket to cover"
	case blind == 0 && unread == 0:
		return "every bucket replicates and is validated"
	case unread == 0:
		return text.Count(blind, "blind spot")
	}
	return text.Count(blind, "blind spot") + ", and " + text.Count(unread, "account") + " not read"
}
