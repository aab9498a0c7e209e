package accept

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"autobackup/internal/audit"
)

// Add adds entries to the file, all or none of them. One that is over makes way for one
// that takes out the same.
func Add(path string, entries []audit.Acceptance, now time.Time) (err error) {
	path = followed(path)
	unlock, err := alone(path)
	if err != nil {
		return err
	}
	defer unlock()
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
				Scope(a), strconv.Quote(b.Who), b.Until.UTC().Format(time.DateOnly))
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

// Scope says in one line what an entry takes out.
func Scope(a audit.Acceptance) string {
	what := "everything"
	if a.Reason != "" {
		what = string(a.Reason)
	}
	switch {
	case a.Version != "":
		what += " of version " + strconv.Quote(a.Version) + " of " + strconv.Quote(a.Key)
	case a.Key != "":
		what += " of " + strconv.Quote(a.Key)
	case a.Prefix != "":
		what += " below " + strconv.Quote(a.Prefix)
	}
	what += ": " + visible(a.Primary)
	if a.Replica != "" {
		return what + " -> " + visible(a.Replica)
	}
	return what + " -> every replica"
}
