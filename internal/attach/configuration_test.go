package attach_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"autobackup/internal/attach"
)

var events = []string{"s3:ObjectCreated:*", "s3:ObjectRemoved:Delete", "s3:Replication:OperationMissedThreshold", attach.Failed, "s3:Replication:*"}

// drawn is a notification of somebody's: its id is none of attach's.
func drawn(t *rapid.T, name string) attach.Notification {
	n := attach.Notification{
		Kind:   rapid.SampledFrom([]string{"queue", "topic", "function"}).Draw(t, name+" kind"),
		ID:     fmt.Sprint("theirs-", rapid.IntRange(0, 5).Draw(t, name+" id")),
		Target: "arn:aws:sqs:eu-central-1:111122223333:" + rapid.SampledFrom([]string{"a", "b"}).Draw(t, name+" target"),
		Events: rapid.SliceOfNDistinct(rapid.SampledFrom(events), 1, 3, rapid.ID).Draw(t, name+" events"),
	}
	if rapid.Bool().Draw(t, name+" filtered") {
		n.Filters = []attach.Filter{{Name: "Prefix", Value: rapid.SampledFrom([]string{"", "in/", "out/"}).Draw(t, name+" prefix")}}
	}
	return n
}

func configuration(t *rapid.T) (c attach.Configuration) {
	c.EventBridge = rapid.Bool().Draw(t, "EventBridge")
	for i := range rapid.IntRange(0, 4).Draw(t, "notifications") {
		c.Notifications = append(c.Notifications, drawn(t, fmt.Sprint(i)))
	}
	return c
}

// change is one that attach plans for a configuration: EventBridge is turned on where it is
// off, and nothing is sent twice.
func change(t *rapid.T, was attach.Configuration) attach.Change {
	c := attach.Change{EventBridge: !was.EventBridge}
	if was.Sends(attach.Failed) == nil && rapid.Bool().Draw(t, "metrics") {
		c.Notification = &attach.Notification{Kind: "queue", ID: "autobackup-dev-replication-failed", Target: "arn:aws:sqs:eu-central-1:111122223333:q", Events: []string{attach.Failed}}
	}
	return c
}

func TestMergingKeepsEverythingOfOthersAndAddsWhatIsMissing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was := configuration(t)
		c := change(t, was)
		before := slices.Clone(was.Notifications)
		merged := attach.Merge(was, c)
		assert.Equal(t, before, was.Notifications, "what was handed in is left alone")
		assert.ElementsMatch(t, before, merged.Notifications[:len(before)])
		assert.True(t, merged.EventBridge)
		want := len(before)
		if c.Notification != nil {
			want++
			assert.Contains(t, merged.Notifications, *c.Notification)
		}
		assert.Len(t, merged.Notifications, want)
	})
}

func TestMergingAgainChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was := configuration(t)
		c := change(t, was)
		once := attach.Merge(was, c)
		assert.Equal(t, once, attach.Merge(once, c))
		assert.Equal(t, c.Notification != nil || was.Sends(attach.Failed) != nil, once.Sends(attach.Failed) != nil, "so that it is not planned again")
	})
}

func TestDetachAfterAttachGivesBackWhatWasThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was := configuration(t)
		c := change(t, was)
		merged := attach.Merge(was, c)
		assert.True(t, was.Equal(attach.Undo(merged, c, true)), "%v", attach.Undo(merged, c, true).Lines())
		left := attach.Undo(merged, c, false)
		assert.True(t, left.EventBridge, "which stays on unless asked")
		left.EventBridge = was.EventBridge
		assert.True(t, was.Equal(left))
	})
}

// Others add, remove and change what is theirs between attach and detach.
func TestWhatOthersChangedMeanwhileStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		was := configuration(t)
		c := change(t, was)
		now := attach.Merge(was, c)
		theirs := slices.Clone(was.Notifications)
		if len(theirs) > 0 && rapid.Bool().Draw(t, "removes") {
			theirs = theirs[1:]
		}
		theirs = append(theirs, drawn(t, "added"))
		now.Notifications = slices.Clone(theirs)
		if c.Notification != nil {
			now.Notifications = append(now.Notifications, *c.Notification)
		}
		slices.Reverse(now.Notifications)
		left := attach.Undo(now, c, false)
		assert.True(t, attach.Configuration{EventBridge: now.EventBridge, Notifications: theirs}.Equal(left))
	})
}

func TestWhatSomebodyMadeOfAttachsNotificationIsTheirs(t *testing.T) {
	ours := attach.Notification{Kind: "queue", ID: "autobackup-dev-replication-failed", Target: "q", Events: []string{attach.Failed}}
	changed := ours
	changed.Events = []string{attach.Failed, "s3:ObjectCreated:*"}
	now := attach.Configuration{EventBridge: true, Notifications: []attach.Notification{changed}}
	assert.Equal(t, now, attach.Undo(now, attach.Change{Notification: &ours}, true))
}

func TestConfigurationsThatDoTheSameAreEqual(t *testing.T) {
	a := attach.Notification{Kind: "queue", ID: "a", Target: "q", Events: []string{"x", "y"}, Filters: []attach.Filter{{"Suffix", ".pdf"}, {"Prefix", "in/"}}}
	b := a
	b.Events, b.Filters = []string{"y", "x"}, []attach.Filter{{"prefix", "in/"}, {"suffix", ".pdf"}}
	other := attach.Notification{Kind: "topic", ID: "b", Target: "t", Events: []string{"x"}, Filters: []attach.Filter{{"Prefix", ""}}}
	plain := other
	plain.Filters = nil
	one := attach.Configuration{Notifications: []attach.Notification{a, other}}
	assert.True(t, one.Equal(attach.Configuration{Notifications: []attach.Notification{plain, b}}))
	for name, edit := range map[string]func(*attach.Configuration){
		"EventBridge":    func(c *attach.Configuration) { c.EventBridge = true },
		"another event":  func(c *attach.Configuration) { c.Notifications[0].Events = []string{"x"} },
		"another target": func(c *attach.Configuration) { c.Notifications[0].Target = "r" },
		"another kind":   func(c *attach.Configuration) { c.Notifications[0].Kind = "topic" },
		"another id":     func(c *attach.Configuration) { c.Notifications[0].ID = "c" },
		"another filter": func(c *attach.Configuration) { c.Notifications[0].Filters = nil },
		"another letter": func(c *attach.Configuration) {
			c.Notifications[0].Filters = []attach.Filter{{"Suffix", ".pdf"}, {"Prefix", "ín/"}}
		},
		"one less": func(c *attach.Configuration) { c.Notifications = c.Notifications[:1] },
	} {
		c := attach.Configuration{Notifications: []attach.Notification{a, other}}
		edit(&c)
		assert.False(t, one.Equal(c), name)
		assert.NotEqual(t, one.Lines(), c.Lines(), name)
	}
}

func TestAnEventIsSentWhereAWildcardStandsForIt(t *testing.T) {
	for event, want := range map[string]bool{attach.Failed: true, "s3:Replication:*": true, "s3:ObjectCreated:*": false, "s3:Replication:OperationNotTracked": false} {
		c := attach.Configuration{Notifications: []attach.Notification{{ID: "a", Events: []string{"s3:ObjectRemoved:*", event}}}}
		assert.Equal(t, want, c.Sends(attach.Failed) != nil, event)
	}
}
