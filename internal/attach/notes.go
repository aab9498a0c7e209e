package attach

import (
	"maps"
	"slices"
	"strings"

	"autobackup/internal/text"
)

// notes are what the owner should know, and what stays as it is.
func (p *Plan) notes(s Stage, b *Bucket) {
	p.notices(s, b)
	p.coverage(b)
	p.leftOut(b)
	if len(b.LeftOut) > 0 {
		p.say("note", "the stage leaves out keys that begin with %s (LeftOutPrefixes): their uploads are not validated", text.Line(strings.Join(b.LeftOut, ", "), 200))
	}
	if len(b.Only) > 0 {
		p.say("note", "the stage validates keys alone that begin with %s (OnlyPrefix)", text.Line(strings.Join(b.Only, ", "), 300))
	}
	for _, side := range b.sides() {
		name := text.Name(side.Bucket)
		if len(side.Expires) > 0 {
			p.say("note", "lifecycle of %s removes versions (%s): what is gone before its look is told as gone", name, text.Line(strings.Join(side.Expires, ", "), 100))
		}
		if side.Known(Lock) && side.Lock != "no" && side.Lock != "" {
			p.say("note", "Object Lock of %s: %s", name, text.Line(side.Lock, 100))
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
			tagged = append(tagged, text.Name(r.ID))
		}
	}
	if !every {
		p.say("warning", "no enabled rule covers every key: each upload with another prefix than theirs is told as NOT_REPLICATED")
	}
	if len(tagged) > 0 {
		p.say("note", "rules select by tag (%s): the looks follow the tags of now, and each reads them (docs/verdicts.md)", text.Line(strings.Join(tagged, ", "), 200))
	}
}

// unknown is everything that is not known: none of it counts as fine.
func (p *Plan) unknown(s Stage, b *Bucket, all []access) {
	for i, side := range b.sides() {
		name := text.Name(side.Bucket)
		for _, u := range side.Unread {
			p.say("?", "%s of %s: %s", u.Fact, name, u.answer())
		}
		if side.Gone {
			continue
		}
		p.doubts(s, side, all[i])
		if side.Account == "" && side.RequesterPays {
			p.say("?", "%s has the requester pay, which no look says it does: where it is another account's, %s", name, each)
		}
		if side.Account == "" {
			p.say("?", "whose %s is (grant s3:ListBucket); where it is another account's, its policy must let %s look: %s", name, s.Role(), s.LetIn(side.Bucket))
		}
		p.keys(s, b, side)
	}
	if p.State != Refused {
		p.taken(s, b)
		p.bytes(s, b)
		p.say("?", "uploads a month; what policies of organizations deny")
	}
}

// taken says of which replicas it is not known whether the stacks look at them. Of stacks of
// replicas the parameters are not read.
func (p *Plan) taken(s Stage, b *Bucket) {
	if p.State == Waiting || b.OfCategory(s) {
		return // the step that comes before names them, or the stacks made them
	}
	for _, r := range b.Replicas {
		near, name := r.Region == s.Region, text.Name(r.Bucket)
		switch {
		case !b.Known(Named) && near:
			p.say("?", "whether ReplicaBuckets of the primary stack names %s: where it does not, fetch-etags may not look at it", name)
		case !b.Known(Named):
			p.say("?", "whether ReplicaBuckets of both stacks names %s: where the primary stack's does not, fetch-etags may not look at it", name)
		case r.lacks(r.Bucket):
			p.say("?", "whether %s can be read: ReplicaBuckets of the primary stack does not name it, and its own policy may let %s look all the same", name, s.Role())
		case !near:
			p.say("?", "whether ReplicaBuckets of the replica stack names %s: where it does not, its bytes can't be read (autobackup doctor looks)", name)
		}
	}
}

func names(sides []Side) string {
	var all []string
	for _, side := range sides {
		all = append(all, text.Name(side.Bucket))
	}
	return strings.Join(all, ", ")
}

func sortedKeys(tags map[string]string) []string { return slices.Sorted(maps.Keys(tags)) }
