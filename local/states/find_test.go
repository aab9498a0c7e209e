package states_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Of what is no ARN of its kind Step Functions doesn't say that it is not there.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html
func TestAnARNOfSomethingElseIsInvalidAndOneOfNothingIsNot(t *testing.T) {
	inTown(t, func(w *town) {
		client, machine := sfn.NewFromConfig(w.AWSConfig(w.region)), w.States.StateMachines(w.region)[0]
		execution, run := strings.Replace(machine, ":stateMachine:", ":execution:", 1)+":x", strings.Replace(machine, ":stateMachine:", ":mapRun:", 1)+"/L:x"
		for name, c := range map[string]struct {
			call func(ctx context.Context, named *string) error
			of   string // an ARN of its kind
			none string
		}{
			"StartExecution": {func(ctx context.Context, named *string) error {
				_, err := client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: named})
				return err
			}, machine + "-gone", "StateMachineDoesNotExist"},
			"ListExecutions": {func(ctx context.Context, named *string) error {
				_, err := client.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: named})
				return err
			}, machine + "-gone", "StateMachineDoesNotExist"},
			"DescribeStateMachine": {func(ctx context.Context, named *string) error {
				_, err := client.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: named})
				return err
			}, machine + "-gone", "StateMachineDoesNotExist"},
			"DescribeExecution": {func(ctx context.Context, named *string) error {
				_, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: named})
				return err
			}, execution, "ExecutionDoesNotExist"},
			"GetExecutionHistory": {func(ctx context.Context, named *string) error {
				_, err := client.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: named})
				return err
			}, execution, "ExecutionDoesNotExist"},
			"StopExecution": {func(ctx context.Context, named *string) error {
				_, err := client.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: named})
				return err
			}, execution, "ExecutionDoesNotExist"},
			"RedriveExecution": {func(ctx context.Context, named *string) error {
				_, err := client.RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: named})
				return err
			}, execution, "ExecutionDoesNotExist"},
			"DescribeMapRun": {func(ctx context.Context, named *string) error {
				_, err := client.DescribeMapRun(ctx, &sfn.DescribeMapRunInput{MapRunArn: named})
				return err
			}, run, "ResourceNotFound"},
		} {
			wants := map[string]string{"x": "InvalidArn", strings.Replace(c.of, ":states:", ":lambda:", 1): "InvalidArn", machine: "InvalidArn", execution: "InvalidArn", run: "InvalidArn"}
			if strings.Contains(c.of, ":stateMachine:") {
				delete(wants, machine)
			}
			wants[c.of] = c.none
			for named, want := range wants {
				var api smithy.APIError
				require.True(w.t, errors.As(c.call(w.t.Context(), &named), &api), "%s of %s", name, named)
				assert.Equal(w.t, want, api.ErrorCode(), "%s of %s", name, named)
			}
		}
	})
}
