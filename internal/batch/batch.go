// Package batch is what one execution carries from state to state: the messages
// not settled yet, what failed in this round, and the summary so far. Its JSON
// names are the ones that statemachine/validate.asl.json uses.
package batch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"autobackup/internal/reason"
	"autobackup/internal/verdict"
)

// Batch is the input and the answer of fetch-etags, compare-etags and
// compare-bytes alike. A message is in exactly one of its lists, or settled.
type Batch struct {
	Execution string `json:"execution"` // the execution's ARN
	// Reads is set in an execution that reads bytes. It has one message; every
	// other execution starts one of these for each message in Reading.
	Reads    bool      `json:"reads"`
	Messages []Message `json:"messages"` // to be looked at in this round
	Lagging  []Message `json:"lagging"`  // looked at in this round, to be looked at again after Wait
	Reading  []Message `json:"reading"`  // stored checksums don't decide: their bytes are to be read
	Failed   []Failed  `json:"failed"`   // failed in this round: to be told and parked
	Over     []Over    `json:"over"`     // told of before, and settled in this round: to be told as over
	Counts   Counts    `json:"counts"`   // what the state machine chooses its way by
	Wait     int       `json:"wait"`     // seconds to wait before Lagging is looked at again; 0 where nothing lags
	Summary  Summary   `json:"summary"`  // the execution's output
	// Replica is the index of the replica whose bytes are to be read next, where
	// Reads is set.
	Replica int `json:"replica"`
	// NotRead is the error that ended reading the bytes of the message in Reading.
	NotRead *Error `json:"notRead,omitempty"`
	// Trouble is the first error of the execution's own that touched no verdict:
	// failures that were not handed to the sender, a message that was not parked.
	// The execution goes on for its other messages and fails visibly at its end.
	Trouble Error `json:"trouble"`
}

// Counts are the lengths of the lists after a round.
type Counts struct {
	Messages int `json:"messages"`
	Lagging  int `json:"lagging"`
	Reading  int `json:"reading"`
	Failed   int `json:"failed"`
	Over     int `json:"over"`
}

// Error is an error as a Catch of Step Functions writes it.
type Error struct {
	Error string `json:"Error"`
	Cause string `json:"Cause,omitempty"`
}

// Message is one queue message on its way to a verdict.
type Message struct {
	ID   string `json:"messageId"`
	Body string `json:"body"` // as received: parked unchanged
	// Again is set where the message was told of and parked before, and somebody
	// moved it back: what fails again is told again, and what does not is told as over.
	Again bool `json:"again,omitempty"`
	// Was are the replica buckets that it was told of when it was parked, as far as
	// that is known.
	Was      []string         `json:"was,omitempty"`
	Progress verdict.Progress `json:"progress"`
	// Wait is how many seconds a lagging message may be left alone.
	Wait int           `json:"wait,omitempty"`
	Look *verdict.Look `json:"look,omitempty"` // only between fetch-etags and compare-etags, and while bytes are read
}

// UnmarshalJSON also takes a message as the pipe sends it, whose other fields
// are not kept. One that was parked before has the attributes it was parked with.
func (m *Message) UnmarshalJSON(data []byte) error {
	type plain Message
	var sent struct {
		plain
		Attributes map[string]struct {
			Text string `json:"stringValue"`
		} `json:"messageAttributes"`
	}
	if err := json.Unmarshal(data, &sent); err != nil {
		return err
	}
	*m = Message(sent.plain)
	if _, parked := sent.Attributes["reason"]; parked && !Edited(m.Body, sent.Attributes["sum"].Text) {
		m.Again = true
		m.Was = was(sent.Attributes["facts"].Text)
	}
	return nil
}

// SumLength is how long a Sum is: as short as will do where somebody edits a message and means no
// harm. Who means harm may as well write the sum.
const SumLength = 8

// Sum tells whether a body is the one that was parked.
func Sum(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])[:SumLength]
}

// Edited says whether a message is no longer the one that was parked, by the sum that it was
// parked with: its facts are those of another then. Without a sum, nobody knows.
func Edited(body, sum string) bool { return sum != "" && sum != Sum(body) }

// maxBucket is how long a bucket's name is at most.
const maxBucket = 63

// was are the replicas that failed, of the facts that a message was parked with. Whoever
// may send messages may have written them: what can't be facts says nothing.
func was(facts string) (replicas []string) {
	var v verdict.Verdict
	if json.Unmarshal([]byte(facts), &v) != nil {
		return nil
	}
	for _, e := range v.Replicas {
		if e.Outcome == verdict.Failed && e.Bucket != "" && len(e.Bucket) <= maxBucket && len(replicas) < verdict.MaxReplicas {
			replicas = append(replicas, e.Bucket)
		}
	}
	return replicas
}

// First is the input of an execution's first look: the array of messages that
// the pipe sends, or the object that an execution which reads bytes is started
// with.
type First struct {
	Execution string          `json:"execution"`
	Input     json.RawMessage `json:"input"`
}

// batch is the execution's own form of its input.
func (f First) batch() (b Batch, err error) {
	b = Batch{Execution: f.Execution}
	if bytes.HasPrefix(bytes.TrimSpace(f.Input), []byte("[")) {
		return b, json.Unmarshal(f.Input, &b.Messages)
	}
	var reading struct {
		Messages []Message `json:"messages"`
	}
	if err := json.Unmarshal(f.Input, &reading); err != nil {
		return b, err
	}
	if len(reading.Messages) != 1 {
		return b, errors.New(`"input" is neither the pipe's array of messages nor an object with one message in "messages"`)
	}
	b.Reads, b.Messages = true, reading.Messages
	return b, nil
}

// UnmarshalJSON takes a Batch, or a First.
func (b *Batch) UnmarshalJSON(data []byte) error {
	var first First
	if err := json.Unmarshal(data, &first); err == nil && first.Input != nil {
		started, err := first.batch()
		*b = started
		return err
	}
	type plain Batch
	return json.Unmarshal(data, (*plain)(b))
}

// Validate refuses what is no batch, such as the payload of another function.
func (b Batch) Validate() error {
	if b.Messages == nil {
		return errors.New(`"messages" is missing: it is the array of queue messages`)
	}
	return nil
}

// Count returns the batch with its lists counted and none of them nil, as the
// state machine takes it.
func (b Batch) Count() Batch {
	b.Messages, b.Lagging, b.Reading = some(b.Messages), some(b.Lagging), some(b.Reading)
	b.Failed, b.Over, b.Summary.Objects = some(b.Failed), some(b.Over), some(b.Summary.Objects)
	b.Counts = Counts{len(b.Messages), len(b.Lagging), len(b.Reading), len(b.Failed), len(b.Over)}
	return b
}

func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Failed is a message to tell of and to park, with what it is parked with.
type Failed struct {
	ID    string   `json:"messageId"`
	Body  string   `json:"body"`
	Again bool     `json:"again,omitempty"`
	Was   []string `json:"was,omitempty"` // as Message.Was
	// Reason is the verdict's.
	Reason reason.Code `json:"reason"`
	Detail string      `json:"detail"` // one line for people; never empty, because SQS refuses empty attributes
	Sum    string      `json:"sum"`    // of the body, by which it is known whether these facts are still its
	// Verdict is the facts. Where the message leaves too little room beside it, its
	// details and then its replicas are left out.
	Verdict verdict.Verdict `json:"facts"`
}

// Over is a message that was told of before and was verified or skipped now.
type Over struct {
	ID   string `json:"messageId"`
	Body string `json:"body"`
	// Was are the replica buckets that it may have been told of: Message.Was and, where the
	// verdict has no replicas, those that the rules lead to.
	Was []string `json:"was,omitempty"`
	// Verdict is the facts, cut as those of Failed.
	Verdict verdict.Verdict `json:"facts"`
}

// Summary is what an operator reads as the execution's output.
type Summary struct {
	Text    string    `json:"text"` // "45 objects: 44 verified, 1 failed (CONTENT_MISMATCH)"
	Objects []Settled `json:"objects"`
}

// MaxObject bounds Settled.Object of a message in Failed or Over, in bytes of JSON: the
// message itself is in the state as well, to be parked.
const MaxObject = 300

// Settled is one line of the summary.
type Settled struct {
	ID       string           `json:"messageId"`
	Object   string           `json:"object"`  // s3://bucket/key@version, or the id of a malformed message; of one in Failed or Over at most MaxObject bytes
	Verdict  verdict.Outcome  `json:"verdict"` // reading: another execution, named read-<messageId>, has the verdict
	Reason   reason.Code      `json:"reason,omitempty"`
	Evidence verdict.Evidence `json:"evidence,omitempty"`
	Finding  reason.Code      `json:"finding,omitempty"` // METADATA_DIFFERS about a verified one
	Looks    int              `json:"looks"`
	Replicas []Replica        `json:"replicas,omitempty"`
}

// Replica is what came of one replica.
type Replica struct {
	Bucket   string           `json:"bucket"`
	Verdict  verdict.Outcome  `json:"verdict"`
	Reason   reason.Code      `json:"reason,omitempty"`
	Evidence verdict.Evidence `json:"evidence,omitempty"`
	Finding  reason.Code      `json:"finding,omitempty"`
}

// Report is what an execution hands to the sender of e-mails: the failures of a
// round with what is over, or what it could not settle.
type Report struct {
	Execution string   `json:"execution,omitempty"` // ARN
	Failures  []Failed `json:"failures,omitempty"`
	Over      []Over   `json:"over,omitempty"` // of messages that were told of before
	// Error and Unsettled are of an execution that an error stopped: what has no
	// verdict yet, in lists as the execution had them.
	Error     *Error      `json:"error,omitempty"`
	Unsettled [][]Message `json:"unsettled,omitempty"`
}

// MaxState is how many bytes of JSON a state's input or output may take, and what
// is kept of them for what Step Functions adds to a function's answer before
// OutputPath takes it off
// (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
const (
	MaxState   = 256 << 10
	StateSpare = 4 << 10
)
