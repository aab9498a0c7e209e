package states_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/asl"
	"autobackup/local/clock"
)

func (w *town) sfn() *sfn.Client {
	return sfn.NewFromConfig(w.AWSConfig(w.region), func(o *sfn.Options) { o.RetryMaxAttempts = 1 })
}

func (w *town) start() *string {
	w.t.Helper()
	e, err := w.States.StartExecution(w.machine(), []byte(`[{"messageId":"m","body":"{}"}]`))
	require.NoError(w.t, err)
	return &e.ARN
}

func (w *town) describe(arn *string) *sfn.DescribeExecutionOutput {
	w.t.Helper()
	out, err := w.sfn().DescribeExecution(w.t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: arn})
	require.NoError(w.t, err)
	return out
}

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html
func TestAnExecutionIsStoppedAndRedrivenOverHTTP(t *testing.T) {
	inTown(t, func(w *town) {
		t, ctx := w.t, w.t.Context()
		w.States.TaskFault = func(ctx context.Context, _ string, _ []byte) error { return clock.Real().Sleep(ctx, 10*time.Second) }
		arn := w.start()
		time.Sleep(5 * time.Second)
		running := w.describe(arn)
		assert.Equal(t, types.ExecutionStatusRunning, running.Status)
		assert.Equal(t, "Execution is RUNNING and cannot be redriven", *running.RedriveStatusReason)

		stopped, err := w.sfn().StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: arn, Error: aws.String("Mine"), Cause: aws.String("I said so")})
		require.NoError(t, err)
		out := w.describe(arn)
		assert.Equal(t, []string{"ABORTED", "Mine", "I said so"}, []string{string(out.Status), *out.Error, *out.Cause})
		assert.Equal(t, stopped.StopDate, out.StopDate)
		assert.Equal(t, types.ExecutionRedriveStatusRedrivable, out.RedriveStatus)
		assert.Nil(t, out.RedriveDate)
		again, err := w.sfn().StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: arn, Error: aws.String("Other")})
		require.NoError(t, err)
		assert.Equal(t, stopped.StopDate, again.StopDate, "what has ended stays as it is")
		assert.Equal(t, "Mine", *w.describe(arn).Error)

		time.Sleep(time.Hour)
		redriven, err := w.sfn().RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: arn, ClientToken: aws.String("token")})
		require.NoError(t, err)
		out = w.describe(arn)
		assert.Equal(t, types.ExecutionStatusRunning, out.Status)
		assert.Nil(t, out.StopDate)
		assert.Equal(t, redriven.RedriveDate, out.RedriveDate)
		assert.Equal(t, int32(1), *out.RedriveCount)
		same, err := w.sfn().RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: arn, ClientToken: aws.String("token")})
		require.NoError(t, err, "a request that came twice")
		assert.Equal(t, redriven.RedriveDate, same.RedriveDate)
		time.Sleep(15 * time.Minute)
		_, err = w.sfn().RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: arn, ClientToken: aws.String("token")})
		assert.ErrorContains(t, err, "cannot be redriven", "a token is remembered for 15 minutes")
		require.NoError(t, w.WaitIdle(ctx))
		out = w.describe(arn)
		assert.NotEqual(t, types.ExecutionStatusAborted, out.Status)
		assert.Equal(t, int32(1), *out.RedriveCount)
		list, err := w.sfn().ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: aws.String(w.machine())})
		require.NoError(t, err)
		assert.Equal(t, int32(1), *list.Executions[0].RedriveCount)
		assert.Equal(t, redriven.RedriveDate, list.Executions[0].RedriveDate)
	})
}

func TestWhatCannotBeStoppedOrRedrivenIsRefusedInAWSsWords(t *testing.T) {
	inTown(t, func(w *town) {
		t, ctx := w.t, w.t.Context()
		nowhere := aws.String(strings.Replace(w.machine(), "stateMachine", "execution", 1) + ":nowhere")
		stop := func(arn *string, change ...func(*sfn.StopExecutionInput)) error {
			in := &sfn.StopExecutionInput{ExecutionArn: arn}
			for _, c := range change {
				c(in)
			}
			_, err := w.sfn().StopExecution(ctx, in)
			return err
		}
		redrive := func(arn *string) error {
			_, err := w.sfn().RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: arn})
			return err
		}
		var missing *types.ExecutionDoesNotExist
		assert.ErrorAs(t, stop(nowhere), &missing)
		assert.ErrorAs(t, redrive(nowhere), &missing)
		assert.ErrorContains(t, stop(nowhere, func(in *sfn.StopExecutionInput) { in.Error = aws.String(strings.Repeat("x", 257)) }), "ValidationException")
		assert.ErrorContains(t, stop(nowhere, func(in *sfn.StopExecutionInput) { in.Cause = aws.String(strings.Repeat("x", 32_769)) }), "ValidationException")

		w.put("good", "content")
		require.NoError(t, w.WaitIdle(ctx))
		w.States.TaskFault = func(context.Context, string, []byte) error { return &asl.Error{Name: "Broken"} }
		failed := w.start()
		require.NoError(t, w.WaitIdle(ctx))
		require.Equal(t, types.ExecutionStatusFailed, w.describe(failed).Status)
		var not *types.ExecutionNotRedrivable
		require.ErrorAs(t, redrive(&w.States.Executions()[0].ARN), &not)
		assert.Equal(t, "Execution is SUCCEEDED and cannot be redriven", *not.Message)
		time.Sleep(15 * 24 * time.Hour)
		require.ErrorAs(t, redrive(failed), &not)
		assert.Equal(t, "Execution redrivable period exceeded", *not.Message)
		assert.Equal(t, *not.Message, *w.describe(failed).RedriveStatusReason)
		assert.Equal(t, types.ExecutionRedriveStatusNotRedrivable, w.describe(failed).RedriveStatus)
	})
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
func TestOnlyWhoMayStopsAndRedrives(t *testing.T) {
	inTown(t, func(w *town) {
		var free atomic.Bool
		w.States.TaskFault = func(ctx context.Context, _ string, _ []byte) error {
			if !free.Load() {
				<-ctx.Done() // or it may have ended before it is stopped
			}
			return ctx.Err()
		}
		arn := w.start()
		nobody, err := w.Gate.Assume("arn:aws:iam::"+account+":role/autobackup-dev-ValidationPipeRole", "pipes.amazonaws.com", "s")
		require.NoError(w.t, err)
		_, err = w.States.StopExecution(w.t.Context(), nobody, *arn, "", "")
		assert.ErrorContains(t, err, "AccessDeniedException")
		assert.ErrorContains(t, err, "states:StopExecution")
		_, err = w.States.RedriveExecution(nobody, *arn)
		assert.ErrorContains(t, err, "states:RedriveExecution")
		_, err = w.States.StopExecution(w.t.Context(), w.Gate.As(w.Gate.Owner()), *arn, "", "")
		assert.NoError(t, err)
		free.Store(true)
		_, err = w.States.RedriveExecution(w.Gate.As(w.Gate.Owner()), *arn)
		assert.NoError(t, err)
	})
}

// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
func TestExecutionsAreForgottenAfterNinetyDaysAndTheirNamesAreFree(t *testing.T) {
	inTown(t, func(w *town) {
		t := w.t
		w.States.TaskFault = func(context.Context, string, []byte) error { return &asl.Error{Name: "Broken"} }
		first := w.start()
		require.NoError(t, w.WaitIdle(t.Context()))
		time.Sleep(89 * 24 * time.Hour)
		second := w.start()
		require.NoError(t, w.WaitIdle(t.Context()))
		assert.Equal(t, types.ExecutionStatusFailed, w.describe(first).Status)
		time.Sleep(2 * 24 * time.Hour)
		w.start()
		require.NoError(t, w.WaitIdle(t.Context()))
		_, err := w.sfn().DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: first})
		assert.ErrorContains(t, err, "ExecutionDoesNotExist")
		assert.Equal(t, types.ExecutionStatusFailed, w.describe(second).Status)
		assert.Len(t, w.States.Executions(), 2)
	})
}

func TestStateMachinesAreListedAndDescribed(t *testing.T) {
	inTown(t, func(w *town) {
		t := w.t
		list, err := w.sfn().ListStateMachines(t.Context(), &sfn.ListStateMachinesInput{})
		require.NoError(t, err)
		require.Len(t, list.StateMachines, 1)
		assert.Equal(t, w.machine(), *list.StateMachines[0].StateMachineArn)
		out, err := w.sfn().DescribeStateMachine(t.Context(), &sfn.DescribeStateMachineInput{StateMachineArn: list.StateMachines[0].StateMachineArn})
		require.NoError(t, err)
		assert.Equal(t, types.StateMachineTypeStandard, out.Type)
		assert.Contains(t, *out.Definition, `"StartAt"`)
		assert.NotContains(t, *out.Definition, "${", "what is substituted is substituted")
		assert.Contains(t, *out.RoleArn, ":role/")
		_, err = w.sfn().DescribeStateMachine(t.Context(), &sfn.DescribeStateMachineInput{StateMachineArn: aws.String(w.machine() + "x")})
		assert.ErrorContains(t, err, "StateMachineDoesNotExist")
	})
}
