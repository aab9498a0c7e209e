package retry

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/s3event"
)

// Filter chooses messages. What is empty chooses all.
type Filter struct {
	Reasons []reason.Code // of parked messages; NoReason is of those that SQS moved
	Bucket  string        // primary bucket that the object is in
	Prefix  string        // that the object's key begins with
	// OlderThan is how long ago a message was parked, or its execution ended, at least; Since at most.
	OlderThan, Since time.Duration
}

// Reasons are all that a filter takes.
func Reasons() []reason.Code { return append(reason.Severity(), NoReason) }

func (f Filter) check() error {
	for _, code := range f.Reasons {
		if !slices.Contains(Reasons(), code) {
			return fmt.Errorf("--reason %q is unknown: use some of %s", code, joined(Reasons()))
		}
	}
	switch {
	case f.Since <= 0:
		return fmt.Errorf("--since %v looks at nothing: name a time such as 336h", f.Since)
	case f.OlderThan < 0:
		return fmt.Errorf("--older-than %v is in the future: name a time such as 1h", f.OlderThan)
	case f.OlderThan >= f.Since:
		return fmt.Errorf("--older-than %v and --since %v leave nothing between them: name a longer --since", f.OlderThan, f.Since)
	}
	return nil
}

// narrow says whether it leaves out more than what is older than a queue keeps.
func (f Filter) narrow() bool {
	return len(f.Reasons) > 0 || f.Bucket != "" || f.Prefix != "" || f.OlderThan > 0 || f.Since < Kept
}

// Kept is how long a dead-letter queue keeps a message.
const Kept = 14 * 24 * time.Hour

// takes says whether a message is chosen.
func (f Filter) takes(m message, now time.Time) bool {
	return (len(f.Reasons) == 0 || slices.Contains(f.Reasons, m.reason())) && f.takesTime(m.at, now) && f.takesObject(m)
}

func (f Filter) takesTime(at, now time.Time) bool {
	if at.IsZero() {
		return f.OlderThan == 0
	}
	age := now.Sub(at)
	return age >= f.OlderThan && (f.Since >= Kept || age <= f.Since) || f.OlderThan == 0 && age < 0
}

func (f Filter) takesObject(m message) bool {
	if f.Bucket == "" && f.Prefix == "" {
		return true
	}
	o, err := s3event.Parse(m.Body)
	return err == nil && (f.Bucket == "" || o.Bucket == f.Bucket) && strings.HasPrefix(o.Key, f.Prefix)
}

// record is the filter as it goes on record, by the options of the command line.
func (o Options) record() map[string]string {
	all := map[string]string{"from": o.From}
	for name, value := range map[string]string{"reason": joined(o.Filter.Reasons), "bucket": o.Filter.Bucket, "prefix": o.Filter.Prefix} {
		if value != "" {
			all[name] = value
		}
	}
	if o.Filter.OlderThan > 0 {
		all["older-than"] = o.Filter.OlderThan.String()
	}
	all["since"] = o.Filter.Since.String()
	for name, is := range map[string]bool{"tell": o.Tell, "again": o.Again, "all": o.All} {
		if is {
			all[name] = "true"
		}
	}
	return all
}

func joined(all []reason.Code) string {
	var names []string
	for _, code := range all {
		names = append(names, string(code))
	}
	return strings.Join(names, ", ")
}
