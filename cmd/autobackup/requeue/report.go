package requeue

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"autobackup/internal/text"
)

// samples is how many objects are named for each execution and for the event
// DLQ.
const samples = 3

// Report is what was found and what was done.
type Report struct {
	Stage      string       `json:"stage"`
	Region     string       `json:"region"`
	DryRun     bool         `json:"dryRun"`
	Executions []*Execution `json:"executions"` // those with messages that nothing has settled, in the order of their ends
	EventDLQ   EventDLQ     `json:"eventDLQ"`
	Left       []Left       `json:"left"`     // messages that stay where they are
	Declined   bool         `json:"declined"` // the question was answered with no
	// Interrupted: what was put back until then is counted; the rest is where it was.
	Interrupted bool   `json:"interrupted"`
	Ledger      string `json:"ledger"` // file of what was put back from executions
}

// Execution is what an execution that ended badly left.
type Execution struct {
	ARN       string    `json:"arn"`
	Status    string    `json:"status"` // FAILED, TIMED_OUT or ABORTED
	Ended     time.Time `json:"ended"`
	Messages  int       `json:"messages"`  // in its input
	Unsettled int       `json:"unsettled"` // of them neither verified nor skipped nor parked
	Before    int       `json:"before"`    // of the unsettled put back before, as the ledger says
	Pending   int       `json:"pending"`   // to be put back
	Sent      int       `json:"sent"`
	Objects   []string  `json:"objects"` // the first of those to be put back, in printable ASCII
}

// EventDLQ is what lies in the event DLQ.
type EventDLQ struct {
	Queue   string `json:"queue"`
	Pending int    `json:"pending"` // as SQS estimates
	Hidden  int    `json:"hidden"`  // held by another reader for the moment
	Sent    int    `json:"sent"`
	// Unreached is about how many lie there that the run did not get to, because it
	// had to end before the queue showed nothing more.
	Unreached int      `json:"unreached"`
	Objects   []string `json:"objects"` // the first that SQS showed
}

// Left is a message that stays where it is, and why.
type Left struct {
	From    string `json:"from"` // an execution's ARN or a queue's name
	Message string `json:"message"`
	Object  string `json:"object"`
	Why     string `json:"why"`
}

func (r *Report) leave(from string, m message, why string) {
	r.Left = append(r.Left, Left{From: from, Message: text.Line(m.ID, longestName), Object: m.object(), Why: why})
}

// Pending is how many messages would be put back.
func (r *Report) Pending() int {
	n := r.EventDLQ.Pending
	for _, x := range r.Executions {
		n += x.Pending
	}
	return n
}

// Sent is how many messages were put back.
func (r *Report) Sent() int {
	n := r.EventDLQ.Sent
	for _, x := range r.Executions {
		n += x.Sent
	}
	return n
}

// Complete tells whether everything found was put back or, in a dry run, could
// be.
func (r *Report) Complete() bool {
	return len(r.Left) == 0 && r.EventDLQ.Unreached == 0 && !r.Declined && !r.Interrupted
}

// JSON writes the report for machines.
func (r *Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// count is a number with its noun: "1 message", "2 messages".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
