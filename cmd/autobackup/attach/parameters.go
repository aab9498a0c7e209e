package attach

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"autobackup/internal/attach"
)

// ofStacks is the form of --print that is for the stacks and not for the buckets.
const ofStacks = "parameters"

// parameters prints what the stacks must be given to take the buckets, in the words that
// parameter_overrides of samconfig.toml and --parameter-overrides take.
func (r *Report) parameters(w io.Writer) error {
	var facts []attach.Bucket
	var named []string
	for _, b := range r.Buckets {
		if b.State == attach.Refused {
			b.Failed, b.Outcome = true, "left out: it cannot be attached, as the FAIL lines above say"
			continue
		}
		b.Outcome, b.well = "in the parameters", true
		facts, named = append(facts, b.Facts), append(named, b.Bucket)
	}
	if len(facts) == 0 {
		r.Changes = "nothing was changed, and nothing was printed: no bucket can be attached"
		return nil
	}
	r.Changes = "nothing was changed: what was printed is for the stacks; deploy them with it, and attach again"
	var err error
	if r.Stacks, err = attach.Lists(r.Stage, facts); err != nil {
		return err
	}
	for _, name := range r.listed {
		if !slices.Contains(named, name) {
			r.Stacks[0].Notes = append(r.Stacks[0].Notes, "the stage takes "+name+" by now, which was not named: name it, too, or it is taken out")
		}
	}
	var page strings.Builder
	for _, p := range r.Stacks {
		fmt.Fprintf(&page, "# %s stack, account %s, %s: replace these in its parameter_overrides.\n", p.Stack, p.Account, p.Region)
		for _, note := range p.Notes {
			fmt.Fprintf(&page, "# %s\n", printable(note))
		}
		for i, v := range p.Values {
			fmt.Fprintf(&page, "%s%s=%s", map[bool]string{true: " "}[i > 0], v.Name, v.Value)
		}
		page.WriteString("\n")
	}
	return write(w, page.String())
}
