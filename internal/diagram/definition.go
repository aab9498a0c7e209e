package diagram

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// state is what of a state of the Amazon States Language says where it leads.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
type state struct {
	Type    string
	Next    string
	Default string
	Choices []struct{ Next string }
	Catch   []struct{ Next string }
}

// Machine is a state machine's states and where each leads.
type Machine struct {
	Start  string
	States []string // in an order in which they may be reached, the start first
	Kinds  map[string]string
	Lines  []Line
}

// Line leads from a state to another.
type Line struct {
	From, To string
	Caught   bool // an error that was caught leads there, and nothing else
}

// Parse reads a definition. States inside of Maps and Parallels are theirs.
func Parse(definition string) (Machine, error) {
	var d struct {
		StartAt string
		States  map[string]state
	}
	if err := json.Unmarshal([]byte(definition), &d); err != nil {
		return Machine{}, fmt.Errorf("read the definition: %w", err)
	}
	m := Machine{Start: d.StartAt, Kinds: map[string]string{}}
	if _, known := d.States[d.StartAt]; !known {
		return m, errors.New("read the definition: StartAt names no state")
	}
	var reach func(name string) error
	reach = func(name string) error {
		s, known := d.States[name]
		if !known {
			return fmt.Errorf("read the definition: a state leads to %q, which is none", name)
		}
		if _, seen := m.Kinds[name]; seen {
			return nil
		}
		m.Kinds[name] = s.Type
		m.States = append(m.States, name)
		for _, line := range s.lines(name) {
			m.Lines = append(m.Lines, line)
			if err := reach(line.To); err != nil {
				return err
			}
		}
		return nil
	}
	return m, reach(d.StartAt)
}

// lines are those that lead from a state, each to another state once.
func (s state) lines(name string) (all []Line) {
	add := func(to string, caught bool) {
		if to != "" && !slices.ContainsFunc(all, func(l Line) bool { return l.To == to }) {
			all = append(all, Line{name, to, caught})
		}
	}
	add(s.Next, false)
	for _, c := range s.Choices {
		add(c.Next, false)
	}
	add(s.Default, false)
	for _, c := range s.Catch {
		add(c.Next, true)
	}
	return all
}
