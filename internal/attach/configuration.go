package attach

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"autobackup/internal/text"
)

// Failed is S3's notification of an object that could not be replicated.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-metrics-events.html
const Failed = "s3:Replication:OperationFailedReplication"

// Notification is one of a bucket's configurations of S3's own notifications.
type Notification struct {
	Kind    string   `json:"kind"` // queue, topic or function
	ID      string   `json:"id"`
	Target  string   `json:"target"` // ARN
	Events  []string `json:"events"`
	Filters []Filter `json:"filters,omitempty"`
}

// Filter is how keys begin or end.
type Filter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Configuration is what a PUT replaces as a whole.
type Configuration struct {
	EventBridge   bool           `json:"eventBridge"`
	Notifications []Notification `json:"notifications"`
}

// Change is what attach adds to a configuration.
type Change struct {
	EventBridge  bool          `json:"eventBridge"` // it is turned on
	Notification *Notification `json:"notification,omitempty"`
}

// None says whether nothing is changed.
func (c Change) None() bool { return !c.EventBridge && c.Notification == nil }

// And is what two changes, one after the other, have added together.
func (c Change) And(later Change) Change {
	return Change{EventBridge: c.EventBridge || later.EventBridge, Notification: cmp.Or(later.Notification, c.Notification)}
}

// Merge adds a change, and keeps everything else.
func Merge(was Configuration, c Change) Configuration {
	merged := Configuration{EventBridge: was.EventBridge || c.EventBridge, Notifications: slices.Clone(was.Notifications)}
	if c.Notification != nil && !slices.ContainsFunc(merged.Notifications, c.Notification.equal) {
		merged.Notifications = append(merged.Notifications, *c.Notification)
	}
	return merged
}

// Undo takes a change away where it is still there as it was made: what somebody has
// changed since is theirs. EventBridge is turned off only where off says so, and was
// turned on by the change.
func Undo(now Configuration, c Change, off bool) Configuration {
	left := Configuration{EventBridge: now.EventBridge && (!off || !c.EventBridge), Notifications: slices.Clone(now.Notifications)}
	if c.Notification != nil {
		left.Notifications = slices.DeleteFunc(left.Notifications, c.Notification.equal)
	}
	return left
}

// Equal says whether S3 does the same by both.
func (c Configuration) Equal(other Configuration) bool {
	return c.EventBridge == other.EventBridge && slices.EqualFunc(sorted(c.Notifications), sorted(other.Notifications), Notification.equal)
}

func (n Notification) equal(other Notification) bool {
	return n.Kind == other.Kind && n.ID == other.ID && n.Target == other.Target &&
		slices.Equal(slices.Sorted(slices.Values(n.Events)), slices.Sorted(slices.Values(other.Events))) &&
		slices.Equal(n.filters(), other.filters())
}

// filters are those that select anything: S3 answers their names with a capital.
func (n Notification) filters() (all []Filter) {
	for _, f := range n.Filters {
		if f.Value != "" {
			all = append(all, Filter{strings.ToLower(f.Name), f.Value})
		}
	}
	slices.SortFunc(all, func(a, b Filter) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) })
	return all
}

func sorted(all []Notification) []Notification {
	return slices.SortedFunc(slices.Values(all), func(a, b Notification) int { return cmp.Compare(a.line(), b.line()) })
}

// line is a notification for people to compare.
func (n Notification) line() string {
	line := fmt.Sprintf("%s %s, id %+q: %s", n.Kind, n.Target, n.ID, strings.Join(slices.Sorted(slices.Values(n.Events)), ", "))
	for _, f := range n.filters() {
		line += fmt.Sprintf(", %s %+q", f.Name, f.Value)
	}
	return line
}

// Sends are the notifications by which an event goes somewhere already. S3 refuses another
// for the same event and keys.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
func (c Configuration) Sends(event string) (all []Notification) {
	for _, n := range c.Notifications {
		if slices.ContainsFunc(n.Events, func(of string) bool {
			begin, wild := strings.CutSuffix(of, "*")
			return of == event || wild && strings.HasPrefix(event, begin)
		}) {
			all = append(all, n)
		}
	}
	return all
}

// Lines are the configuration for people to compare, sorted.
func (c Configuration) Lines() []string {
	lines := []string{"EventBridge " + onOff(c.EventBridge)}
	for _, n := range sorted(c.Notifications) {
		lines = append(lines, text.Line(n.line(), 10_000)) // longer than any that S3 takes
	}
	return lines
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
