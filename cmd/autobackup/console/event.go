package console

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"autobackup/internal/course"
)

// event is what of a history's event the page shows.
func event(e types.HistoryEvent) course.Event {
	one := course.Event{ID: e.Id, Previous: e.PreviousEventId, At: aws.ToTime(e.Timestamp), Type: string(e.Type)}
	if s := e.StateEnteredEventDetails; s != nil {
		one.State, one.Data = aws.ToString(s.Name), aws.ToString(s.Input)
	}
	if s := e.StateExitedEventDetails; s != nil {
		one.State, one.Data = aws.ToString(s.Name), aws.ToString(s.Output)
	}
	fails := func(name, cause *string) {
		one.Error, one.Cause = aws.ToString(name), aws.ToString(cause)
	}
	switch {
	case e.TaskFailedEventDetails != nil:
		fails(e.TaskFailedEventDetails.Error, e.TaskFailedEventDetails.Cause)
	case e.TaskTimedOutEventDetails != nil:
		fails(e.TaskTimedOutEventDetails.Error, e.TaskTimedOutEventDetails.Cause)
	case e.TaskStartFailedEventDetails != nil:
		fails(e.TaskStartFailedEventDetails.Error, e.TaskStartFailedEventDetails.Cause)
	case e.TaskSubmitFailedEventDetails != nil:
		fails(e.TaskSubmitFailedEventDetails.Error, e.TaskSubmitFailedEventDetails.Cause)
	case e.LambdaFunctionFailedEventDetails != nil:
		fails(e.LambdaFunctionFailedEventDetails.Error, e.LambdaFunctionFailedEventDetails.Cause)
	case e.LambdaFunctionTimedOutEventDetails != nil:
		fails(e.LambdaFunctionTimedOutEventDetails.Error, e.LambdaFunctionTimedOutEventDetails.Cause)
	case e.MapRunFailedEventDetails != nil:
		fails(e.MapRunFailedEventDetails.Error, e.MapRunFailedEventDetails.Cause)
	case e.ExecutionFailedEventDetails != nil:
		one.ExecutionEnds = true
		fails(e.ExecutionFailedEventDetails.Error, e.ExecutionFailedEventDetails.Cause)
	case e.ExecutionAbortedEventDetails != nil:
		one.ExecutionEnds = true
		fails(e.ExecutionAbortedEventDetails.Error, e.ExecutionAbortedEventDetails.Cause)
	case e.ExecutionTimedOutEventDetails != nil:
		one.ExecutionEnds = true
		fails(e.ExecutionTimedOutEventDetails.Error, e.ExecutionTimedOutEventDetails.Cause)
	}
	return one
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
