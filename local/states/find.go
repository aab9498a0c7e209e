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
	return nil, wire.Invalid("StateMachineDoesNotExist", "State Machine Does Not Exist: '%s'", named)
}

func (s *Service) execution(named string) (*execution, error) {
	if err := checkARN(named, "execution"); err != nil {
		return nil, err
	}
	if e := s.byID[parseID(named)]; e != nil {
		return e, nil
	}
	return nil, wire.Invalid("ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", named)
}

func (s *Service) mapRun(named string) (asl.MapRun, error) {
	if err := checkARN(named, "mapRun"); err != nil {
		return asl.MapRun{}, err
	}
	r, there := s.mapRuns[named]
	if !there {
		return r, wire.Invalid("ResourceNotFound", "Resource not found: '%s'", named)
	}
	return r, nil
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
