package audit

import (
	"fmt"
	"strings"
	"time"

	"autobackup/internal/text"
)

// Check refuses an entry that takes out more than people can mean, or that nobody
// answers for.
func (a Acceptance) Check() error {
	switch {
	case a.Primary == "":
		return fmt.Errorf(`"primary" is missing: name the bucket`)
	case a.Reason == "" && a.Prefix == "" && a.Key == "" && a.Version == "":
		return fmt.Errorf("it has neither a reason nor a prefix, a key or a version, so it would take out everything: name one of them")
	case a.Version != "" && a.Key == "":
		return fmt.Errorf(`"versionId" needs "key"`)
	case strings.TrimSpace(a.Why) == "" || strings.TrimSpace(a.Who) == "":
		return fmt.Errorf(`"why" and "who" must be set: somebody reviews this`)
	case text.Placeholder(a.Why):
		return fmt.Errorf(`"why" is %q, which only holds the place: write why this is as it should be, for whoever reviews it`, a.Why)
	case a.Until.IsZero():
		return fmt.Errorf(`"until" is missing: nothing is accepted for ever`)
	}
	return nil
}

// takes says whether the entry takes an item out now.
func (a Acceptance) takes(i Item, now time.Time) bool {
	fits := func(own, its string) bool { return own == "" || own == its }
	return now.Before(a.Until) && a.Primary == i.Primary && fits(a.Replica, i.Replica) && fits(string(a.Reason), string(i.Reason)) &&
		strings.HasPrefix(i.Key, a.Prefix) && fits(a.Key, i.Key) && fits(a.Version, i.Version)
}

// Accept is the item with the category Accepted and the first entry that takes it
// out; as it is where none does, or where there is nothing to take out.
func Accept(i Item, entries []Acceptance, now time.Time) Item {
	if !i.Category.Doubtful() {
		return i
	}
	for _, a := range entries {
		if a.takes(i, now) {
			i.Category, i.Accepted = Accepted, &a
			return i
		}
	}
	return i
}
