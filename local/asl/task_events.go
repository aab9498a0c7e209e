package asl

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

// The events of a call come in two vocabularies: one for a function's ARN, one
// for Step Functions' own integrations.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html

func (r resource) scheduled(region, parameters string, limit time.Duration) types.HistoryEvent {
	var seconds *int64
	if limit > 0 {
		seconds = aws.Int64(int64(limit / time.Second))
	}
	if r.service == "" {
		return types.HistoryEvent{Type: types.HistoryEventTypeLambdaFunctionScheduled,
			LambdaFunctionScheduledEventDetails: &types.LambdaFunctionScheduledEventDetails{
				Resource: &r.arn, Input: &parameters, InputDetails: notTruncated, TimeoutInSeconds: seconds}}
	}
	return types.HistoryEvent{Type: types.HistoryEventTypeTaskScheduled,
		TaskScheduledEventDetails: &types.TaskScheduledEventDetails{
			Resource: &r.action, ResourceType: &r.service, Region: &region, Parameters: &parameters, TimeoutInSeconds: seconds}}
}

func (r resource) started() types.HistoryEvent {
	if r.service == "" {
		return types.HistoryEvent{Type: types.HistoryEventTypeLambdaFunctionStarted}
	}
	return types.HistoryEvent{Type: types.HistoryEventTypeTaskStarted,
		TaskStartedEventDetails: &types.TaskStartedEventDetails{Resource: &r.action, ResourceType: &r.service}}
}

func (r resource) succeeded(output string) types.HistoryEvent {
	if r.service == "" {
		return types.HistoryEvent{Type: types.HistoryEventTypeLambdaFunctionSucceeded,
			LambdaFunctionSucceededEventDetails: &types.LambdaFunctionSucceededEventDetails{Output: &output, OutputDetails: notTruncated}}
	}
	return types.HistoryEvent{Type: types.HistoryEventTypeTaskSucceeded,
		TaskSucceededEventDetails: &types.TaskSucceededEventDetails{
			Resource: &r.action, ResourceType: &r.service, Output: &output, OutputDetails: notTruncated}}
}

func (r resource) ended(e *Error) types.HistoryEvent {
	name, cause := optional(e.Name), optional(e.Cause)
	switch late := e.Name == Timeout; {
	case r.service == "" && late:
		return types.HistoryEvent{Type: types.HistoryEventTypeLambdaFunctionTimedOut,
			LambdaFunctionTimedOutEventDetails: &types.LambdaFunctionTimedOutEventDetails{Error: name, Cause: cause}}
	case r.service == "":
		return types.HistoryEvent{Type: types.HistoryEventTypeLambdaFunctionFailed,
			LambdaFunctionFailedEventDetails: &types.LambdaFunctionFailedEventDetails{Error: name, Cause: cause}}
	case late:
		return types.HistoryEvent{Type: types.HistoryEventTypeTaskTimedOut,
			TaskTimedOutEventDetails: &types.TaskTimedOutEventDetails{
				Resource: &r.action, ResourceType: &r.service, Error: name, Cause: cause}}
	}
	return types.HistoryEvent{Type: types.HistoryEventTypeTaskFailed,
		TaskFailedEventDetails: &types.TaskFailedEventDetails{
			Resource: &r.action, ResourceType: &r.service, Error: name, Cause: cause}}
}

// optional leaves an empty text out of an event, as the service does.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
