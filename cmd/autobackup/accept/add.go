package accept

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"autobackup/internal/audit"
	"autobackup/internal/text"
)

// Add adds entries to the file, all or none of them. One that is over makes way for one
// that takes out the same.
func Add(path string, entries []audit.Acceptance, now time.Time) error {
	all, err := Read(path)
	if err != nil {
		return err
	}
	for _, a := range entries {
		if err := check(a); err != nil {
			return fmt.Errorf("accept: %w", err)
		}
		if !now.Before(a.Until) {
			return fmt.Errorf("accept: until %s is over: name a time to come", a.Until.UTC().Format(time.RFC3339))
		}
		if all, err = with(all, a, now); err != nil {
			return err
		}
	}
	slices.SortStableFunc(all, byScope)
	return write(path, all)
}

func with(all []audit.Acceptance, a audit.Acceptance, now time.Time) ([]audit.Acceptance, error) {
	for _, b := range all {
		if byScope(a, b) == 0 && now.Before(b.Until) {
			return nil, fmt.Errorf("accept: %s is accepted already, by %s until %s: change that entry in the file",
				Scope(a), text.Quoted(b.Who, shown), b.Until.UTC().Format(time.DateOnly))
		}
	}
	all = slices.DeleteFunc(all, func(b audit.Acceptance) bool { return byScope(a, b) == 0 })
	return append(all, a), nil
}

// byScope orders entries by what they take out, so that the file doesn't depend on who
// was first, and two people who add to it seldom touch the same lines.
func byScope(a, b audit.Acceptance) int {
	return cmp.Or(strings.Compare(a.Primary, b.Primary), strings.Compare(a.Replica, b.Replica), strings.Compare(a.Prefix, b.Prefix),
		strings.Compare(a.Key, b.Key), strings.Compare(a.Version, b.Version), cmp.Compare(a.Reason, b.Reason))
}

// shown bounds what is shown of a text, in bytes.
const shown = 200

// Scope says in one line what an entry takes out.
func Scope(a audit.Acceptance) string {
	what := "everything"
	if a.Reason != "" {
		what = string(a.Reason)
	}
	switch {
	case a.Version != "":
		what += " of version " + text.Quoted(a.Version, shown) + " of " + text.Quoted(a.Key, shown)
	case a.Key != "":
		what += " of " + text.Quoted(a.Key, shown)
	case a.Prefix != "":
		what += " below " + text.Quoted(a.Prefix, shown)
	}
	what += ": " + text.Line(a.Primary, shown)
	if a.Replica != "" {
		return what + " -> " + text.Line(a.Replica, shown)
	}
	return what + " -> every replica"
}
