package demo

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/internal/batch"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
	"autobackup/local/clock"
)

// compareState is the state whose output has the verdicts of a round.
const compareState = "CompareETags"

// watcher follows the executions' histories: it knows each message's verdict as
// soon as a round of looks is judged.
type watcher struct {
	clock *clock.Clock
	// looked, if set, is told of every object whose first look was judged.
	looked func(object string)
	// progress, if set, is told how many messages are settled.
	progress func(settled int)

	mu      sync.Mutex
	objects map[string]string  // message id to object; malformed messages have none
	settled map[string]outcome // by message id
	seen    map[string]bool    // message ids whose first look was judged
}

// outcome is a message's verdict, and when it was there.
type outcome struct {
	batch.Settled
	at time.Time
}

func newWatcher(c *clock.Clock) *watcher {
	return &watcher{clock: c, objects: map[string]string{}, settled: map[string]outcome{}, seen: map[string]bool{}}
}

// event takes an event of an execution's history.
func (w *watcher) event(_ string, e types.HistoryEvent) {
	switch {
	case e.ExecutionStartedEventDetails != nil:
		w.started(aws.ToString(e.ExecutionStartedEventDetails.Input))
	case e.StateExitedEventDetails != nil && aws.ToString(e.StateExitedEventDetails.Name) == compareState:
		w.judged(aws.ToString(e.StateExitedEventDetails.Output))
	}
}

func (w *watcher) started(input string) {
	first, err := json.Marshal(batch.First{Input: json.RawMessage(input)})
	var b batch.Batch
	if err != nil || json.Unmarshal(first, &b) != nil {
		return // not from the pipe; its end shows in the report
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range b.Messages {
		// S3's notification of a failed replication is about an upload that has a
		// message of its own.
		if v, err := s3event.Parse(m.Body); err == nil && v.GaveUp == nil {
			w.objects[m.ID] = v.URI()
		}
	}
}

func (w *watcher) judged(output string) {
	var b batch.Batch
	if json.Unmarshal([]byte(output), &b) != nil {
		return // the interpreter only hands on JSON
	}
	var first []string
	w.mu.Lock()
	see := func(id string) {
		if !w.seen[id] {
			first = append(first, w.objects[id])
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
			w.settled[s.ID] = outcome{s, w.clock.Now()}
		}
	}
	settled := len(w.settled)
	w.mu.Unlock()
	if w.progress != nil {
		w.progress(settled)
	}
	for _, object := range first {
		if w.looked != nil {
			w.looked(object)
		}
	}
}

// outcomes are all verdicts by object; those of messages that name no object
// are under their message id.
func (w *watcher) outcomes() map[string]outcome {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make(map[string]outcome, len(w.settled))
	for id, o := range w.settled {
		name := w.objects[id]
		if name == "" {
			name = id
		}
		all[name] = o
	}
	return all
}
