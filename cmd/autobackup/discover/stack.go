package discover

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/smithy-go"
)

// Stack is a deployed stack of CloudFormation.
type Stack struct {
	Status              string // as CloudFormation words it; empty: there is no such stack
	Parameters, Outputs map[string]string
}

// DescribeStack reads one. CloudFormation has no code of its own for a stack that is not there.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
func DescribeStack(ctx context.Context, cfg aws.Config, name string) (s Stack, err error) {
	out, err := cloudformation.NewFromConfig(cfg).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "ValidationError" && strings.Contains(api.ErrorMessage(), "does not exist") {
		return s, nil
	}
	if err == nil && len(out.Stacks) != 1 {
		err = errors.New("the answer has not one stack")
	}
	if err != nil {
		return s, err
	}
	found := out.Stacks[0]
	s = Stack{Status: string(found.StackStatus), Parameters: map[string]string{}, Outputs: map[string]string{}}
	for _, p := range found.Parameters {
		s.Parameters[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	for _, o := range found.Outputs {
		s.Outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	return s, nil
}
