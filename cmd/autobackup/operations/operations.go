package operations

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"autobackup/internal/keep"
)

// Root is the folder of all operations in the working bucket.
const Root = "operations/"

// form is how a name begins with its operation's time: names sort by it.
const form = "20060102T150405Z"

// Executions is what a page is of whose messages lay in executions. Those are the only ones that
// stay where they were, so that they are to be known by the next run.
const Executions = "executions"

// Begin is what is known before anything is changed.
type Begin struct {
	Command string            `json:"command"` // retry or discard
	Who     string            `json:"who"`     // ARN
	At      time.Time         `json:"at"`
	Why     string            `json:"why"`
	To      string            `json:"to,omitempty"`     // queue that the messages are sent to
	Filter  map[string]string `json:"filter,omitempty"` // options of the command line that chose them
	Found   int               `json:"found"`            // about how many messages
}

// Message is one that was sent, or is about to be deleted.
type Message struct {
	From   string    `json:"from"` // an execution's ARN, or a queue's name
	ID     string    `json:"id"`
	Object string    `json:"object"` // for people
	Sent   time.Time `json:"sent,omitzero"`
	// Body and Attributes are of what is deleted: sent to the validation queue, it is looked at again.
	Body       string               `json:"body,omitempty"`
	Attributes map[string]Attribute `json:"attributes,omitempty"`
}

// Attribute is a message's, as SQS has it.
type Attribute struct {
	DataType    string
	StringValue string `json:",omitempty"`
	BinaryValue []byte `json:",omitempty"`
}

// End is what an operation came to.
type End struct {
	At          time.Time `json:"at"`
	Done        int       `json:"done"`                // messages sent, or deleted
	Left        int       `json:"left"`                // those that stay although they were chosen
	Unreached   int       `json:"unreached,omitempty"` // about so many lay there that it did not get to, most often because another reader had them
	Interrupted bool      `json:"interrupted,omitempty"`
	Error       string    `json:"error,omitempty"` // that ended it
}

// Operation is one that is under way.
type Operation struct {
	store keep.Store
	id    string
	pages int
}

// Start records what is about to be done.
func Start(ctx context.Context, s keep.Store, b Begin) (*Operation, error) {
	b.At = b.At.UTC()
	content, err := encode(b)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	o := &Operation{store: s, id: b.At.Format(form) + "-" + b.Command + "-" + hex.EncodeToString(sum[:4])}
	if err := o.put(ctx, "begin.json", content); err != nil {
		return nil, fmt.Errorf("record who does this and why, before anything is changed (nothing was): %w", err)
	}
	return o, nil
}

// ID names the operation.
func (o *Operation) ID() string { return o.id }

// Note records messages. of is Executions, or what else they lay in.
func (o *Operation) Note(ctx context.Context, of string, all []Message) error {
	content, err := encode(all)
	if err != nil {
		return err
	}
	o.pages++
	return o.put(ctx, fmt.Sprintf("%06d-%s.json", o.pages, of), content)
}

// End records what it came to.
func (o *Operation) End(ctx context.Context, e End) error {
	e.At = e.At.UTC()
	content, err := encode(e)
	if err == nil {
		err = o.put(ctx, "end.json", content)
	}
	if err != nil {
		return fmt.Errorf("record that it is over: %w (all that was done is recorded)", err)
	}
	return nil
}

// put writes an object. One that is there was written by an earlier try of the same call, as nobody
// else has names in this folder.
func (o *Operation) put(ctx context.Context, name string, content []byte) error {
	_, err := o.store.Make(ctx, Root+o.id+"/"+name, content)
	return err
}

func encode(v any) ([]byte, error) {
	content, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode a record: %w", err)
	}
	return append(content, '\n'), nil
}
