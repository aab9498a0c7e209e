package notify

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"autobackup/internal/ticket"
)

// What one call of PutEvents takes: entries, and bytes of all of them. Entries may be
// larger by now, which would make a call larger and nothing better
// (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html,
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html).
const (
	busEntries = 10
	busBytes   = 256<<10 - 1 // all of a call are less than 256 KiB
	timeBytes  = 14          // what an entry's time counts
)

// putTries is how often an event is put that EventBridge does not take while it takes
// others. The client tries calls again by itself.
const putTries = 2

var errNoAnswer = errors.New("eventbridge did not say what became of the event")

// announcement is an event to put.
type announcement struct {
	task  int // index of the task that it belongs to
	entry types.PutEventsRequestEntry
}

func (a announcement) size() int {
	return len(ticket.Source) + len(*a.entry.DetailType) + len(*a.entry.Detail) + timeBytes
}

// announce puts the events of all records on the bus. A record of which one is not taken
// stays in the queue. That is so before anything of it is parked, and has no part in
// what is e-mailed: an e-mail never waits for the bus.
func (i *invocation) announce(ctx context.Context) {
	if i.Bus == nil {
		return
	}
	o := owners{Notifier: i.Notifier, known: map[string]owner{}}
	var all []announcement
	for at := range i.tasks {
		for _, e := range i.events(&i.tasks[at]) {
			o.fill(ctx, &e.Detail)
			if a, err := announced(at, e); err != nil {
				i.done(&i.tasks[at], err)
			} else {
				all = append(all, a)
			}
		}
	}
	for k, err := range i.put(ctx, all) {
		i.done(&i.tasks[all[k].task], err)
	}
}

// events are those of a record.
func (i *invocation) events(t *task) (all []ticket.Event) {
	at := t.sent
	if at.IsZero() {
		at = i.Now()
	}
	for _, f := range t.findings {
		all = append(all, ticket.OfFailure(i.Alert, f, at))
	}
	for _, f := range t.report.Failures {
		all = append(all, ticket.OfRest(i.Alert, f, t.report.Execution, at)...)
	}
	for _, o := range t.report.Over {
		all = append(all, ticket.OfOver(i.Alert, o, t.report.Execution, at)...)
	}
	return all
}

func announced(task int, e ticket.Event) (announcement, error) {
	detail, err := e.Encode()
	return announcement{task, types.PutEventsRequestEntry{
		Source: aws.String(ticket.Source), DetailType: aws.String(e.Type), Detail: &detail, Time: aws.Time(e.Detail.Time)}}, err
}

// put puts events. The answer has an error for each that was not taken, in their order.
func (n Notifier) put(ctx context.Context, all []announcement) []error {
	return inCalls(all, busEntries, busBytes, func(some []announcement, errs []error) { n.putSome(ctx, some, errs) })
}

// putSome is one call, and another one for what it did not take.
func (n Notifier) putSome(ctx context.Context, some []announcement, errs []error) {
	open := make([]int, len(some)) // indexes of what is not taken yet
	for k := range open {
		open[k] = k
	}
	for range putTries {
		var entries []types.PutEventsRequestEntry
		for _, k := range open {
			entries = append(entries, some[k].entry)
		}
		out, err := n.Bus.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries})
		var left []int
		for at, k := range open {
			if errs[k] = notTaken(out, err, at, len(open)); errs[k] != nil {
				left = append(left, k)
			}
		}
		if open = left; err != nil || len(open) == 0 {
			return
		}
	}
}

// notTaken is why an entry was not taken. The answer has an entry for each that was sent,
// in their order.
func notTaken(out *eventbridge.PutEventsOutput, err error, at, sent int) error {
	const what = "put an event on the default event bus"
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	case out == nil || len(out.Entries) != sent:
		return fmt.Errorf("%s: %w", what, errNoAnswer)
	case out.Entries[at].ErrorCode != nil:
		return fmt.Errorf("%s: %s %s", what, *out.Entries[at].ErrorCode, aws.ToString(out.Entries[at].ErrorMessage))
	case out.Entries[at].EventId == nil:
		return fmt.Errorf("%s: %w", what, errNoAnswer)
	}
	return nil
}
