package asl

import (
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// Progress is how far an execution is, as data: what Execution.From needs, beside the
// names and the input, to go on with it in another process. It is JSON, in a form that
// only this package reads.
type Progress struct {
	Started  time.Time
	Deadline time.Time `json:",omitzero"`
	Redrives int       `json:",omitempty"`
	Redriven time.Time `json:",omitzero"`  // the last time
	Announce bool      `json:",omitempty"` // that it is redriven
	// Events is how many events History got. Others may lie in Pending.
	Events  int64
	Last    time.Time
	Charged int
	Path    []string
	Pending []pendingEvent `json:",omitempty"`
	Strand  strandProgress
	Aborted *failed `json:",omitempty"` // what StopExecution was told
	Result  *Result `json:",omitempty"` // of an execution that has ended
}

type pendingEvent struct {
	Event types.HistoryEvent
	After eventRef `json:",omitempty"`
	Key   []int
}

// eventRef names an event: its number, or where it lies in Pending, as -1 and on; 0
// is none.
type eventRef int64

// strandProgress is a strand as data.
type strandProgress struct {
	Random []byte // where its random numbers are
	Item   datum  `json:",omitzero"`
	Key    []int  `json:",omitempty"`
	Events int
	Last   eventRef       `json:",omitempty"`
	Visit  *visitProgress `json:",omitempty"`
}

// visitProgress is a visit as data.
type visitProgress struct {
	State    string
	Input    datum
	Entered  time.Time       `json:",omitzero"`
	Attempt  int             `json:",omitempty"`
	Used     []int           `json:",omitempty"`
	Until    time.Time       `json:",omitzero"`
	Retrying bool            `json:",omitempty"`
	Failed   string          `json:",omitempty"`
	Task     *call           `json:",omitempty"`
	Map      *fanProgress    `json:",omitempty"`
	Run      *mapRunProgress `json:",omitempty"`
}

// fanProgress has the items that were begun.
type fanProgress struct {
	Items   []itemProgress
	Settles time.Time `json:",omitzero"`
}

type itemProgress struct {
	Strand strandProgress
	Over   bool      `json:",omitempty"`
	Result datum     `json:",omitzero"`
	Error  *failed   `json:",omitempty"`
	End    time.Time `json:",omitzero"`
	Done   eventRef  `json:",omitempty"`
}

// mapRunProgress is a Map Run as data. What it wrote lies in files of the sizes told here.
type mapRunProgress struct {
	ID          string
	Info        MapRun
	Begun       eventRef
	Most        int
	Limit       limit
	Plan        plan
	From, Place location
	Held        string           `json:",omitempty"`
	Taken       int              `json:",omitempty"`
	Failure     *failed          `json:",omitempty"`
	Settles     time.Time        `json:",omitzero"`
	Children    []childProgress  `json:",omitempty"` // those that run
	Outputs     [][]byte         `json:",omitempty"` // by index
	Size        int              `json:",omitempty"` // of all outputs
	Files       map[string]int64 `json:",omitempty"` // sizes of those with results
	Failed      int64            `json:",omitempty"` // the size of that with unsuccessful children
	Again       *againProgress   `json:",omitempty"`
	Announce    bool             `json:",omitempty"`
}

type againProgress struct {
	Redrive int // whose file it is
	Size    int64
	Done    int
}

type childProgress struct {
	Index     int
	Items     int64
	Name, ARN string
	Input     string
	Progress  Progress
}

// failed is an error as data.
type failed struct {
	Name, Cause       string
	Unplaced, Covered bool `json:",omitempty"`
	Stopped           bool `json:",omitempty"`
}

func failedBy(err error) *failed {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errStopped):
		return &failed{Stopped: true}
	}
	e := asError(err)
	return &failed{Name: e.Name, Cause: e.Cause, Unplaced: e.unplaced, Covered: e.covered}
}

func (f *failed) error() error {
	switch {
	case f == nil:
		return nil
	case f.Stopped:
		return errStopped
	}
	return &Error{Name: f.Name, Cause: f.Cause, unplaced: f.Unplaced, covered: f.Covered}
}

// datum is a value of the language. Its numbers stay as they are written.
type datum struct{ value any }

// IsZero tells whether nothing is there. (null is left out, too.)
func (d datum) IsZero() bool { return d.value == nil }

// MarshalJSON writes the value.
func (d datum) MarshalJSON() ([]byte, error) { return []byte(encode(d.value)), nil }

// UnmarshalJSON reads the value.
func (d *datum) UnmarshalJSON(text []byte) (err error) {
	d.value, err = decode(text)
	return err
}
