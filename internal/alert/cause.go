package alert

import (
	"fmt"
	"strings"

	"autobackup/internal/reason"
	"autobackup/internal/text"
	"autobackup/internal/told"
)

// between names the buckets of a cause.
func between(c told.Cause) string {
	switch {
	case c.Several:
		return "several buckets"
	case c.Bucket == "":
		return "messages that tell of no object"
	case c.Replica == "":
		return bucketURI(c.Bucket)
	}
	return bucketURI(c.Bucket) + " to " + bucketURI(c.Replica)
}

func bucketURI(name string) string { return show("s3://"+name, len("s3://")+maxBucket) }

// causeName is the reason of a cause, with S3's own where it gave one.
func causeName(c told.Cause) string {
	if c.S3 == "" {
		return known(c.Reason)
	}
	return known(c.Reason) + " (" + show(c.S3, 80) + ")"
}

// causeHeading names a cause above what is told about it.
func causeHeading(c told.Cause) string {
	return fmt.Sprintf("\n%s: %s\n\n", causeName(c), between(c))
}

// causeTitle names a cause and a number of versions within a subject.
func causeTitle(c told.Cause, number, limit int) string {
	place := between(c)
	if c.Bucket != "" {
		place = "s3://" + c.Bucket
	}
	head, tail := known(c.Reason)+" ", ", "+counted(c, number, "version")
	return head + text.Shorten(ascii(place), limit-len(head)-len(tail)) + tail
}

// noun is what fails for a cause: one of versions, unless its messages tell of no object.
func noun(c told.Cause, version string) string {
	if c.Reason != reason.MalformedEvent && (c.Bucket != "" || c.Several) {
		return version
	}
	if strings.HasPrefix(version, "more ") {
		return "more message"
	}
	return "message"
}

// counted is a number of what fails for a cause.
func counted(c told.Cause, number int, version string) string {
	return text.Count(number, noun(c, version))
}

// causeLine lists a cause.
func causeLine(c told.Cause, said string) string {
	return fmt.Sprintf("  %-22s  %s: %s\n", known(c.Reason), between(c), said)
}

// ascii is a text of printable ASCII without quotes around it.
func ascii(s string) string {
	quoted := text.Quoted(s, 10*len(s))
	return strings.TrimSuffix(strings.TrimPrefix(quoted, `"`), `"`)
}

// rest are the versions of a cause that the news does not name.
type rest struct{ told.Cause }

func (r rest) number() int { return r.New - len(r.Examples) }

func (r rest) rank() int { return severity(r.Reason) }

func (r rest) title(limit int) string { return causeTitle(r.Cause, r.number(), limit) }

func (r rest) line() string {
	return causeLine(r.Cause, counted(r.Cause, r.number(), "more version")+", not named here")
}

func (r rest) describe() string {
	return causeHeading(r.Cause) + "  " + counted(r.Cause, r.number(), "more object version") + ", not named here: see the parked messages.\n"
}

func (r rest) brief() string { return "" }

func (r rest) names(part) []identity { return nil }

func (r rest) gist() words { return words{} }
