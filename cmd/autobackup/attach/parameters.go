package attach

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"autobackup/internal/attach"
	"autobackup/internal/shell"
	"autobackup/internal/text"
)

// OfStacks is the form of --print that is for the stacks and not for the buckets.
const OfStacks = "parameters"

// parameters finds out what the stacks must be given to take the buckets. No stack is the
// answer where no bucket is to be named. The stage takes the listed buckets by now.
func (r *Report) parameters(listed []string) (err error) {
	var facts []attach.Bucket
	for _, b := range r.Buckets {
		switch {
		case b.State == attach.Refused:
			b.Failed, b.Outcome = true, "left out: it cannot be attached, as the FAIL lines above say"
		case b.Facts.OfCategory(r.Stage):
			b.Outcome, b.well = "left out: it is of a category, which the stage takes without a name in Buckets", true
		default:
			facts = append(facts, b.Facts)
		}
	}
	if len(facts) == 0 {
		return nil
	}
	if r.Stacks, err = attach.Lists(r.Stage, facts); err == nil {
		r.takenOut(listed, r.named())
	}
	return err
}

// printParameters prints them in the words that parameter_overrides of samconfig.toml and
// --parameter-overrides take.
func (r *Report) printParameters(w io.Writer, listed []string) error {
	if err := r.parameters(listed); err != nil {
		return err
	}
	if len(r.Stacks) == 0 {
		r.Changes = "nothing was changed, and nothing was printed: no bucket is to be named"
		return nil
	}
	r.Changes = "nothing was changed: what was printed is for the stacks; deploy them with it, and attach again"
	var page strings.Builder
	for _, p := range r.Stacks {
		fmt.Fprintf(&page, "# %s stack, account %s, %s: put these into its parameter_overrides, in the place of those of the same names.\n", p.Stack, p.Account, p.Region)
		for _, note := range p.Notes {
			fmt.Fprintf(&page, "# %s\n", printable(note))
		}
		for i, v := range p.Values {
			fmt.Fprintf(&page, "%s%s=%s", map[bool]string{true: " "}[i > 0], v.Name, cmp.Or(v.Value, "''")) // SAM drops what has neither value nor quotes
		}
		page.WriteString("\n")
	}
	return write(w, page.String())
}

// writeParameters puts them into the file that the stacks are deployed from. What that would
// take out of the stage is not written: nobody asked for it.
func (r *Report) writeParameters(name string, listed []string) error {
	err := r.parameters(listed)
	switch {
	case err != nil:
		return err
	case len(r.Stacks) == 0:
		r.Changes = "nothing was changed, and nothing was written: no bucket is to be named"
		return nil
	case len(r.TakenOut) > 0:
		r.unwritten("the stage takes", r.TakenOut)
		return nil
	}
	if err := r.write(name); err != nil {
		r.Written = nil
		if lost := (losing)(nil); errors.As(err, &lost) {
			r.TakenOut = lost
			r.unwritten(name+" names", lost)
			return nil
		}
		return err
	}
	r.Changes = "no bucket was changed: deploy the stacks with what was written, the replicas' first, and attach again"
	return nil
}

// unwritten says that nothing was written, as buckets would be lost that nobody named.
func (r *Report) unwritten(who string, buckets []string) {
	for _, b := range r.Buckets {
		b.Failed, b.Outcome, b.well = true, "not written", false
	}
	r.Changes = "nothing was changed, and nothing was written: " + who + " " + strings.Join(buckets, " ") + " by now, which it would lose: detach what is to go, and add to the command what is to stay"
}

// losing are buckets that a file would lose.
type losing []string

func (l losing) Error() string { return "the file would lose " + strings.Join(l, " ") }

// loses looks for what the primary stack's parameters have in a file by now, and would not
// have any more: buckets whose uploads nobody has deployed yet, too. Of replicas it is noted.
func (r *Report) loses(before map[string]string) error {
	now := map[string]string{}
	for _, v := range r.Stacks[0].Values {
		now[v.Name] = v.Value
	}
	gone := func(list string) (all []string) {
		names := attach.ListOf(now, list)
		for _, name := range attach.ListOf(before, list) {
			if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, name) && !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
		return all
	}
	var lost losing
	for _, name := range gone("Buckets") {
		lost = append(lost, shell.Quote("s3://"+name))
	}
	if len(lost) > 0 {
		return lost
	}
	if replicas := gone("ReplicaBuckets"); len(replicas) > 0 {
		r.Stacks[0].Notes = append(r.Stacks[0].Notes, text.Line("ReplicaBuckets had "+strings.Join(replicas, ", ")+", to which no rule of these buckets leads: taken out", 500))
	}
	return nil
}

// named says of each bucket whether the parameters have its name, and returns those that
// they have.
func (r *Report) named() (names []string) {
	for _, v := range r.Stacks[0].Values {
		if strings.HasPrefix(v.Name, "Buckets") {
			names = append(names, strings.Split(v.Value, ",")...)
		}
	}
	for _, b := range r.Buckets {
		switch {
		case b.Outcome != "":
		case slices.Contains(names, b.Bucket):
			b.Outcome, b.well = "in the parameters", true
		default:
			b.Failed, b.Outcome = true, "left out: the parameters take no such name"
		}
	}
	return names
}

// takenOut notes which buckets the stage takes by now, and not with these parameters.
func (r *Report) takenOut(listed, named []string) {
	var unnamed []string
	for _, name := range slices.Compact(slices.Sorted(slices.Values(listed))) {
		asked := slices.ContainsFunc(r.Buckets, func(b *Result) bool { return b.Bucket == name })
		switch {
		case slices.Contains(named, name):
		case asked:
			r.TakenOut = append(r.TakenOut, shell.Quote("s3://"+name))
			r.Stacks[0].Notes = append(r.Stacks[0].Notes, "the stage takes "+name+" by now, which cannot be attached any more: these take it out, so detach it first")
		default:
			unnamed = append(unnamed, shell.Quote("s3://"+name))
		}
	}
	r.TakenOut = append(r.TakenOut, unnamed...)
	if len(unnamed) > 0 {
		r.Stacks[0].Notes = append(r.Stacks[0].Notes, "the stage takes "+text.Count(len(unnamed), "bucket")+" by now, which these take out: detach first what is to go, and add to the command what is to stay: "+strings.Join(unnamed, " "))
	}
}
