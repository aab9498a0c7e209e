package logged

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"autobackup/internal/reason"
	"autobackup/internal/s3event"
)

// judge is the function that judges each version at each look, and logs what that came to.
const judge = "compare-etags"

// Line is what one look at a version came to, as compare-etags logged it.
type Line struct {
	At        time.Time `json:"at"`
	Outcome   string    `json:"outcome"`
	Reason    string    `json:"reason,omitempty"`
	Evidence  string    `json:"evidence,omitempty"`
	Detail    string    `json:"detail,omitempty"`
	Looks     int       `json:"looks"` // which one it was, of its execution
	Execution string    `json:"execution"`
}

// Look is a look, and the version that it was at.
type Look struct {
	Line
	Version s3event.ObjectVersion // bucket, key and id alone
}

// Found is what was logged about one version.
type Found struct {
	Stage string `json:"stage"`
	Searched
	Lines []Line `json:"lines"` // the oldest first
}

// Of are the looks at one version.
func Of(ctx context.Context, cfg aws.Config, v s3event.ObjectVersion, p Part) (Found, error) {
	found := Found{Stage: p.Stage, Searched: Searched{From: p.From, To: p.To}, Lines: []Line{}}
	v = asInEvents(v)
	wanted := pattern(is("version", v.VersionID))
	switch {
	case v.VersionID == "":
		wanted = Wanted{Bucket: v.Bucket, Key: v.Key}.pattern()
	case !safe(v.VersionID):
		return found, fmt.Errorf("search the log for the version %q: an id of S3 has letters, digits, dots, dashes and underscores", v.VersionID)
	}
	// Others may have its id: ids are unique within a bucket alone.
	lines, searched, err := newSearcher(cfg, p, judge, wanted, func(at time.Time, message string) (Line, bool) {
		l, ok := read(at, message)
		return l.Line, ok && l.Version.Bucket == v.Bucket && l.Version.Key == v.Key && l.Version.VersionID == v.VersionID
	}).all(ctx)
	if err != nil {
		return found, err
	}
	slices.Reverse(lines)
	found.Lines, found.Searched = append(found.Lines, lines...), searched
	return found, nil
}

// asInEvents is a version with the id that functions know of it: none where S3 lists it as null.
func asInEvents(v s3event.ObjectVersion) s3event.ObjectVersion {
	if v.VersionID == "null" {
		v.VersionID = ""
	}
	return v
}

// Wanted says which looks are looked for: those with all of it that is not empty.
type Wanted struct {
	Bucket string
	Key    string
	Begins bool // with Key; otherwise that is all of it
	Reason reason.Code
}

// Looks are those that are wanted, the newest first.
func Looks(ctx context.Context, cfg aws.Config, w Wanted, p Part) ([]Look, Searched, error) {
	return newSearcher(cfg, p, judge, w.pattern(), func(at time.Time, message string) (Look, bool) {
		l, ok := read(at, message)
		return l, ok && w.is(l)
	}).all(ctx)
}

func (w Wanted) is(l Look) bool {
	return (w.Bucket == "" || l.Version.Bucket == w.Bucket) && (w.Reason == "" || l.Reason == string(w.Reason)) &&
		(w.Key == "" || l.Version.Key == w.Key || w.Begins && strings.HasPrefix(l.Version.Key, w.Key))
}

// pattern finds all that are wanted, and perhaps others.
func (w Wanted) pattern() string {
	return pattern(is("bucket", w.Bucket), is("reason", string(w.Reason)), begins("key", w.Key, w.Begins))
}

// read is a line of the log, if it is about a look.
func read(at time.Time, message string) (Look, bool) {
	var l struct {
		Line
		Msg     string `json:"msg"`
		Bucket  string `json:"bucket"`
		Key     string `json:"key"`
		Version string `json:"version"`
	}
	if json.Unmarshal([]byte(message), &l) != nil || l.Execution == "" {
		return Look{}, false
	}
	l.Outcome, l.At = l.Msg, at
	return Look{l.Line, s3event.ObjectVersion{Bucket: l.Bucket, Key: l.Key, VersionID: l.Version}}, true
}

// Only these characters get into a pattern: none of them is more than itself there, as quotes, backslashes and
// asterisks are, and AWS says little of others. Patterns are short, too. What a pattern can't say
// is compared here.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
var plain = regexp.MustCompile(`^[A-Za-z0-9._/-]{1,500}`)

func safe(s string) bool { return plain.FindString(s) == s && s != "" }

// pattern is one of a filter that all conditions are true for; there may be none.
func pattern(conditions ...string) string {
	conditions = slices.DeleteFunc(conditions, func(c string) bool { return c == "" })
	switch len(conditions) {
	case 0:
		return ""
	case 1:
		return "{ " + conditions[0] + " }"
	}
	return "{ (" + strings.Join(conditions, ") && (") + ") }"
}

// is has a member be a text, where a pattern can say that.
func is(member, value string) string {
	if !safe(value) {
		return ""
	}
	return "$." + member + ` = "` + value + `"`
}

// begins has a member begin with a text, or, where that is all of it, be it: as far as a pattern can say.
func begins(member, value string, more bool) string {
	head := plain.FindString(value)
	switch {
	case head == "":
		return ""
	case head == value && !more:
		return is(member, value)
	}
	return "$." + member + ` = "` + head + `*"`
}
