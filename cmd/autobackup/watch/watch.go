// Package watch follows the histories of a stack's executions: it knows each message's
// verdict as soon as a round of looks is judged.
package watch

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/jedib0t/go-pretty/v6/text"

	"autobackup/internal/batch"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
	"autobackup/local/clock"
)

// compareState is the state whose output has the verdicts of a round.
const compareState = "CompareETags"

// Watcher takes the events of all histories. Its hooks are set before the first event.
type Watcher struct {
	// Looked, if set, is told of every object whose first look was judged, by its URI, and of
	// other messages by their ids.
	Looked func(object string)
	// Settled, if set, is told of each verdict as it comes, once.
	Settled func(Verdict)

	clock   *clock.Clock
	mu      sync.Mutex
	objects map[string]s3event.ObjectVersion // by message id; malformed messages have none
	settled map[string]Verdict               // by message id
	seen    map[string]bool                  // message ids whose first look was judged
}

// Verdict is that of a message, and when it was there.
type Verdict struct {
	batch.Settled
	Object s3event.ObjectVersion // its zero value: the message names none
	At     time.Time
}

// name is what an object is known by: its URI, or the message's id where that names none, or
// is S3's notification of a failed replication, as the upload has a message of its own.
func (v Verdict) name() string {
	if v.Object.Key == "" || v.Object.GaveUp != nil {
		return v.ID
	}
	return v.Object.URI()
}

// New returns a watcher that tells the time by a clock.
func New(c *clock.Clock) *Watcher {
	return &Watcher{clock: c, objects: map[string]s3event.ObjectVersion{}, settled: map[string]Verdict{}, seen: map[string]bool{}}
}

// Event takes an event of an execution's history.
func (w *Watcher) Event(_ string, e types.HistoryEvent) {
	looked, settled := w.event(e)
	for _, object := range looked {
		if w.Looked != nil {
			w.Looked(object)
		}
	}
	for _, v := range settled {
		if w.Settled != nil {
			w.Settled(v)
		}
	}
}

// Known takes an event of which everybody was told before.
func (w *Watcher) Known(_ string, e types.HistoryEvent) { w.event(e) }

func (w *Watcher) event(e types.HistoryEvent) (looked []string, settled []Verdict) {
	switch {
	case e.ExecutionStartedEventDetails != nil:
		w.started(aws.ToString(e.ExecutionStartedEventDetails.Input))
	case e.StateExitedEventDetails != nil && aws.ToString(e.StateExitedEventDetails.Name) == compareState:
		return w.judged(aws.ToString(e.StateExitedEventDetails.Output))
	}
	return nil, nil
}

func (w *Watcher) started(input string) {
	first, err := json.Marshal(batch.First{Input: json.RawMessage(input)})
	var b batch.Batch
	if err != nil || json.Unmarshal(first, &b) != nil {
		return // not from the pipe; how its execution ends is seen elsewhere
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range b.Messages {
		if v, err := s3event.Parse(m.Body); err == nil {
			w.objects[m.ID] = v
		}
	}
}

// judged notes what a round came to, and answers what of it is new.
func (w *Watcher) judged(output string) (looked []string, settled []Verdict) {
	var b batch.Batch
	if json.Unmarshal([]byte(output), &b) != nil {
		return nil, nil // the interpreter only hands on JSON
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	see := func(id string) {
		if !w.seen[id] {
			looked = append(looked, Verdict{Settled: batch.Settled{ID: id}, Object: w.objects[id]}.name())
		}
		w.seen[id] = true
	}
	for _, m := range slices.Concat(b.Lagging, b.Reading) {
		see(m.ID)
	}
	for _, s := range b.Summary.Objects {
		see(s.ID)
		// What is to be read is settled by the execution that reads it.
		if _, known := w.settled[s.ID]; !known && s.Verdict != verdict.Reading {
			v := Verdict{s, w.objects[s.ID], w.clock.Now()}
			w.settled[s.ID] = v
			settled = append(settled, v)
		}
	}
	return looked, settled
}

// Verdicts are all so far, by object; those of messages that name none are under their
// message id.
func (w *Watcher) Verdicts() map[string]Verdict {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make(map[string]Verdict, len(w.settled))
	for _, v := range w.settled {
		all[v.name()] = v
	}
	return all
}

// Coloured is a verdict for a terminal.
func Coloured(v verdict.Outcome) string {
	colour := map[verdict.Outcome]text.Color{verdict.Verified: text.FgGreen, verdict.Failed: text.FgRed, verdict.Skipped: text.FgYellow}[v]
	return colour.Sprint(v)
}
