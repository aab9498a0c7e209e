// Package batch is what one execution carries from state to state: the
// messages not settled yet, what failed in this round, and the summary so far.
// Its JSON names are the ones that statemachine/validate.asl.json uses.
package batch

import (
	"errors"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// Batch is the input and the answer of fetch-etags and compare-etags alike.
type Batch struct {
	Execution string    `json:"execution"` // the execution's ARN
	Looks     int       `json:"looks"`     // looks made so far
	Waited    int       `json:"waited"`    // seconds spent between looks so far
	Wait      int       `json:"wait"`      // seconds to wait before the next look; 0 where none is due
	Messages  []Message `json:"messages"`  // not settled; those with a look are to be read, the others looked at again
	Reading   int       `json:"reading"`   // how many of Messages are to be read before anything is looked at again
	Failed    []Failed  `json:"failed"`    // failed in this round: to be alerted and parked
	Alert     Alert     `json:"alert"`     // one for all of Failed; empty where nothing failed, or operators knew of all that did
	Summary   Summary   `json:"summary"`   // the execution's output
}

// Validate refuses what is no batch, such as the payload of another function.
func (b Batch) Validate() error {
	if b.Messages == nil {
		return errors.New(`"messages" is missing: it is the array of queue messages`)
	}
	return nil
}

// Message is one queue message on its way to a verdict. The first look gets it
// as the pipe sent it; the pipe's other fields are not kept.
type Message struct {
	ID   string        `json:"messageId"`
	Body string        `json:"body"` // as received: parked unchanged
	Look *verdict.Look `json:"look,omitempty"`
	// Unread is how many looks in a row, before this one, could not read a side.
	Unread int `json:"unread,omitempty"`
	// GaveUp is how many looks in a row, before this one, found that S3 gave up to
	// make the replica.
	GaveUp int `json:"gaveUp,omitempty"`
	// Error is the name of the error that kept its bytes from being read.
	Error string `json:"error,omitempty"`
	// Differing is how many looks in a row, before this one, found metadata that
	// may change to differ.
	Differing int `json:"differing,omitempty"`
}

// Failed is a message to park, with the attributes it is parked with.
type Failed struct {
	ID     string      `json:"messageId"`
	Body   string      `json:"body"`
	Reason reason.Code `json:"reason"`
	Detail string      `json:"detail"` // never empty: SQS refuses empty attributes
}

// Alert is the text that goes to SNS.
type Alert struct {
	Subject string `json:"subject"`
	Message string `json:"message"`
}

// Summary is what an operator reads as the execution's output.
type Summary struct {
	Text    string    `json:"text"` // "25 objects after 2 looks: 24 verified, 1 failed"
	Objects []Settled `json:"objects"`
}

// MaxObject bounds Settled.Object of a failed message, in bytes of JSON: the
// message itself is in the state as well, to be parked.
const MaxObject = 512

// Settled is one line of the summary.
type Settled struct {
	ID       string           `json:"messageId"`
	Object   string           `json:"object"` // s3://bucket/key@version, or the id of a malformed message; of a failed one at most MaxObject bytes
	Verdict  verdict.Outcome  `json:"verdict"`
	Reason   reason.Code      `json:"reason,omitempty"`
	Evidence verdict.Evidence `json:"evidence,omitempty"`
	Finding  reason.Code      `json:"finding,omitempty"` // METADATA_DIFFERS about a verified one
	Looks    int              `json:"looks"`
}
