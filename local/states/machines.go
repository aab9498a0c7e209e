package states

import (
	"errors"
	"maps"
	"slices"

	"autobackup/local/wire"
)

// listedMachine is one state machine in a list.
type listedMachine struct {
	StateMachineARN string  `json:"stateMachineArn"`
	Name            string  `json:"name"`
	Type            string  `json:"type"`
	CreationDate    float64 `json:"creationDate"`
}

func (m *machine) listed() listedMachine {
	return listedMachine{StateMachineARN: m.arn, Name: m.name, Type: "STANDARD", CreationDate: epoch(m.created)}
}

// listStateMachines lists those of the region on one page.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListStateMachines.html
func (s *Service) listStateMachines(r wire.Request) (any, error) {
	var in paging
	if err := errors.Join(r.Decode(&in), in.check()); err != nil {
		return nil, err
	}
	if in.NextToken != "" {
		return nil, errInvalidToken
	}
	region, err := wire.Region(r.Request, r.Action)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []listedMachine{}
	for _, arn := range slices.Sorted(maps.Keys(s.machines)) {
		if m := s.machines[arn]; m.region == region {
			all = append(all, m.listed())
		}
	}
	return map[string]any{"stateMachines": all}, nil
}

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html
func (s *Service) describeStateMachine(r wire.Request) (any, error) {
	var in struct {
		StateMachineARN string `json:"stateMachineArn"`
	}
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.machine(in.StateMachineARN)
	if err != nil {
		return nil, err
	}
	return struct {
		listedMachine
		Status     string `json:"status"`
		Definition string `json:"definition"`
		RoleARN    string `json:"roleArn"`
	}{m.listed(), "ACTIVE", string(m.definition), m.role}, nil
}

// describeStateMachineForExecution tells the definition that the execution began with.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachineForExecution.html
func (s *Service) describeStateMachineForExecution(r wire.Request) (any, error) {
	var in struct {
		ExecutionARN string `json:"executionArn"`
	}
	if err := r.Decode(&in); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.execution(in.ExecutionARN)
	if err != nil {
		return nil, err
	}
	if _, err := s.machine(e.machine); err != nil {
		return nil, err
	}
	m := s.versionOf(e.machine, e.version)
	return struct {
		StateMachineARN string  `json:"stateMachineArn"`
		Name            string  `json:"name"`
		Definition      string  `json:"definition"`
		RoleARN         string  `json:"roleArn"`
		UpdateDate      float64 `json:"updateDate"`
	}{m.arn, m.name, string(m.definition), m.role, m.listed().CreationDate}, nil
}
