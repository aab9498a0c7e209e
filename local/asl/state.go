package asl

import (
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// state is one state of a machine.
type state struct {
	name, kind string
	action     action
	recovery   recovery // Task and Map only
	targets    []target
	ends       bool // it can end the machine
}

// target is a transition, and where in the definition it stands.
type target struct{ at, name string }

// action is what a state's type does with the state's raw input. An empty next
// ends the machine.
type action interface {
	run(v *visit, input any) (output any, next string, err error)
}

func (l *loader) state(name, at string, value any) *state {
	o := l.open(at, "", value)
	o.kind = o.required("Type")
	o.text("Comment")
	s := &state{name: name, kind: o.kind}
	load, known := map[string]func(*object, *state) action{
		"Task": loadTask, "Choice": loadChoice, "Wait": loadWait, "Pass": loadPass,
		"Succeed": loadSucceed, "Fail": loadFail, "Map": loadMap,
	}[o.kind]
	if !known {
		o.unknownType()
		return s
	}
	s.action = load(o, s)
	if s.retries() {
		s.recovery = loadRecovery(o, s)
	}
	o.done()
	return s
}

func (o *object) unknownType() {
	if why, refused := unsupported["Type "+o.kind]; refused {
		o.fail("Type", "not supported: %s", why)
	} else if o.kind != "" {
		o.fail("Type", "there is no state type '%s'", o.kind)
	}
}

// retries tells whether Retry and Catch belong to the state's type.
func (s *state) retries() bool { return s.kind == "Task" || s.kind == "Map" }

// next reads Next or End.
func (s *state) next(o *object) string {
	end := o.truth("End")
	if !o.has("Next") {
		s.ends = true
		if !end {
			o.problem(o.at, "must have Next, or End set to true")
		}
		return ""
	}
	if o.has("End") {
		o.problem(o.at, "must have only one of Next and End")
	}
	return s.target(o, "Next")
}

// target reads a field that names the next state.
func (s *state) target(o *object, field string) string {
	name := o.required(field)
	if name != "" {
		s.targets = append(s.targets, target{o.path(field), name})
	}
	return name
}

// event is one of the state's own types of history event: "TaskStateEntered".
func (s *state) event(what string) types.HistoryEventType {
	return types.HistoryEventType(s.kind + "State" + what)
}
