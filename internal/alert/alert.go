// Package alert writes the text that operators read: what happened, where, what
// was compared, why it matters and what to do next, with commands to paste. It
// is pure: the workflow's alerts (compare-etags) and repeated ones
// (failure-notifier) come from the same sentences.
//
// Everything that is not written in this package is hostile: object keys are
// chosen by whoever may upload, message attributes by whoever may send. A text
// therefore holds printable characters and its own line breaks only, and a
// command means the same whatever the key is (see headObjects).
package alert

import (
	"cmp"
	"fmt"
	"slices"

	"autobackup/internal/batch"
)

const (
	// MaxBytes bounds an alert as it travels in the workflow's state: the bytes
	// of batch.Alert as JSON, escapes included.
	MaxBytes = 16 << 10
	// MaxAlerts is how often operators are alerted about one message. Moving a
	// message to the failure queue more often than that sends no e-mail, so
	// that no arrangement of queues can become a loop of e-mails.
	MaxAlerts = 10
)

// Context is what an alert says besides the messages that failed.
type Context struct {
	Stage     string
	Execution string // ARN, or empty where no execution is known
	Alerted   int    // how often operators were alerted about these messages before
	Queues    Queues
}

// Queues are the queues that the commands in an alert name.
type Queues struct {
	ValidationARN string // moving a message here has it looked at again
	FailureARN    string // moving a message here alerts again
	DLQURL        string // the validation DLQ, where messages are parked
	DLQARN        string
}

// Compose writes one alert for all failed messages, the most severe first. It
// is at most MaxBytes long; where that leaves messages out, it says how many and
// where they are. Without failed messages the alert is empty.
func Compose(c Context, failed []batch.Failed) batch.Alert {
	if len(failed) == 0 {
		return batch.Alert{}
	}
	items := make([]item, len(failed))
	for i, f := range failed {
		items[i] = newItem(f)
	}
	slices.SortStableFunc(items, func(a, b item) int { return cmp.Compare(a.severity, b.severity) })
	a := batch.Alert{Subject: subject(c, items)}
	a.Message = message(heading(c, items), ending(c), items, MaxBytes-encoded(a))
	return a
}

// objects counts in words: "1 object", "2 objects".
func objects(n int) string {
	if n == 1 {
		return "1 object"
	}
	return fmt.Sprintf("%d objects", n)
}
