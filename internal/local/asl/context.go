package asl

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// contextNames are the members of the context object. Those without members of
// their own hold any value.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
var contextNames = map[string][]string{
	"Execution":    {"Id", "Input", "Name", "RedriveCount", "RoleArn", "StartTime"},
	"State":        {"EnteredTime", "Name", "RetryCount"},
	"StateMachine": {"Id", "Name"},
	"Map":          {"Item"},
	"Map.Item":     {"Index", "Value"},
}

// inContext tells whether a path into the context object begins with names that
// are there.
func (p path) inContext() error {
	if !p.context {
		return nil
	}
	var parent string
	for _, step := range p.parts {
		name, ok := step.(member)
		if !ok {
			return nil
		}
		names, branch := contextNames[parent]
		if parent == "" {
			names, branch = []string{"Execution", "Map", "State", "StateMachine"}, true
		}
		if !branch {
			return nil
		}
		if !slices.Contains(names, string(name)) {
			return fmt.Errorf("%s: the context object has no '%s' there, only %s", p.text, string(name), strings.Join(names, ", "))
		}
		parent = strings.TrimPrefix(parent+"."+string(name), ".")
	}
	return nil
}

// context is the context object as the state sees it.
func (v *visit) context() map[string]any {
	e := v.given
	state := map[string]any{"Name": v.state.name, "EnteredTime": timestamp(v.entered)}
	if v.state.retries() {
		state["RetryCount"] = number(v.attempt)
	}
	object := map[string]any{
		"Execution": map[string]any{
			"Id": e.ARN, "Name": e.Name, "Input": v.input, "RoleArn": e.RoleARN,
			"StartTime": timestamp(v.started), "RedriveCount": number(0),
		},
		"State":        state,
		"StateMachine": map[string]any{"Id": e.StateMachineARN, "Name": e.StateMachineName},
	}
	if v.item != nil {
		object["Map"] = map[string]any{"Item": v.item}
	}
	return object
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
