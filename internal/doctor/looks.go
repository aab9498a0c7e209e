package doctor

import (
	"fmt"
	"slices"
	"strings"

	"autobackup/internal/shell"
	"autobackup/internal/text"
	"autobackup/internal/verdict"
)

const ofLooks = "looks"

// looks judges what the deployed fetch-etags answered, under its own role. It was asked to
// look, so that what any policy refuses shows, whoever's it is.
func (j *judge) looks() {
	if j.Fails != "" {
		function := "autobackup-fetch-etags-" + j.Stage.Name
		j.say(Fail, ofLooks, function, "it was invoked, and failed: "+text.Line(j.Fails, 300), j.aws("logs tail /aws/lambda/"+function))
	}
	for i := range j.Buckets {
		if b := &j.Buckets[i]; b.Look.Asked {
			j.looked(b)
		}
	}
	j.refusals()
}

func (j *judge) looked(b *Bucket) {
	switch {
	case j.unknown(b.Look.Unread, ofLooks, b.name(), "whether fetch-etags can look at it"):
	case b.Look.Empty:
		j.say(OK, ofLooks, b.name(), "no version with an id is among its first keys: there was nothing to ask fetch-etags to look at")
	case b.Look.There == nil || b.Look.Absent == nil:
		if j.Fails == "" {
			j.say(Unknown, ofLooks, b.name(), "whether fetch-etags can look at it: it had no time for it", j.again())
		}
	default:
		there := j.there(b, *b.Look.There)
		// What refuses every look is told once.
		if absent := j.absent(b, *b.Look.Absent, there == Fail); there == OK && absent == OK {
			j.say(OK, ofLooks, b.name(), "fetch-etags saw a version, "+holding(*b.Look.There)+", and that "+b.missing()+" is not there")
		}
	}
}

func (b *Bucket) missing() string {
	if b.Look.Key {
		return "another version of a key"
	}
	return "another key"
}

// holding says on which sides a version was seen. A replica that is not there yet is nothing
// that a stage can mend.
func holding(l verdict.Look) string {
	var lag []string
	for _, r := range l.Replicas {
		if r.Found == verdict.Missing {
			lag = append(lag, text.Name(r.Bucket))
		}
	}
	if len(lag) > 0 {
		return "which is not in " + strings.Join(lag, ", ") + " (yet)"
	}
	return "on " + text.Count(len(l.Replicas)+1, "side")
}

// there judges a look at a version that is there.
func (j *judge) there(b *Bucket, l verdict.Look) Level {
	worst := j.side(b, "", "a version", l.Primary)
	if l.Primary.Found == verdict.Missing {
		j.say(Unknown, ofLooks, b.name(), "whether fetch-etags can look at it: the version that it was asked for is gone since", j.again())
		worst = Unknown
	}
	if l.Unread != nil && l.Unread.Found != verdict.Missing {
		worst = worse(worst, j.side(b, "", "the tags of a version, by which rules select", verdict.Side{Found: l.Unread.Found, Detail: l.Unread.Detail}))
	}
	if l.Unsupported != "" {
		j.say(Fail, ofLooks, b.name(), "its replication rules can't be followed: "+text.Line(l.Unsupported, 200), "docs/verdicts.md")
		worst = Fail
	}
	for _, r := range l.Replicas {
		worst = worse(worst, j.side(b, r.Bucket, "a version", r.Side))
	}
	if len(l.Replicas) == 0 && worst == OK {
		j.say(Warn, ofLooks, b.name(), "no rule covers the version that was looked at, so that no look at a replica was tried")
		worst = Warn
	}
	return worst
}

// absent judges a look at a version that is not there: where it is refused, what is missing
// can't be told from what may not be seen.
func (j *judge) absent(b *Bucket, l verdict.Look, told bool) Level {
	if told {
		return Fail
	}
	if l.Primary.Found == verdict.Object || l.Primary.Found == verdict.Marker {
		j.say(Unknown, ofLooks, b.name(), "whether fetch-etags is told what is not there: the version that no key should have is there", j.again())
		return Unknown
	}
	const what = "what is not there (s3:ListBucket lets S3 say so)"
	worst := j.side(b, "", what, l.Primary)
	for _, r := range l.Replicas {
		worst = worse(worst, j.side(b, r.Bucket, what, r.Side))
	}
	return worst
}

// unseen is a side that a look could not see.
type unseen struct {
	level        Level
	what, detail string
	of           *Bucket
	replica      string // empty: of the primary
}

func (u unseen) bucket() string {
	if u.replica != "" {
		return text.Name(u.replica)
	}
	return u.of.name()
}

// side judges what one side answered; of an empty name it is the primary's.
func (j *judge) side(b *Bucket, replica, what string, s verdict.Side) Level {
	u := unseen{Unknown, what, text.Line(s.Detail, 300), b, replica}
	switch s.Found {
	case verdict.Object, verdict.Marker, verdict.Missing, verdict.SSEC, verdict.Archived:
		return OK
	case verdict.Denied, verdict.Forbidden:
		u.level = Fail
	}
	j.unseen = append(j.unseen, u)
	return u.level
}

// refusals tell what looks could not see: alike answers are of one cause, and told once.
func (j *judge) refusals() {
	for len(j.unseen) > 0 {
		first := j.unseen[0]
		var alike, others []unseen
		for _, u := range j.unseen {
			if u.level == first.level && u.what == first.what && u.detail == first.detail {
				alike = append(alike, u)
			} else {
				others = append(others, u)
			}
		}
		j.unseen = others
		words := first.what
		switch {
		case len(alike) > 1:
			words += " in " + these(alike)
		case first.replica != "":
			words += " in this replica of " + first.of.name()
		}
		subject := first.bucket()
		if len(alike) > 1 {
			subject = text.Count(len(alike), "bucket")
		}
		if first.level == Unknown {
			j.say(Unknown, ofLooks, subject, "whether fetch-etags can look at "+words+": "+first.detail, j.again())
			continue
		}
		j.say(Fail, ofLooks, subject, "fetch-etags may not look at "+words+": "+first.detail, j.lets(alike)...)
	}
}

// mostNamed is how many buckets a line names.
const mostNamed = 4

func these(all []unseen) string {
	var names []string
	for _, u := range all[:min(len(all), mostNamed)] {
		names = append(names, u.bucket())
	}
	if n := len(all) - mostNamed; n > 0 {
		names = append(names, fmt.Sprintf("%d more", n))
	}
	return strings.Join(names, ", ")
}

// lets are the commands for whom a policy refuses looks. What the role itself lacks of the
// buckets that the stack makes, only the stack can give it again; of others, attach shows what
// the parameters must name, and which policy is to say what.
func (j *judge) lets(all []unseen) (mend []string) {
	role := strings.Contains(all[0].detail, "no identity-based policy")
	var names []string
	stack := false
	for _, u := range all {
		stack = stack || role && u.of.Category != ""
		if name := shell.Quote("s3://" + u.of.Bucket.Bucket); (!role || u.of.Category == "") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if stack {
		mend = j.revert(j.primary())
	}
	if len(names) > 0 {
		command := "autobackup attach " + strings.Join(names[:min(len(names), mostNamed)], " ") + j.named()
		if role {
			command += " --print parameters"
		}
		mend = append(mend, command)
	}
	return mend
}

func worse(a, b Level) Level {
	for _, l := range levels {
		if a == l || b == l {
			return l
		}
	}
	return OK
}
