package retry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/cmd/autobackup/operations"
)

// endings are the statuses of executions that may have left messages unsettled.
var endings = []types.ExecutionStatus{
	types.ExecutionStatusFailed, types.ExecutionStatusTimedOut, types.ExecutionStatusAborted,
}

// errForeign is of an empty answer, which the SDK takes for one that tells of nothing: that no
// execution failed.
var errForeign = errors.New("the answer is empty, so it is not Step Functions': run the same command again")

// planExecutions reads every execution that ended badly. The list is ordered by
// start, and an execution that started long ago may have ended lately, so all
// of it is read: Step Functions keeps 90 days.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
func (r *run) planExecutions(ctx context.Context) error {
	for _, status := range endings {
		pages := sfn.NewListExecutionsPaginator(r.sfn, &sfn.ListExecutionsInput{StateMachineArn: &r.stateMachineARN, StatusFilter: status})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err == nil && page.Executions == nil { // which Step Functions has also where it is empty
				err = errForeign
			}
			if err != nil {
				return fmt.Errorf("list the executions of %s with status %s: %w", r.stateMachineARN, status, err)
			}
			for _, e := range page.Executions {
				if ended := aws.ToTime(e.StopDate); ended.Before(r.Now().Add(-r.Filter.Since)) || ended.After(r.Now().Add(-r.Filter.OlderThan)) && r.Filter.OlderThan > 0 {
					continue
				}
				if err := r.planExecution(ctx, e); err != nil {
					return err
				}
			}
		}
	}
	slices.SortStableFunc(r.report.Executions, func(a, b *Execution) int { return a.Ended.Compare(b.Ended) })
	return nil
}

func (r *run) planExecution(ctx context.Context, e types.ExecutionListItem) error {
	x := &Execution{ARN: aws.ToString(e.ExecutionArn), Status: string(e.Status), Ended: aws.ToTime(e.StopDate).UTC().Truncate(time.Second), Objects: []string{}}
	left, err := r.unsettled(ctx, x)
	if err != nil || x.Unsettled == 0 {
		return err
	}
	r.report.Executions = append(r.report.Executions, x)
	for _, m := range left {
		if why := r.to.refusal(m); why != "" {
			r.report.leave(x.ARN, m, why)
			continue
		}
		x.Pending++
		x.Objects = firstOf(x.Objects, m)
	}
	return nil
}

// unsettled reads which messages of an execution nothing has settled, and leaves
// out those sent before. An execution that runs again has none: somebody
// redrove it.
func (r *run) unsettled(ctx context.Context, x *Execution) ([]message, error) {
	described, err := r.sfn.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &x.ARN})
	if err == nil && described.Status == "" {
		err = errForeign
	}
	if err != nil {
		return nil, fmt.Errorf("describe execution %s: %w", x.ARN, err)
	}
	x.Unsettled, x.Before = 0, 0
	if !slices.Contains(endings, described.Status) {
		return nil, nil
	}
	input, ok := inputMessages(aws.ToString(described.Input))
	if !ok {
		r.report.leave(x.ARN, message{ID: "unknown"}, "the execution's input has no list of queue messages: look at it in the console")
		return nil, nil
	}
	x.Messages = len(input)
	settled := newSettlement(named("validation-dlq", r.Stage))
	pages := sfn.NewGetExecutionHistoryPaginator(r.sfn, &sfn.GetExecutionHistoryInput{ExecutionArn: &x.ARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the history of execution %s: %w", x.ARN, err)
		}
		for _, e := range page.Events {
			settled.event(e)
		}
	}
	all := slices.DeleteFunc(settled.unsettled(input), func(m message) bool { return !r.Filter.takesObject(m) })
	left := slices.DeleteFunc(slices.Clone(all), func(m message) bool { return r.known[operations.Entry{Execution: x.ARN, Message: m.ID}] && !r.Again })
	x.Unsettled, x.Before = len(all), len(all)-len(left)
	return left, nil
}

// workExecutions sends messages execution by execution. Each is read again:
// the plan keeps no bodies, and somebody may have redriven it since.
func (r *run) workExecutions(ctx context.Context) error {
	for _, x := range r.report.Executions {
		if x.Pending == 0 {
			continue
		}
		left, err := r.unsettled(ctx, x)
		if err != nil {
			return err
		}
		left = slices.DeleteFunc(left, func(m message) bool { return r.to.refusal(m) != "" })
		x.Pending = len(left)
		err = r.send(ctx, x.ARN, left, func(ctx context.Context, sent []message) error {
			x.Done += len(sent)
			return r.note(ctx, operations.Executions, x.ARN, sent)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
