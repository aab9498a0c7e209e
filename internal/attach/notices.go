package attach

import (
	"fmt"
	"slices"
	"strings"

	"autobackup/internal/text"
)

// notification is the one that attach adds to a configuration. S3 refuses two with one id,
// so that it gets another where somebody has given that id to theirs.
func (s Stage) notification(beside Configuration) *Notification {
	begins := "autobackup-" + s.Name + "-replication-failed"
	id := begins
	for n := 2; slices.ContainsFunc(beside.Notifications, func(other Notification) bool { return other.ID == id }); n++ {
		id = fmt.Sprintf("%s-%d", begins, n)
	}
	return &Notification{Kind: "queue", ID: id, Target: s.FailureQueue(), Events: []string{Failed}}
}

// made says whether a notification is as attach makes it, whoever did.
func (s Stage) made(n Notification) bool {
	ours := s.notification(Configuration{})
	ours.ID = n.ID
	return ours.equal(n)
}

// Unmeasured are the enabled rules without metrics: S3 tells of no replication that failed
// by them.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-metrics-events.html
func (b *Bucket) Unmeasured() (ids []string) {
	for _, r := range b.Rules {
		if r.Enabled && !r.Metrics {
			ids = append(ids, text.Name(r.ID))
		}
	}
	return ids
}

// Measured says whether an enabled rule has metrics.
func (b *Bucket) Measured() bool {
	return slices.ContainsFunc(b.Rules, func(r Rule) bool { return r.Enabled && r.Metrics })
}

// noticed says whether the stage is told of every replication that failed.
func (s Stage) noticed(b *Bucket) bool {
	return len(b.Unmeasured()) == 0 && slices.ContainsFunc(b.Sends(Failed), s.made)
}

// notices say whom S3 tells of failed replications, and of which.
func (p *Plan) notices(s Stage, b *Bucket) {
	told := "are told"
	switch without := b.Unmeasured(); {
	case !b.Measured():
		told = "would be told"
		p.say("note", "no enabled rule has replication metrics: S3 sends no failure notices, and the looks alone find failures (--print shows how to turn them on)")
	case len(without) > 0:
		p.say("note", "rules without replication metrics (%s): S3 sends no failure notices of theirs, and the looks alone find those (--print shows how to turn them on)", text.Line(strings.Join(without, ", "), 200))
	}
	for _, n := range b.Sends(Failed) {
		switch keys := n.keys(); {
		case s.made(n):
		case n.Target != s.FailureQueue():
			p.say("note", "failed replications%s %s to %s already, which S3 lets nobody share: left so, and the looks alone find them", keys, told, text.Line(n.Target, 200))
		case keys != "":
			p.say("note", "its notification %s is not as attach makes it: failed replications%s alone %s to the failure queue, and S3 lets no other tell of the rest: left so, and the looks alone find the rest", text.Name(n.ID), keys, told)
		default:
			p.say("note", "its notification %s is not as attach makes it: it sends %s to the failure queue, where each but %s is told as MALFORMED_EVENT: left so", text.Name(n.ID), text.Line(strings.Join(n.Events, ", "), 200), Failed)
		}
	}
}

// keys say which ones a notification is about; empty: all.
func (n Notification) keys() string {
	var all []string
	for _, f := range n.filters() {
		all = append(all, text.Line(f.Name, 20)+" "+text.Quoted(f.Value, 100))
	}
	if len(all) == 0 {
		return ""
	}
	return " of keys with the " + strings.Join(all, " and the ")
}
