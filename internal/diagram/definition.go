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

	ItemProcessor *processor // of a Map
	Branches      []states   // of a Parallel
}

// states are those of a machine, of a branch, or of what a Map does with each item.
type states struct {
	StartAt string
	States  map[string]state
}

type processor struct {
	states
	ProcessorConfig struct{ Mode string }
}

// Machine is a state machine's states and where each leads.
type Machine struct {
	Start  string
	States []string // in an order in which they may be reached, the start first
	Kinds  map[string]string
	Lines  []Line
	Inside []Inside // of its Maps and Parallels, in the order of States
}

// Inside is the machine of a Map's items, or of a branch of a Parallel.
type Inside struct {
	State string // the Map or Parallel
	// Apart says that items are executions of their own, of which the history of this one has nothing
	// (https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html).
	Apart bool
	Machine
}

// Line leads from a state to another.
type Line struct {
	From, To string
	Caught   bool // an error that was caught leads there, and nothing else
}

// Parse reads a definition.
func Parse(definition string) (Machine, error) {
	var d states
	if err := json.Unmarshal([]byte(definition), &d); err != nil {
		return Machine{}, fmt.Errorf("read the definition: %w", err)
	}
	m, err := d.machine()
	if err != nil {
		return m, fmt.Errorf("read the definition: %w", err)
	}
	return m, nil
}

func (d states) machine() (Machine, error) {
	m := Machine{Start: d.StartAt, Kinds: map[string]string{}}
	if _, known := d.States[d.StartAt]; !known {
		return m, errors.New("StartAt names no state")
	}
	var reach func(name string) error
	reach = func(name string) error {
		s, known := d.States[name]
		if !known {
			return fmt.Errorf("a state leads to %q, which is none", name)
		}
		if _, seen := m.Kinds[name]; seen {
			return nil
		}
		m.Kinds[name] = s.Type
		m.States = append(m.States, name)
		inside, err := s.inside(name)
		if err != nil {
			return err
		}
		m.Inside = append(m.Inside, inside...)
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

// inside are the machines of a state, and those of their states.
func (s state) inside(name string) (all []Inside, err error) {
	parts, apart := s.Branches, false
	if s.ItemProcessor != nil {
		parts, apart = append(parts, s.ItemProcessor.states), s.ItemProcessor.ProcessorConfig.Mode == "DISTRIBUTED"
	}
	for _, part := range parts {
		m, err := part.machine()
		if err != nil {
			return nil, fmt.Errorf("inside of %s: %w", name, err)
		}
		deeper := m.Inside
		m.Inside = nil
		all = append(append(all, Inside{State: name, Apart: apart, Machine: m}), deeper...)
	}
	return all, nil
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
