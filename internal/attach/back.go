package attach

import (
	"strings"

	"autobackup/internal/text"
)

// Takers are what decides whether EventBridge may be turned off.
type Takers struct {
	Off    bool     // somebody asked for it
	Others []string // other rules that take the bucket's events, or may
	Own    []string // the stage's rules that do
}

// Kept is the state of a bucket of which nothing can be taken back. It is no state of attach's, and
// worse than all of them.
const Kept State = "cannot be detached"

// Return plans to take back what attach recorded of a bucket, and nothing else.
func Return(s Stage, b Bucket, t Takers) Plan {
	p := &Plan{Bucket: b.Bucket, Was: b.Configuration, Becomes: b.Configuration, State: Kept}
	switch {
	case !b.Known(Recorded):
		p.say("FAIL", "its record could not be read, and nothing is taken back without: see below")
	case b.Record == nil:
		p.say("FAIL", "attach has recorded nothing of it in the stage %s: there is nothing to take back; another stage is named with --stage", s.Name)
	case b.Gone:
		p.State = Ready
		p.say("change", "the bucket is gone: its record is forgotten")
		return *p
	case b.Region != s.Region: // a bucket can't move
		p.State = Ready
		p.say("change", "the bucket of this name in %s is not the one that was attached, which was in %s: it stays as it is, and the record is forgotten", text.Name(b.Region), s.Region)
		return *p
	case !b.Known(Notifications):
		p.say("FAIL", "its notifications could not be read, and nothing is changed without: see below")
	default:
		p.State, p.Change = Ready, b.Record.Change
		p.back(s, b, t)
		if b.Record.Detached != "" && p.Was.EventBridge && p.Becomes.EventBridge {
			p.State = Kept
			p.say("FAIL", "it was detached at %s, and nothing but EventBridge is left to take back, which stays on", text.Line(b.Record.Detached, 40))
		}
	}
	for _, u := range b.Unread {
		p.say("?", "%s: %s", u.Fact, u.answer())
	}
	return *p
}

func (p *Plan) back(s Stage, b Bucket, t Takers) {
	off := t.Off && b.Known(Triggers) && len(t.Others) == 0
	p.Becomes = Undo(p.Was, p.Change, off)
	if n := p.Change.Notification; n != nil {
		if len(p.Becomes.Notifications) < len(p.Was.Notifications) {
			p.say("change", "notifications: - %s → %s", Failed, text.Line(n.Target, 200))
		} else {
			p.say("note", "the notification %s is not there as attach made it: what is there is somebody else's, and stays", text.Name(n.ID))
		}
	}
	switch {
	case p.Was.EventBridge && !p.Becomes.EventBridge:
		p.say("change", "EventBridge on → off")
	case !p.Change.EventBridge:
		p.say("note", "EventBridge was on before attach, and stays as it is")
	case !t.Off:
		p.say("note", "EventBridge stays on: others may rely on it by now; --eventbridge-off turns it off, now or later")
	case !b.Known(Triggers):
		p.say("note", "EventBridge stays on: whether other rules take its events could not be read")
	case len(t.Others) > 0:
		p.say("note", "EventBridge stays on: other rules take its events, or may: %s", text.Line(strings.Join(t.Others, ", "), 1000))
	}
	switch own := text.Line(strings.Join(t.Own, ", "), 1000); {
	case len(t.Own) > 0 && p.Becomes.EventBridge:
		p.say("warning", "%s still takes its uploads: take %s out of Buckets in samconfig.toml, and deploy", own, text.Name(b.Bucket))
	case len(t.Own) > 0:
		p.say("note", "%s still names it, and hears of nothing: take %s out of Buckets in samconfig.toml, and deploy, or doctor tells of it", own, text.Name(b.Bucket))
	}
	if b.Record.Stage != s.Name {
		p.say("warning", "the record names the stage %s", text.Name(b.Record.Stage))
	}
}
