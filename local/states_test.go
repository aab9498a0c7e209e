package local_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/asl"
)

func (w *world) machine() string {
	return fmt.Sprintf("arn:aws:states:%s:%s:stateMachine:autobackup-validation-dev", w.region, account)
}

// startAndFail starts n executions that fail, one after the other.
func (w *world) startAndFail(n int) {
	w.t.Helper()
	w.States.KeepHistory = true
	w.States.TaskFault = func(context.Context, string, []byte) error { return &asl.Error{Name: "Broken", Cause: "on purpose"} }
	for range n {
		_, err := w.States.StartExecution(w.machine(), []byte(`[{"messageId":"m","body":"<&>"}]`))
		require.NoError(w.t, err)
		w.settle()
	}
	w.States.TaskFault = nil
}

func TestExecutionsAreListedNewestFirstByStatusPageByPage(t *testing.T) {
	inWorld(t, func(w *world) {
		client := sfn.NewFromConfig(w.AWSConfig(w.region))
		w.startAndFail(5)
		w.put("a.txt", "content")
		w.settle()
		var arns []string
		pages := sfn.NewListExecutionsPaginator(client, &sfn.ListExecutionsInput{
			StateMachineArn: aws.String(w.machine()), StatusFilter: types.ExecutionStatusFailed, MaxResults: 2,
		})
		n := 0
		for ; pages.HasMorePages(); n++ {
			page, err := pages.NextPage(w.t.Context())
			require.NoError(t, err)
			for _, e := range page.Executions {
				arns = append([]string{*e.ExecutionArn}, arns...)
				assert.Equal(t, types.ExecutionStatusFailed, e.Status)
				assert.False(t, e.StopDate.Before(*e.StartDate))
			}
		}
		assert.Equal(t, 3, n)
		all := w.States.Executions()
		require.Len(t, all, 6)
		for i, arn := range arns {
			assert.Equal(t, all[i].ARN, arn)
		}
		out, err := client.ListExecutions(w.t.Context(), &sfn.ListExecutionsInput{StateMachineArn: aws.String(w.machine())})
		require.NoError(t, err)
		assert.Len(t, out.Executions, 6)
		assert.Nil(t, out.NextToken)
	})
}

func TestAnExecutionIsDescribedAndItsHistoryReadPageByPage(t *testing.T) {
	inWorld(t, func(w *world) {
		client := sfn.NewFromConfig(w.AWSConfig(w.region))
		w.startAndFail(1)
		e := w.one()
		out, err := client.DescribeExecution(w.t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: &e.ARN})
		require.NoError(t, err)
		assert.Equal(t, string(e.Input), *out.Input)
		assert.Equal(t, w.machine(), *out.StateMachineArn)
		assert.Equal(t, types.ExecutionStatusFailed, out.Status)
		assert.Equal(t, "Broken", *out.Error)
		assert.WithinDuration(t, e.Result.Stop, *out.StopDate, 1e6)

		read := func(reverse bool) (events []types.HistoryEvent) {
			pages := sfn.NewGetExecutionHistoryPaginator(client, &sfn.GetExecutionHistoryInput{ExecutionArn: &e.ARN, MaxResults: 7, ReverseOrder: reverse, IncludeExecutionData: aws.Bool(true)})
			for pages.HasMorePages() {
				page, err := pages.NextPage(w.t.Context())
				require.NoError(t, err)
				assert.LessOrEqual(t, len(page.Events), 7)
				events = append(events, page.Events...)
			}
			return events
		}
		events, reversed := read(false), read(true)
		slices.Reverse(reversed)
		assert.Equal(t, events, reversed)
		want := w.events[e.ARN]
		require.Len(t, events, len(want))
		for i := range want {
			assert.WithinDuration(t, *want[i].Timestamp, *events[i].Timestamp, 1e6)
			want[i].Timestamp, events[i].Timestamp = nil, nil
			assert.Equal(t, want[i], events[i])
		}
	})
}

// One that succeeded has its history, too.
func TestTheDefinitionAndTheHistoryOfAnExecutionThatSucceededAreTold(t *testing.T) {
	inWorld(t, func(w *world) {
		w.States.KeepHistory = true
		client := sfn.NewFromConfig(w.AWSConfig(w.region))
		w.put("a.txt", "content")
		w.settle()
		e := w.one()
		history, err := client.GetExecutionHistory(w.t.Context(), &sfn.GetExecutionHistoryInput{ExecutionArn: &e.ARN})
		require.NoError(t, err)
		require.Len(t, history.Events, len(w.events[e.ARN]))
		assert.Equal(t, types.HistoryEventTypeExecutionSucceeded, history.Events[len(history.Events)-1].Type)
		of, err := client.DescribeStateMachineForExecution(w.t.Context(), &sfn.DescribeStateMachineForExecutionInput{ExecutionArn: &e.ARN})
		require.NoError(t, err)
		now, err := client.DescribeStateMachine(w.t.Context(), &sfn.DescribeStateMachineInput{StateMachineArn: aws.String(w.machine())})
		require.NoError(t, err)
		assert.Equal(t, *now.Definition, *of.Definition)
		assert.Equal(t, w.machine(), *of.StateMachineArn)
		_, err = client.DescribeStateMachineForExecution(w.t.Context(), &sfn.DescribeStateMachineForExecutionInput{ExecutionArn: aws.String(e.ARN + "-gone")})
		assert.ErrorContains(t, err, "ExecutionDoesNotExist")
	})
}

func TestStepFunctionsRefusesWhatIsNotThereOrNotSupported(t *testing.T) {
	inWorld(t, func(w *world) {
		client := sfn.NewFromConfig(w.AWSConfig(w.region), func(o *sfn.Options) { o.RetryMaxAttempts = 1 })
		ctx, nowhere := w.t.Context(), aws.String(w.machine()+"-gone")
		w.startAndFail(1)
		failed := w.States.Executions()[0].ARN
		cases := map[string]func() error{
			"StateMachineDoesNotExist": func() error {
				_, err := client.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: nowhere})
				return err
			},
			"maxResults is 1001: it must be between 0 and 1000": func() error {
				_, err := client.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: aws.String(w.machine()), MaxResults: 1001})
				return err
			},
			"InvalidToken": func() error {
				_, err := client.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: aws.String(w.machine()), NextToken: aws.String("x")})
				return err
			},
			"Invalid Token": func() error {
				_, err := client.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: &failed, NextToken: aws.String("-1")})
				return err
			},
			"ExecutionDoesNotExist": func() error {
				_, err := client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(failed + "-gone")})
				return err
			},
			"Execution Does Not Exist": func() error {
				_, err := client.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: aws.String(failed + "-gone")})
				return err
			},
			"ValidationException: 1 validation error detected: Value 'DONE' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: [RUNNING, ": func() error {
				_, err := client.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: aws.String(w.machine()), StatusFilter: "DONE"})
				return err
			},
			`includeExecutionData must be true`: func() error {
				_, err := client.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: &failed, IncludeExecutionData: aws.Bool(false)})
				return err
			},
			"the local stack does not support TestState": func() error {
				_, err := client.TestState(ctx, &sfn.TestStateInput{Definition: aws.String(`{}`)})
				return err
			},
		}
		for want, call := range cases {
			assert.ErrorContains(t, call(), want)
		}
		w.States.KeepHistory = false
		_, err := client.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: &failed})
		assert.ErrorContains(t, err, "keeps no history of executions without Config.KeepHistory")
	})
}
