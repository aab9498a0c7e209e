package attach

import (
	"maps"
	"slices"
	"strings"

	"autobackup/internal/text"
)

// access is what the policy of a side says of looks at it.
type access struct {
	denials []said
	share         // of another account
	unread  error // nobody can read the policy
	needs   []need
}

// accesses reads the policies of all sides, in their order.
func (s Stage) accesses(b *Bucket) (all []access) {
	for _, side := range b.sides() {
		all = append(all, s.access(b, side))
	}
	return all
}

// access reads the policy of a side. Of a bucket of another account S3 also asks whether its
// policy allows the call.
func (s Stage) access(b *Bucket, side *Side) (a access) {
	if !side.Known(Policy) || side.Gone {
		return a
	}
	a.needs = b.needs(side == &b.Side)
	a.denials, a.unread = s.looker().statements("Deny", side.Bucket, side.Policy, a.needs)
	if a.unread == nil && side.Account != "" && side.Account != s.Account {
		a.share, a.unread = s.looker().share(side.Bucket, side.Policy, a.needs)
	}
	return a
}

// lets says whether all policies were read, and refuse no look anything.
func lets(b *Bucket, all []access) bool {
	for i, side := range b.sides() {
		a := all[i]
		if !side.Known(Policy) || side.Account == "" || a.unread != nil || len(a.denials)+len(a.lacking)+len(a.unsure) > 0 {
			return false
		}
	}
	return true
}

// parts are what of rulings would end every upload, what would end those of some keys, and
// what is merely not known where it is refused. What ends uploads hides what comes of them.
func parts(about []ruling) (every, few, less []ruling) {
	for _, r := range about {
		switch {
		case r.must && r.keys == "":
			every = append(every, r)
		case r.must:
			few = append(few, r)
		default:
			less = append(less, r)
		}
	}
	if len(every) > 0 {
		return every, nil, nil
	}
	if len(few) > 0 {
		less = slices.DeleteFunc(less, func(r ruling) bool { return r.objects })
	}
	return nil, few, less
}

// what says what rulings are about, and what comes of it where that is refused.
func what(about []ruling) (call, comes string) {
	var actions, without []string
	keys := ""
	for _, r := range about {
		if r.must && r.without == each && r.keys == "" {
			return everyLook, each
		}
		if actions = append(actions, r.action); !slices.Contains(without, r.without) {
			without = append(without, r.without)
		}
		keys = r.keys
	}
	call, comes = strings.Join(actions, ", "), strings.Join(without, ", ")
	if keys != "" {
		call, comes = call+" of keys like "+text.Line(keys, 200), "of these, "+comes
	}
	return call, comes
}

const everyLook = "every look"

// act is what somebody does who makes a call.
func act(call string) string {
	if call == everyLook {
		return "look"
	}
	return "call " + call
}

// denied says which policies would have uploads end in ACCESS_DENIED.
func (p *Plan) denied(s Stage, side *Side, a access) {
	name := text.Name(side.Bucket)
	for _, d := range a.denials {
		if every, _, _ := parts(d.about); d.holds == yes && len(every) > 0 {
			p.refuses("FAIL", s, name, d, every)
		}
	}
	if must, _, _ := parts(a.lacking); len(must) > 0 {
		call, comes := what(must)
		p.say("FAIL", "the policy of %s, of account %s, does not let %s %s, %s: add these statements: %s", name, text.Name(side.Account), s.Role(), act(call), comes, s.LetIn(side.Bucket))
	}
	if side.RequesterPays && side.Account != "" && side.Account != s.Account {
		p.say("FAIL", "%s, of account %s, has the requester pay, which no look says it does, %s: have its owner pay", name, text.Name(side.Account), each)
	}
}

func (p *Plan) refuses(word string, s Stage, name string, d said, about []ruling) {
	call, comes := what(about)
	inside := ""
	if d.network {
		inside = "; or have the stacks look from a network that it lets in, by SubnetIds and SecurityGroupIds (docs/deploy.md), and name --vpc here"
	}
	p.say(word, "the policy of %s refuses %s (statement %s: %s), %s: add this to its Condition: %s%s", name, call, text.Name(d.sid), text.Line(d.why, 200), comes, s.Except(), inside)
}

// limits say what policies keep from some looks, and what can't be known by it.
func (p *Plan) limits(s Stage, b *Bucket, all []access) {
	for i, side := range b.sides() {
		name, a := text.Name(side.Bucket), all[i]
		for _, d := range a.denials {
			_, few, less := parts(d.about)
			for _, about := range [][]ruling{few, less} {
				if d.holds == yes && len(about) > 0 {
					p.refuses("warning", s, name, d, about)
				}
			}
		}
		p.lacks(s, side, a.lacking)
	}
}

// lacks says what the policy of a bucket of another account does not allow. What must be,
// and is of no key, has been refused.
func (p *Plan) lacks(s Stage, side *Side, lacking []ruling) {
	of := map[string][]ruling{}
	for _, r := range lacking {
		of[r.keys] = append(of[r.keys], ruling{r.need, ""})
	}
	for _, keys := range slices.Sorted(maps.Keys(of)) {
		call, comes := what(of[keys])
		allows, others := "does not let "+s.Role()+" "+act(call), comes
		if keys != "" {
			allows, others = "lets "+s.Role()+" "+act(call)+" where keys are like "+text.Line(keys, 200)+" alone", "of others, "+comes
		}
		p.say("warning", "the policy of %s, of account %s, %s, %s: add these statements: %s", text.Name(side.Bucket), text.Name(side.Account), allows, others, s.LetIn(side.Bucket))
	}
}

// doubts are what of a policy nobody can know before the call.
func (p *Plan) doubts(s Stage, side *Side, a access) {
	name := text.Name(side.Bucket)
	if a.unread != nil {
		p.say("?", "policy of %s: %s", name, text.Line(a.unread.Error(), 200))
	}
	for _, d := range a.denials {
		if d.holds != maybe {
			continue
		}
		every, few, less := parts(d.about)
		call, _ := what(slices.Concat(every, few, less))
		p.say("?", "policy of %s: statement %s denies %s by %s, and whether that is so of %s is not known", name, text.Name(d.sid), call, text.Line(d.why, 200), s.Role())
	}
	if len(a.unsure) > 0 {
		call, _ := what(a.unsure)
		p.say("?", "whether the policy of %s lets %s %s: its conditions can't be known from here; these statements do: %s", name, s.Role(), act(call), s.LetIn(side.Bucket))
	}
}

// bytes says where another role reads, too, of which nothing is known from here: neither its
// name, nor whether bytes are compared at all.
func (p *Plan) bytes(s Stage, b *Bucket) {
	var names []string
	for _, side := range b.sides() {
		if !side.Known(Policy) {
			continue
		}
		denials, err := s.hasher(side.Account).statements("Deny", side.Bucket, side.Policy, []need{{action: "s3:GetObjectVersion", objects: true}})
		if err == nil && len(denials) > 0 {
			names = append(names, text.Name(side.Bucket))
		}
	}
	if len(names) > 0 {
		p.say("?", "whether the policy of %s lets hash-bytes read, too, where bytes are compared (ByteVerification): its role's name is not known from here", strings.Join(names, ", "))
	}
}
