package asl

import (
	"bytes"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// results takes what comes of the children of a Map Run.
type results interface {
	add(c *child) error
	pending(s share) error // of a child that is not started, because the Map Run fails
	close() (any, error)   // the state's result
	release()              // at the end, whatever it is
	tell(p *mapRunProgress)
	restore(p *mapRunProgress)
}

// inState keeps the outputs of children that succeeded, in the order of their
// items, as long as they fit into the state's data.
type inState struct {
	*mapRun
	outputs [][]byte
	size    int
}

func (a *inState) add(c *child) error {
	if c.result.Status != types.ExecutionStatusSucceeded {
		return nil
	}
	a.count(func(n *Counts, by int64) { n.ResultsWritten += by }, c.share) // AWS recorded these, too
	if a.size += len(c.result.Output) + 1; a.size > sizeLimit {
		a.outputs = nil // too large whatever comes
		return nil
	}
	if missing := c.index + 1 - len(a.outputs); missing > 0 {
		a.outputs = append(a.outputs, make([][]byte, missing)...)
	}
	a.outputs[c.index] = c.result.Output
	return nil
}

func (a *inState) pending(share) error { return nil }
func (a *inState) release()            {}

func (a *inState) close() (any, error) {
	if a.size+1 > sizeLimit { // a comma or bracket after each, and one bracket
		return nil, &Error{Name: DataLimitExceeded, Cause: tooLarge("the child workflow executions")}
	}
	there := slices.DeleteFunc(a.outputs, func(output []byte) bool { return output == nil })
	return decode(slices.Concat([]byte("["), bytes.Join(there, []byte(",")), []byte("]")))
}

var included = map[string]any{"Included": true}

// record is all there is to know of a child.
func (c *child) record() string {
	e, r := c.given, c.result
	fields := map[string]any{
		"ExecutionArn": e.ARN, "Name": e.Name, "StateMachineArn": e.StateMachineARN, "Status": string(r.Status), "RedriveCount": c.redrives,
		"Input": string(e.Input), "InputDetails": included, "StartDate": timestamp(r.Start), "StopDate": timestamp(r.Stop),
	}
	if r.Output != nil {
		fields["Output"], fields["OutputDetails"] = string(r.Output), included
	}
	if r.Error != "" {
		fields["Error"] = r.Error
	}
	if r.Cause != "" {
		fields["Cause"] = r.Cause
	}
	return encode(fields)
}

// transformed is what is written of a child; "" for nothing.
func (c *child) transformed(transformation string) string {
	output := string(c.result.Output)
	switch {
	case transformation == "NONE":
		return c.record()
	case transformation == "FLATTEN" && strings.HasPrefix(output, "["):
		return output[1 : len(output)-1]
	}
	return output
}
