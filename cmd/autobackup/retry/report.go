package retry

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/text"
)

// samples is how many objects are named for each execution and for each group of messages.
const samples = 3

// Report is what was found and what was done.
type Report struct {
	Command    string       `json:"command"` // retry or discard
	Stage      string       `json:"stage"`
	Region     string       `json:"region"`
	To         string       `json:"to,omitempty"` // queue that messages are sent to
	DryRun     bool         `json:"dryRun"`
	Executions []*Execution `json:"executions"` // those with messages that nothing has settled, in the order of their ends
	Parked     Queue        `json:"parked"`
	EventDLQ   Queue        `json:"eventDLQ"`
	FailureDLQ Queue        `json:"failureDLQ"`
	Left       []Left       `json:"left"`     // messages that stay where they are
	Max        int          `json:"max"`      // how many messages may be taken
	Refused    bool         `json:"refused"`  // there are more
	Declined   bool         `json:"declined"` // the question was answered with no
	// Interrupted: what was done until then is counted; the rest is where it was.
	Interrupted bool `json:"interrupted"`
	// Operation is the folder of the record, below operations/ in the working bucket; empty where
	// nothing was begun.
	Operation string `json:"operation"`
	failed    bool   // an error ended it
	all       bool   // more than Max may be taken
}

// Execution is what an execution that ended badly left.
type Execution struct {
	ARN       string    `json:"arn"`
	Status    string    `json:"status"` // FAILED, TIMED_OUT or ABORTED
	Ended     time.Time `json:"ended"`
	Messages  int       `json:"messages"`  // in its input
	Unsettled int       `json:"unsettled"` // of them neither verified nor skipped nor parked
	Before    int       `json:"before"`    // of the unsettled sent before, as the account's record says
	Pending   int       `json:"pending"`   // to be sent
	Done      int       `json:"done"`      // sent
	Objects   []string  `json:"objects"`   // the first of those to be sent, in printable ASCII
}

// Queue is what lies in a queue.
type Queue struct {
	Queue     string   `json:"queue"`
	Lying     int      `json:"lying"`     // messages that show, as SQS estimates
	Hidden    int      `json:"hidden"`    // held by another reader when the run looked; of a queue that it worked on, those that it found and another reader had
	Looked    int      `json:"looked"`    // at so many, before the question
	NotLooked int      `json:"notLooked"` // as SQS estimates
	Pending   int      `json:"pending"`   // chosen of those looked at; where all are, also of the others
	Groups    []*Group `json:"groups"`    // of the chosen that were looked at
	Done      int      `json:"done"`      // sent, or deleted
	// Returned are messages that came back while the run went on: they failed again, or were told of.
	Returned int `json:"returned"`
	// Unreached is about how many lie there that the run did not get to, because it
	// had to end before the queue showed nothing more.
	Unreached int `json:"unreached"`
	narrow    bool
}

// Group is messages of one reason and one bucket.
type Group struct {
	Reason  reason.Code `json:"reason"` // NONE where SQS moved them; of the event DLQ, why they were not delivered
	Bucket  string      `json:"bucket"` // primary; empty where no object is known
	Number  int         `json:"number"`
	Oldest  time.Time   `json:"oldest"`  // when the first of them was put into the queue
	Objects []string    `json:"objects"` // the first of them, in printable ASCII
}

// Left is a message that stays where it is, and why.
type Left struct {
	From    string `json:"from"` // an execution's ARN or a queue's name
	Message string `json:"message"`
	Object  string `json:"object"`
	Why     string `json:"why"`
}

func newReport(o Options, discards bool, region string) *Report {
	r := &Report{
		Command: "retry", Stage: o.Stage, Region: region, DryRun: o.DryRun, Max: o.Max, all: o.All, Executions: []*Execution{}, Left: []Left{},
		Parked: newQueue(named("validation-dlq", o.Stage)), EventDLQ: newQueue(named("event-dlq", o.Stage)), FailureDLQ: newQueue(named("failure-dlq", o.Stage)), To: named("validation-queue", o.Stage),
	}
	for _, q := range r.queues() {
		q.narrow = o.Filter.narrow()
	}
	switch {
	case discards:
		r.Command, r.To = "discard", ""
	case o.tells():
		r.To = named("failure-queue", o.Stage)
	}
	return r
}

func newQueue(name string) Queue { return Queue{Queue: name, Groups: []*Group{}} }

// add counts a message that was looked at.
func (q *Queue) add(m message) {
	q.Pending++
	bucket := bucketOf(m)
	code := reason.Code(text.Line(m.cause(), longestName))
	same := func(g *Group) bool { return g.Reason == code && g.Bucket == bucket }
	if !slices.ContainsFunc(q.Groups, same) {
		q.Groups = append(q.Groups, &Group{Reason: code, Bucket: bucket, Oldest: m.at, Objects: []string{}})
		slices.SortStableFunc(q.Groups, worst)
	}
	g := q.Groups[slices.IndexFunc(q.Groups, same)]
	g.Number++
	if m.at.Before(g.Oldest) {
		g.Oldest = m.at
	}
	g.Objects = firstOf(g.Objects, m)
}

// bucketOf is the primary bucket of a message's object; empty where it names none.
func bucketOf(m message) string {
	o, err := s3event.Parse(m.Body)
	if err != nil {
		return ""
	}
	return o.Bucket
}

// worst sorts what may be damaged before what is missing, and what is not known last.
func worst(a, b *Group) int {
	rank := func(code reason.Code) int {
		if at := slices.Index(reason.Severity(), code); at >= 0 {
			return at
		}
		return len(reason.Severity())
	}
	if d := rank(a.Reason) - rank(b.Reason); d != 0 {
		return d
	}
	return strings.Compare(string(a.Reason)+" "+a.Bucket, string(b.Reason)+" "+b.Bucket)
}

// firstOf adds a message's object to the few that are named.
func firstOf(objects []string, m message) []string {
	if len(objects) < samples {
		objects = append(objects, m.object())
	}
	return objects
}

// open says that there may be chosen messages which nobody has looked at.
func (q *Queue) open() bool { return q.narrow && q.NotLooked > 0 }

// queues are those that messages are taken from.
func (r *Report) queues() []*Queue { return []*Queue{&r.Parked, &r.EventDLQ, &r.FailureDLQ} }

func (r *Report) open() bool { return slices.ContainsFunc(r.queues(), (*Queue).open) }

func (r *Report) leave(from string, m message, why string) {
	r.Left = append(r.Left, Left{From: from, Message: text.Line(m.ID, longestName), Object: m.object(), Why: why})
}

// refuse keeps a run from taking more than it may.
func (r *Report) refuse() { r.Refused = r.Pending() > r.Max && !r.all }

// Pending is how many messages would be taken.
func (r *Report) Pending() int {
	n := 0
	for _, q := range r.queues() {
		n += q.Pending
	}
	for _, x := range r.Executions {
		n += x.Pending
	}
	return n
}

// Done is how many messages were sent, or deleted.
func (r *Report) Done() int {
	n := r.doneOfQueues()
	for _, x := range r.Executions {
		n += x.Done
	}
	return n
}

func (r *Report) doneOfQueues() (n int) {
	for _, q := range r.queues() {
		n += q.Done
	}
	return n
}

// unreached is about how many messages of queues the run did not get to, because another reader had
// them or it had to end. Nobody knows which of them are chosen.
func (r *Report) unreached() (n int) {
	for _, q := range r.queues() {
		n += q.Unreached + q.Hidden
	}
	return n
}

// Complete tells whether all that was chosen was taken or, in a dry run, could
// be.
func (r *Report) Complete() bool {
	return len(r.Left) == 0 && r.unreached() == 0 && !r.Declined && !r.Interrupted && !r.Refused
}

// Exit is the exit code, unless an error ended the run.
func (r *Report) Exit() int {
	if r.Complete() {
		return 0
	}
	return 1
}

// JSON writes the report for machines.
func (r *Report) JSON(w io.Writer) error { return asJSON(w, r) }

func asJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
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
