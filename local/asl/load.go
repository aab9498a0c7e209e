package asl

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Task is what a Task state runs.
//
// Run gets the state's effective input as JSON and answers with JSON. An *Error
// (found by errors.As) gives the name that Retry and Catch match; any other
// error is States.TaskFailed. Run must return soon after ctx ends; the cause of
// a time-out is context.DeadlineExceeded. It is called from several goroutines
// where the state is in a Map.
type Task interface {
	Run(ctx context.Context, parameters []byte) ([]byte, error)
}

// Machine is a definition that was found valid. It never changes, so that any
// number of executions may run it at once.
type Machine struct {
	machine
	timeout time.Duration // of an execution; 0 for none
}

// machine is the part that an item processor has too.
type machine struct {
	start  string
	states map[string]*state
}

// loader collects what is wrong with a definition.
type loader struct {
	resources func(arn string) (Task, error)
	problems  []error
	defined   map[string]string // state names, and where each stands
	labels    map[string]string // the same of distributed Maps
	express   bool              // what is being read runs in an EXPRESS execution
}

// Load reads a definition and validates all of it. resources gives the task
// behind each Resource, or an error where there is none. The error joins every
// problem, sorted, each with its path: "States.Look.Retry[0].BackoffRate: ...".
// https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
func Load(definition []byte, resources func(arn string) (Task, error)) (*Machine, error) {
	value, err := decode(definition)
	if err != nil {
		return nil, fmt.Errorf("the definition is not JSON: %w", err)
	}
	l := &loader{resources: resources, defined: map[string]string{}, labels: map[string]string{}}
	l.doubles(definition)
	o := l.open("", "the state machine", value)
	if v := o.text("Version"); o.has("Version") && v != "1.0" {
		o.fail("Version", "not supported: %s", unsupported["Version"])
	}
	timeout := o.count("TimeoutSeconds", 1, longestWait, 0)
	m := &Machine{machine: l.machine(o), timeout: time.Duration(timeout) * time.Second}
	if len(l.problems) > 0 {
		slices.SortFunc(l.problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
		return nil, errors.Join(l.problems...)
	}
	return m, nil
}

// longestWait is what the service allows for time-outs and waits, in seconds.
const longestWait = 99_999_999

func (l *loader) problem(at, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if at != "" {
		text = at + ": " + text
	}
	l.problems = append(l.problems, errors.New(text))
}

// machine reads StartAt and States of a definition or an item processor.
func (l *loader) machine(o *object) machine {
	o.text("Comment")
	m := machine{start: o.required("StartAt"), states: map[string]*state{}}
	value, there := o.take("States")
	o.done()
	if !there {
		o.fail("States", "is missing")
		return m
	}
	states := l.open(o.path("States"), "States", value)
	if len(states.fields) == 0 {
		o.fail("States", "must have at least one state")
		return m
	}
	for _, name := range slices.Sorted(maps.Keys(states.fields)) {
		l.define(name, states.path(name))
		m.states[name] = l.state(name, states.path(name), states.fields[name])
	}
	l.connect(m, o)
	return m
}

// define refuses a name that another state has, in nested machines too.
func (l *loader) define(name, at string) {
	const most = 80
	if other, twice := l.defined[name]; twice {
		l.problem(at, "%s has the same name: names are unique in the whole definition", other)
	}
	if n := len([]rune(name)); n == 0 || n > most {
		l.problem(at, "a state's name must have 1 to %d characters, not %d", most, n)
	}
	l.defined[name] = at
}

// connect checks that every transition leads somewhere, that every state can be
// reached and that there is a way to end. Where a state's type was refused, nobody
// knows where that one leads: then the last two say nothing.
func (l *loader) connect(m machine, o *object) {
	reached := map[string]bool{}
	l.reach(m, m.start, o.path("StartAt"), reached)
	ends, known := false, true
	for _, s := range m.states {
		known = known && s.action != nil
	}
	for name, s := range m.states {
		at := o.path("States") + "." + name
		for _, t := range s.targets {
			if m.states[t.name] == nil {
				l.problem(t.at, "there is no state '%s' here", t.name)
			}
		}
		if known && !reached[name] {
			l.problem(at, "no other state leads here")
		}
		ends = ends || s.ends
	}
	if known && !ends {
		o.fail("States", "no state ends the execution: one must have End, or be of Type Succeed or Fail")
	}
}

func (l *loader) reach(m machine, name, at string, reached map[string]bool) {
	s := m.states[name]
	if s == nil && at != "" && name != "" {
		l.problem(at, "there is no state '%s' here", name)
	}
	if s == nil || reached[name] {
		return
	}
	reached[name] = true
	for _, t := range s.targets {
		l.reach(m, t.name, "", reached)
	}
}
