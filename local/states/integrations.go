package states

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"autobackup/local/asl"
	"autobackup/local/events"
	"autobackup/local/gate"
	"autobackup/local/lambda"
	"autobackup/local/sns"
	"autobackup/local/sqs"
	"autobackup/local/wire"
)

// integrations finds what a Task state calls, for state machines of a region: Step
// Functions' own integrations that this project uses.
// https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
func (s *Service) integrations(region string, by gate.Caller) func(arn string) (asl.Task, error) {
	as := integration{s, region, by}
	calls := map[string]task{
		"arn:aws:states:::events:putEvents":      as.putEvents,
		"arn:aws:states:::lambda:invoke":         as.invoke,
		"arn:aws:states:::sns:publish":           as.publish,
		"arn:aws:states:::sqs:sendMessage":       as.sendMessage,
		"arn:aws:states:::states:startExecution": as.startNested,
	}
	return func(arn string) (asl.Task, error) {
		call := calls[arn]
		if call == nil {
			return nil, fmt.Errorf("%s is not supported by the local stack: use events:putEvents, lambda:invoke, sns:publish, sqs:sendMessage or states:startExecution", arn)
		}
		return task(func(ctx context.Context, parameters []byte) ([]byte, error) {
			if s.TaskFault != nil {
				if err := s.TaskFault(ctx, arn, parameters); err != nil {
					return nil, err
				}
			}
			return call(ctx, parameters)
		}), nil
	}
}

// integration is the service as a state machine calls it, with its role.
type integration struct {
	*Service
	region string
	by     gate.Caller
}

// task makes a function an asl.Task.
type task func(ctx context.Context, parameters []byte) ([]byte, error)

// Run calls the function.
func (t task) Run(ctx context.Context, parameters []byte) ([]byte, error) { return t(ctx, parameters) }

// putEvents is arn:aws:states:::events:putEvents. An entry's Detail is an object, as in all
// that its document shows. A task of which an event is not taken fails; no document tells of its
// cause, which is the answer here. Step Functions adds its ARNs to an event's resources; here
// there are none.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
func (s integration) putEvents(_ context.Context, parameters []byte) ([]byte, error) {
	var p struct {
		Entries []struct {
			Source, DetailType string
			Detail             json.RawMessage
		}
	}
	if err := decode(parameters, &p); err != nil {
		return nil, err
	}
	var entries []events.Entry
	for _, e := range p.Entries {
		if !strings.HasPrefix(string(e.Detail), "{") {
			return nil, unsupportedParameters(errors.New("Detail is no object")) //nolint:staticcheck // the parameter's name
		}
		entries = append(entries, events.Entry{Source: e.Source, DetailType: e.DetailType, Detail: string(e.Detail)})
	}
	answer, err := s.Events.Put(s.by, s.region, entries)
	if err != nil {
		return nil, serviceError("EventBridge", err)
	}
	said, err := json.Marshal(answer)
	if err == nil && answer.FailedEntryCount > 0 {
		err = &asl.Error{Name: "EventBridge.FailedEntry", Cause: string(said)}
	}
	return said, err
}

// invoke is arn:aws:states:::lambda:invoke. Step Functions calls functions of its
// own region only.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
func (s integration) invoke(ctx context.Context, parameters []byte) ([]byte, error) {
	var p struct {
		FunctionName string
		Payload      json.RawMessage
	}
	if err := decode(parameters, &p); err != nil {
		return nil, err
	}
	answer, err := s.Functions.As(s.by).Invoke(ctx, s.region, p.FunctionName, p.Payload)
	if failed := (*lambda.FunctionError)(nil); errors.As(err, &failed) {
		return nil, &asl.Error{Name: failed.Type, Cause: string(failed.Payload)}
	}
	if refused := (*wire.Error)(nil); errors.As(err, &refused) {
		return nil, &asl.Error{Name: lambdaError(refused.Name()), Cause: refused.Message}
	}
	if err != nil {
		return nil, &asl.Error{Name: "Lambda.SdkClientException", Cause: err.Error()}
	}
	// Built by hand: json.Marshal would escape <, > and & and so change the size.
	return fmt.Appendf(nil, `{"ExecutedVersion":"$LATEST","Payload":%s,"StatusCode":200}`, answer), nil
}

// publish is arn:aws:states:::sns:publish.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html
func (s integration) publish(_ context.Context, parameters []byte) ([]byte, error) {
	var p struct{ TopicArn, Subject, Message string }
	if err := decode(parameters, &p); err != nil {
		return nil, err
	}
	id, err := s.Topics.As(s.by).Publish(sns.Publication{TopicARN: p.TopicArn, Subject: p.Subject, Message: p.Message})
	if err != nil {
		return nil, serviceError("SNS", err)
	}
	return json.Marshal(map[string]string{"MessageId": id})
}

// sendMessage is arn:aws:states:::sqs:sendMessage.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-sqs.html
func (s integration) sendMessage(_ context.Context, parameters []byte) ([]byte, error) {
	var p struct {
		QueueUrl          string //nolint:revive // SQS's name
		MessageBody       json.RawMessage
		MessageAttributes map[string]struct{ DataType, StringValue string }
	}
	if err := decode(parameters, &p); err != nil {
		return nil, err
	}
	body, err := messageBody(p.MessageBody)
	if err != nil {
		return nil, err
	}
	queue, err := s.Queues.ARN(s.region, p.QueueUrl)
	if err != nil {
		return nil, serviceError("SQS", err)
	}
	out := sqs.Outgoing{Body: body, Attributes: map[string]sqs.Attribute{}}
	for name, a := range p.MessageAttributes {
		out.Attributes[name] = sqs.Attribute{DataType: a.DataType, Value: a.StringValue}
	}
	m, err := s.Queues.As(s.by).Send(queue, out)
	if err != nil {
		return nil, serviceError("SQS", err)
	}
	return json.Marshal(map[string]string{"MessageId": m.ID, "MD5OfMessageBody": m.MD5OfBody()})
}

// startNested is arn:aws:states:::states:startExecution, which does not wait for
// the execution that it starts. Input is an object, which becomes the execution's
// input as JSON text; without one that is {}. No document tells the form of
// StartDate: causes that the .sync form of this integration gave on AWS have it in
// milliseconds since 1970, as here.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
func (s integration) startNested(_ context.Context, parameters []byte) ([]byte, error) {
	var p struct {
		StateMachineArn string //nolint:revive // Step Functions' name
		Name            *string
		Input           json.RawMessage
	}
	if err := decode(parameters, &p); err != nil {
		return nil, err
	}
	var input *string
	switch text := string(p.Input); {
	case strings.HasPrefix(text, "{"):
		input = &text
	case text != "" && text != "null":
		return nil, unsupportedParameters(errors.New("Input is no object")) //nolint:staticcheck // the parameter's name
	}
	if err := s.by.May("states:StartExecution", p.StateMachineArn); err != nil {
		return nil, s.statesFailure(denied(err))
	}
	e, err := s.startAs(p.StateMachineArn, p.Name, input)
	if err == nil {
		err = s.by.Done("states:StartExecution", p.StateMachineArn)
	}
	if err != nil {
		return nil, s.statesFailure(err)
	}
	return json.Marshal(map[string]any{"ExecutionArn": e.ARN, "StartDate": e.started.UnixMilli()})
}
