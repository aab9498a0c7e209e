package accept

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"autobackup/cmd/autobackup/report"
	"autobackup/internal/audit"
	"autobackup/internal/reason"
)

// years is how long an entry may hold from when it was made. Two are longer than any
// review cycle, and short enough that somebody who knows why is still there.
const years = 2

// check refuses an entry that no audit should follow.
func check(a audit.Acceptance) error {
	if err := a.Check(); err != nil {
		return err
	}
	known := reasons()
	switch {
	case a.Reason != "" && !slices.Contains(known, a.Reason):
		return fmt.Errorf("%q is no reason of a finding, nor of what is unknown: use one of %s", a.Reason, list(known))
	case a.Key != "" && a.Prefix != "":
		return errors.New("it has both a prefix and a key: name one")
	case a.At.IsZero():
		return errors.New(`"at" is missing: it says when this was accepted`)
	case a.Until.After(a.At.AddDate(years, 0, 0)):
		return fmt.Errorf("it holds until %s: at most %d years from %s are taken, so that somebody looks again",
			a.Until.UTC().Format(time.DateOnly), years, a.At.UTC().Format(time.DateOnly))
	}
	for _, s := range []string{a.Primary, a.Replica, a.Prefix, a.Key, a.Version, a.Why, a.Who} {
		if !utf8.ValidString(s) {
			return fmt.Errorf("%q is not UTF-8, as everything is that S3 keeps: give it with --object, as JSON", s)
		}
	}
	return nil
}

// reasons are those that an audit may give what can be accepted.
func reasons() (all []reason.Code) {
	for _, r := range report.Reasons() {
		if r.Category.Doubtful() {
			all = append(all, r.Code)
		}
	}
	return all
}

func list(codes []reason.Code) string {
	var names []string
	for _, c := range codes {
		names = append(names, string(c))
	}
	return strings.Join(names, ", ")
}
