package states

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"autobackup/local/asl"
	"autobackup/local/wire"
)

// machine, execution and mapRun find what an ARN names; s.mu is held.
func (s *Service) machine(named string) (*machine, error) {
	if err := checkARN(named, "stateMachine"); err != nil {
		return nil, err
	}
	if m := s.machines[named]; m != nil {
		return m, nil
	}
	return nil, noMachine(named)
}

func (s *Service) execution(named string) (*execution, error) {
	if err := checkARN(named, "execution"); err != nil {
		return nil, err
	}
	if e := s.byID[parseID(named)]; e != nil {
		return e, nil
	}
	return nil, noExecution(named)
}

func (s *Service) mapRun(named string) (asl.MapRun, error) {
	if err := checkARN(named, "mapRun"); err != nil {
		return asl.MapRun{}, err
	}
	r, there := s.mapRuns[named]
	if !there {
		return r, noMapRun(named)
	}
	return r, nil
}

func noMachine(named string) error {
	return wire.Invalid("StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", named)
}

func noExecution(named string) error {
	return wire.Invalid("ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", named)
}

func noMapRun(named string) error {
	return wire.Invalid("ResourceNotFound", "Resource not found: '%s'", named)
}

// about is what a request is about.
type about struct {
	StateMachineARN string `json:"stateMachineArn"`
	ExecutionARN    string `json:"executionArn"`
	MapRunARN       string `json:"mapRunArn"`
}

// in refuses what is in another region than the one that is asked. No document tells what
// AWS answers: here it is what it answers of anything that a region doesn't have.
func (a about) in(region string) error {
	named := a.StateMachineARN + a.ExecutionARN + a.MapRunARN
	parsed, _ := arn.Parse(named)
	switch {
	case region == "", parsed.Region == "", parsed.Region == region: // what is no ARN, the action refuses
		return nil
	case a.StateMachineARN != "":
		return noMachine(named)
	case a.ExecutionARN != "":
		return noExecution(named)
	}
	return noMapRun(named)
}

// checkARN refuses what is no ARN of a kind of resource of Step Functions. No document tells
// the texts: they are as people have posted them.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
func checkARN(named, kind string) error {
	parsed, err := arn.Parse(named)
	if err != nil {
		return wire.Invalid("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: %s'", named)
	}
	if is, rest, _ := strings.Cut(parsed.Resource, ":"); parsed.Service != "states" || is != kind || rest == "" {
		return wire.Invalid("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: %s'", is)
	}
	return nil
}
