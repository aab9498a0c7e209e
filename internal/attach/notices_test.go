package attach_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/internal/attach"
)

func TestWhoIsToldOfWhichFailuresIsSaidAsItIs(t *testing.T) {
	ours := *attach.Judge(stage, ready()).Change.Notification
	filtered, more, theirs, ending := ours, ours, ours, ours
	filtered.Filters = []attach.Filter{{Name: "Prefix", Value: "in/"}, {Name: "Suffix", Value: ".pdf"}}
	more.Events = []string{"s3:Replication:*"}
	theirs.Target, theirs.Filters, theirs.ID = "arn:aws:sns:eu-central-1:111122223333:ops", []attach.Filter{{Name: "Prefix", Value: "in/"}}, "ops"
	ending.Filters, ending.ID = []attach.Filter{{Name: "prefix", Value: "out/"}}, "out"
	renamed := ours
	renamed.ID = "by hand"
	unmeasured := attach.Rule{ID: "others", Enabled: true, To: "docs-dr", Every: true}
	const few = "rules without replication metrics (others): S3 sends no failure notices of theirs, and the looks alone find those"
	for name, tt := range map[string]struct {
		rules         []attach.Rule
		notifications []attach.Notification
		fine          bool
		notes         []string
	}{
		"as attach makes it":                   {nil, []attach.Notification{ours}, true, nil},
		"as attach makes it, by somebody":      {nil, []attach.Notification{renamed}, true, nil},
		"with metrics of all that do anything": {[]attach.Rule{ready().Rules[0], {ID: "off"}}, []attach.Notification{ours}, true, nil},
		"without metrics":                      {[]attach.Rule{unmeasured}, []attach.Notification{ours}, false, []string{"no enabled rule has replication metrics: S3 sends no failure notices"}},
		"with metrics of some":                 {[]attach.Rule{ready().Rules[0], unmeasured}, []attach.Notification{ours}, false, []string{few}},
		"with metrics of some, planned":        {[]attach.Rule{ready().Rules[0], unmeasured}, nil, false, []string{few}},
		"of some keys":                         {nil, []attach.Notification{filtered}, false, []string{`its notification autobackup-dev-replication-failed is not as attach makes it: failed replications of keys with the prefix "in/" and the suffix ".pdf" alone are told to the failure queue`}},
		"with other events":                    {nil, []attach.Notification{more}, false, []string{"it sends s3:Replication:* to the failure queue, where each but s3:Replication:OperationFailedReplication is told as MALFORMED_EVENT"}},
		"to another, of some keys":             {nil, []attach.Notification{theirs}, false, []string{`failed replications of keys with the prefix "in/" are told to arn:aws:sns:eu-central-1:111122223333:ops already`}},
		"to both":                              {nil, []attach.Notification{theirs, ending}, false, []string{"are told to arn:aws:sns", `its notification out is not as attach makes it: failed replications of keys with the prefix "out/" alone`}},
	} {
		p := attach.Judge(stage, with(func(b *attach.Bucket) {
			b.Notifications = tt.notifications
			if tt.rules != nil {
				b.Rules = tt.rules
			}
		}))
		assert.Equal(t, tt.fine, strings.Contains(said(p, "ok"), "failure notices"), name)
		for _, note := range tt.notes {
			assert.Contains(t, said(p, "note"), note, name)
		}
		if tt.fine {
			assert.NotContains(t, said(p, "note"), "fail", name)
		}
		assert.Equal(t, tt.notifications == nil, p.Change.Notification != nil, name)
	}
}

func TestTheNotificationHasAnIDThatNobodyHas(t *testing.T) {
	const id = "autobackup-dev-replication-failed"
	p := attach.Judge(stage, with(func(b *attach.Bucket) {
		for _, taken := range []string{id + "-2", id, id + "-4"} {
			b.Notifications = append(b.Notifications, attach.Notification{Kind: "topic", ID: taken, Target: "t", Events: []string{"s3:ObjectRemoved:" + taken}})
		}
	}))
	assert.Equal(t, id+"-3", p.Change.Notification.ID)
	assert.Len(t, p.Becomes.Notifications, 4)
	assert.True(t, p.Was.Equal(attach.Undo(p.Becomes, p.Change, true)))
}
