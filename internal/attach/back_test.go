package attach_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/attach"
)

// attached is a bucket as attach leaves it, with its record.
func attached() attach.Bucket {
	b := ready()
	b.Notifications = []attach.Notification{{Kind: "queue", ID: "theirs", Target: "q", Events: []string{"s3:ObjectCreated:*"}}}
	p := attach.Judge(stage, b)
	b.Record = &attach.Record{Version: attach.RecordVersion, Stage: "dev", Bucket: "docs", Was: p.Was, Change: p.Change}
	b.Configuration = p.Becomes
	return b
}

func TestDetachTakesBackWhatIsRecordedAndNothingElse(t *testing.T) {
	bridge := func(on bool, notifications ...attach.Notification) attach.Configuration {
		return attach.Configuration{EventBridge: on, Notifications: notifications}
	}
	theirs := attached().Notifications[0]
	ours := attached().Notifications[1]
	for name, tt := range map[string]struct {
		edit    func(*attach.Bucket)
		takers  attach.Takers
		state   attach.State
		becomes attach.Configuration
		word    string
		says    string
	}{
		"as attach left it":     {nil, attach.Takers{}, attach.Ready, bridge(true, theirs), "note", "EventBridge stays on: others may rely on it"},
		"what goes is named":    {nil, attach.Takers{}, attach.Ready, bridge(true, theirs), "change", "notifications: - s3:Replication:OperationFailedReplication → arn:aws:sqs:eu-central-1:111122223333:autobackup-failure-queue-dev"},
		"EventBridge off":       {nil, attach.Takers{Off: true}, attach.Ready, bridge(false, theirs), "change", "EventBridge on → off"},
		"off, and others match": {nil, attach.Takers{Off: true, Others: []string{"theirs"}}, attach.Ready, bridge(true, theirs), "note", "other rules take its events, or may: theirs"},
		"off, and nobody can tell": {func(b *attach.Bucket) {
			b.Unread = []attach.Unread{{Fact: attach.Triggers, Why: "403", Grant: "events:ListRules"}}
		}, attach.Takers{Off: true}, attach.Ready, bridge(true, theirs), "?", "grant events:ListRules"},
		"it was on before":         {func(b *attach.Bucket) { b.Record.Change.EventBridge = false }, attach.Takers{Off: true}, attach.Ready, bridge(true, theirs), "note", "EventBridge was on before attach"},
		"the stage still takes it": {nil, attach.Takers{Own: []string{"autobackup-s3-upload-trigger-dev"}}, attach.Ready, bridge(true, theirs), "warning", "take docs out of Buckets"},
		"the notification changed": {func(b *attach.Bucket) {
			b.Notifications = []attach.Notification{theirs, {Kind: "queue", ID: ours.ID, Target: "other", Events: ours.Events}}
		}, attach.Takers{}, attach.Ready,
			bridge(true, theirs, attach.Notification{Kind: "queue", ID: ours.ID, Target: "other", Events: ours.Events}), "note", "is somebody else's, and stays"},
		"no record":                  {func(b *attach.Bucket) { b.Record = nil }, attach.Takers{Off: true}, attach.Kept, bridge(true, theirs, ours), "FAIL", "attach has recorded nothing of it in the stage dev"},
		"an unread record":           {func(b *attach.Bucket) { b.Record, b.Unread = nil, []attach.Unread{{Fact: attach.Recorded, Why: "403"}} }, attach.Takers{}, attach.Kept, bridge(true, theirs, ours), "FAIL", "its record could not be read"},
		"unread notifications":       {func(b *attach.Bucket) { b.Unread = []attach.Unread{{Fact: attach.Notifications, Why: "403"}} }, attach.Takers{}, attach.Kept, bridge(true, theirs, ours), "FAIL", "its notifications could not be read"},
		"a bucket of another region": {func(b *attach.Bucket) { b.Region, b.Configuration = "eu-west-1", bridge(true) }, attach.Takers{Off: true}, attach.Ready, bridge(true), "change", "the bucket of this name in eu-west-1 is not the one that was attached, which was in eu-central-1"},
		"a record of another stage":  {func(b *attach.Bucket) { b.Record.Stage = "prod" }, attach.Takers{}, attach.Ready, bridge(true, theirs), "warning", "the record names the stage prod"},
		"one that was detached before, with EventBridge on": {func(b *attach.Bucket) {
			b.Record.Change, b.Record.Detached, b.Configuration = attach.Change{EventBridge: true}, "2026-11-28T09:00:00Z", bridge(true)
		}, attach.Takers{}, attach.Kept, bridge(true), "FAIL", "it was detached at 2026-11-28T09:00:00Z, and nothing but EventBridge is left to take back, which stays on"},
		"one that was detached before, to be turned off": {func(b *attach.Bucket) {
			b.Record.Change, b.Record.Detached, b.Configuration = attach.Change{EventBridge: true}, "2026-11-28T09:00:00Z", bridge(true)
		}, attach.Takers{Off: true}, attach.Ready, bridge(false), "change", "EventBridge on → off"},
		"a bucket that is gone": {func(b *attach.Bucket) { b.Gone, b.Configuration = true, bridge(false) }, attach.Takers{}, attach.Ready, bridge(false), "change", "its record is forgotten"},
	} {
		t.Run(name, func(t *testing.T) {
			b := attached()
			if tt.edit != nil {
				tt.edit(&b)
			}
			p := attach.Return(stage, b, tt.takers)
			assert.Equal(t, "docs", p.Bucket)
			assert.Equal(t, tt.state, p.State)
			assert.True(t, tt.becomes.Equal(p.Becomes), "%v", p.Becomes.Lines())
			assert.Contains(t, said(p, tt.word), tt.says)
		})
	}
}
