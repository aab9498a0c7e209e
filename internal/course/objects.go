package course

import (
	"encoding/json"
	"strconv"
	"strings"

	"autobackup/internal/batch"
	"autobackup/internal/reason"
	"autobackup/internal/s3event"
	"autobackup/internal/verdict"
)

// Object is a message of an execution, and what became of it.
type Object struct {
	ID       string
	Name     string // s3://bucket/key@version; empty of a message that is no event
	Version  s3event.ObjectVersion
	Verdict  verdict.Outcome // empty: it has none yet, as far as is known
	Reason   reason.Code
	Evidence verdict.Evidence
	Finding  reason.Code
	Looks    int
	Detail   string // of a verdict that was told
	Sides    []Side // of its last look: the primary, and each replica
}

// Side is what a look found on one.
type Side struct {
	Role string
	verdict.Side
}

// Object is whether the side showed an object, and so told its size: one that is missing has none,
// not one of 0 bytes.
func (s Side) Object() bool { return s.Found == verdict.Object }

// Checksum is what the side's checksums are, by their algorithms, in one line.
func (s Side) Checksum() (text string) {
	for _, algorithm := range sorted(s.Checksums) {
		if text != "" {
			text += ", "
		}
		text += algorithm + " " + s.Checksums[algorithm]
	}
	if text != "" && s.ChecksumType != "" {
		text += " (" + s.ChecksumType + ")"
	}
	return text
}

// Objects are the messages of an execution's input, each with the last that its states and its
// output say of it. What can't be read says nothing.
func (c Course) Objects(input, output string) []Object {
	var o objects
	o.take(input)
	for _, s := range c.Stays {
		o.take(s.Output)
	}
	o.summary(output)
	return o.all
}

type objects struct {
	all []Object
	at  map[string]int
}

// of is the object of a message, which is new where nothing was said of it.
func (o *objects) of(id, body string) *Object {
	i, known := o.at[id]
	if !known {
		if o.at == nil {
			o.at = map[string]int{}
		}
		i = len(o.all)
		o.at[id] = i
		o.all = append(o.all, Object{ID: id})
	}
	one := &o.all[i]
	if one.Name == "" && body != "" {
		if version, err := s3event.Parse(body); err == nil {
			one.Version, one.Name = version, version.URI()
		}
	}
	return one
}

// take reads what a state was left with, or the execution's input: a batch, or the pipe's
// messages.
func (o *objects) take(data string) {
	if strings.HasPrefix(strings.TrimSpace(data), "[") { // the pipe's
		data = `{"input": ` + data + `}`
	}
	var b batch.Batch
	if json.Unmarshal([]byte(data), &b) != nil {
		return
	}
	for _, list := range [][]batch.Message{b.Messages, b.Lagging, b.Reading} {
		for _, m := range list {
			one := o.of(m.ID, m.Body)
			if m.Look != nil {
				one.Sides = sides(*m.Look)
			}
		}
	}
	for _, m := range b.Lagging {
		o.of(m.ID, "").Verdict = verdict.Lagging
	}
	for _, f := range b.Failed {
		one := o.of(f.ID, f.Body)
		one.Verdict, one.Reason, one.Detail = verdict.Failed, f.Reason, f.Detail
	}
	o.settled(b.Summary)
}

// summary reads the execution's output.
func (o *objects) summary(output string) {
	var s batch.Summary
	if json.Unmarshal([]byte(output), &s) == nil {
		o.settled(s)
	}
}

func (o *objects) settled(s batch.Summary) {
	for _, line := range s.Objects {
		one := o.of(line.ID, "")
		one.Verdict, one.Reason, one.Evidence, one.Finding, one.Looks = line.Verdict, line.Reason, line.Evidence, line.Finding, line.Looks
		if one.Name == "" && one.Verdict != "" {
			one.Name = line.Object
		}
	}
}

func sides(l verdict.Look) []Side {
	all := []Side{{"primary", l.Primary}}
	for i, r := range l.Replicas {
		role := "replica"
		if len(l.Replicas) > 1 {
			role += " " + strconv.Itoa(i+1)
		}
		all = append(all, Side{role, r.Side})
	}
	return all
}
