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
	"":              {"Execution", "Map", "State", "StateMachine"},
	".Execution":    {"Id", "Input", "Name", "RedriveCount", "RoleArn", "StartTime"},
	".State":        {"EnteredTime", "Name", "RetryCount"},
	".StateMachine": {"Id", "Name"},
	".Map":          {"Item"},
	".Map.Item":     {"Index", "Value"},
}

// inContext refuses a path into the context object whose names are not there.
func (p path) inContext() error {
	at := ""
	for _, step := range p.parts {
		names, branch := contextNames[at]
		name, ok := step.(member)
		if !p.context || !branch || !ok {
			return nil
		}
		if !slices.Contains(names, string(name)) {
			return fmt.Errorf("%s: the context object has no '%s' there, only %s", p.text, string(name), strings.Join(names, ", "))
		}
		at += "." + string(name)
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
			"Id": e.ARN, "Name": e.Name, "Input": v.execution.input, "RoleArn": e.RoleARN,
			"StartTime": timestamp(v.started), "RedriveCount": number(v.redrives),
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
