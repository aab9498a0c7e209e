package attach

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"autobackup/internal/text"
)

// notes are what the owner should know, and what stays as it is.
func (p *Plan) notes(s Stage, b *Bucket, metrics bool, sends *Notification) {
	switch {
	case sends != nil && sends.Target != s.FailureQueue():
		p.say("note", "failed replications are told to %s already, which S3 lets nobody share: left so, and found by the looks alone", text.Line(sends.Target, 200))
	case !metrics:
		p.say("note", "no enabled rule has replication metrics: S3 sends no failure notices, and the looks find failures alone (--print shows how to turn them on)")
	}
	p.coverage(b)
	for _, side := range b.sides() {
		name := shown(side.Bucket)
		if len(side.Expires) > 0 {
			p.say("note", "lifecycle of %s removes versions (%s): what is gone before its look is told as gone", name, text.Line(strings.Join(side.Expires, ", "), 100))
		}
		if side.Known(Lock) && side.Lock != "no" && side.Lock != "" {
			p.say("note", "Object Lock of %s: %s", name, side.Lock)
		}
		if side.RequesterPays && side.Account == s.Account {
			p.say("note", "%s has the requester pay; its owner looks, and pays anyway", name)
		}
	}
}

func (p *Plan) coverage(b *Bucket) {
	every, tagged := false, []string{}
	for _, r := range b.Rules {
		every = every || r.Enabled && r.Every
		if r.Enabled && r.ByTag {
			tagged = append(tagged, shown(r.ID))
		}
	}
	if !every {
		p.say("warning", "no enabled rule covers every key: each upload with another prefix than theirs is told as NOT_REPLICATED")
	}
	if len(tagged) > 0 {
		p.say("note", "rules select by tag (%s): the looks follow the tags of now, and each reads them (docs/verdicts.md)", strings.Join(tagged, ", "))
	}
}

// doubts are the statements of a policy that may refuse looks, or that nobody can read.
func (s Stage) doubts(side *Side) (all []string) {
	denials, err := s.Denials(side.Bucket, side.Policy)
	if err != nil {
		return []string{err.Error()}
	}
	for _, d := range denials {
		if d.Maybe {
			all = append(all, "statement "+shown(d.Sid)+" denies by "+text.Line(d.Why, 200)+", and whether that is so of "+s.Role()+" is not known")
		}
	}
	return all
}

// unknown is everything that is not known: none of it counts as fine.
func (p *Plan) unknown(s Stage, b *Bucket) {
	for _, side := range b.sides() {
		name := shown(side.Bucket)
		for _, u := range side.Unread {
			line := string(u.Fact) + " of " + name + ": " + text.Line(u.Why, 200)
			if u.Grant != "" {
				line += " (grant " + u.Grant + ")"
			}
			p.say("?", "%s", line)
		}
		if side.Gone {
			continue
		}
		for _, doubt := range s.doubts(side) {
			p.say("?", "policy of %s: %s", name, doubt)
		}
		if side.Account == "" {
			p.say("?", "whose %s is (grant s3:ListBucket); where it is another account's, its policy must let %s look: %s", name, s.Role(), s.LetIn(side.Bucket))
		} else if allowed, known := s.Allows(side.Bucket, side.Policy); side.Account != s.Account && side.Known(Policy) && !allowed && !known {
			p.say("?", "whether the policy of %s lets %s look: its conditions can't be known from here", name, s.Role())
		}
		if side.Key != "" {
			p.say("?", "whether the key of %s lets %s decrypt: its policy and the role's must allow kms:Decrypt on %s", name, s.Role(), text.Line(side.Key, 200))
		}
	}
	if p.State != Refused {
		p.say("?", "uploads a month; what policies of organizations deny")
	}
}

// plain are names that mean themselves, on a screen and in a shell.
var plain = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$`)

// shown is a name that others chose, for a screen.
func shown(name string) string {
	if plain.MatchString(name) {
		return name
	}
	return text.Quoted(name, 80)
}

func names(sides []Side) string {
	var all []string
	for _, side := range sides {
		all = append(all, shown(side.Bucket))
	}
	return strings.Join(all, ", ")
}

func sortedKeys(tags map[string]string) []string { return slices.Sorted(maps.Keys(tags)) }
