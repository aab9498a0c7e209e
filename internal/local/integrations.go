package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"autobackup/internal/local/asl"
	"autobackup/internal/local/lambda"
	"autobackup/internal/local/sns"
	"autobackup/internal/local/sqs"
)

// invoke is arn:aws:states:::lambda:invoke. Step Functions calls functions of its
// own region only.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
func (d *deployment) invoke(ctx context.Context, parameters []byte) ([]byte, error) {
	var p struct {
		FunctionName string
		Payload      json.RawMessage
	}
	if err := strictly(parameters, &p); err != nil {
		return nil, err
	}
	f, err := d.functionIn(d.region, p.FunctionName)
	if refused := (*lambdaError)(nil); errors.As(err, &refused) {
		return nil, &asl.Error{Name: "Lambda." + refused.code, Cause: refused.message}
	}
	answer, err := f.Invoke(ctx, p.Payload)
	if failed := (*lambda.FunctionError)(nil); errors.As(err, &failed) {
		return nil, &asl.Error{Name: failed.Type, Cause: string(failed.Payload)}
	}
	if refused := (*lambda.ServiceError)(nil); errors.As(err, &refused) {
		return nil, &asl.Error{Name: "Lambda." + refused.Type, Cause: refused.Message}
	}
	if err != nil {
		return nil, &asl.Error{Name: "Lambda.SdkClientException", Cause: err.Error()}
	}
	// Built by hand: json.Marshal would escape <, > and & and so change the size.
	return fmt.Appendf(nil, `{"ExecutedVersion":"$LATEST","Payload":%s,"StatusCode":200}`, answer), nil
}

// publish is arn:aws:states:::sns:publish.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html
func (s *Stack) publish(_ context.Context, parameters []byte) ([]byte, error) {
	var p struct{ TopicArn, Subject, Message string }
	if err := strictly(parameters, &p); err != nil {
		return nil, err
	}
	id, err := s.SNS.Publish(sns.Publication{TopicARN: p.TopicArn, Subject: p.Subject, Message: p.Message})
	if err != nil {
		return nil, serviceError("SNS", err)
	}
	return json.Marshal(map[string]string{"MessageId": id})
}

// sendMessage is arn:aws:states:::sqs:sendMessage.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-sqs.html
func (s *Stack) sendMessage(_ context.Context, parameters []byte) ([]byte, error) {
	var p struct {
		QueueUrl          string //nolint:revive // SQS's name
		MessageBody       json.RawMessage
		MessageAttributes map[string]struct{ DataType, StringValue string }
	}
	if err := strictly(parameters, &p); err != nil {
		return nil, err
	}
	body, err := messageBody(p.MessageBody)
	if err != nil {
		return nil, err
	}
	queue, err := s.SQS.ARN(p.QueueUrl)
	if err != nil {
		return nil, serviceError("SQS", err)
	}
	out := sqs.Outgoing{Body: body, Attributes: map[string]sqs.Attribute{}}
	for name, a := range p.MessageAttributes {
		out.Attributes[name] = sqs.Attribute{DataType: a.DataType, Value: a.StringValue}
	}
	m, err := s.SQS.Send(queue, out)
	if err != nil {
		return nil, serviceError("SQS", err)
	}
	return json.Marshal(map[string]string{"MessageId": m.ID, "MD5OfMessageBody": m.MD5OfBody()})
}

// messageBody is what is sent: a string as it is, an object or an array as JSON
// text, null as nothing, which SQS refuses.
func messageBody(value json.RawMessage) (string, error) {
	var text string
	if len(value) > 0 && (value[0] == '{' || value[0] == '[') {
		return string(value), nil
	}
	if len(value) == 0 {
		return "", nil
	}
	if err := json.Unmarshal(value, &text); err != nil {
		return "", unsupportedParameters(fmt.Errorf("MessageBody is %s: use a string, an object or an array", value))
	}
	return text, nil
}

// startNested is arn:aws:states:::states:startExecution, which does not wait for
// the execution that it starts. Input is an object, which becomes the execution's
// input as JSON text; without one that is {}. No document tells the form of
// StartDate: causes that the .sync form of this integration gave on AWS have it in
// milliseconds since 1970, as here.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
func (s *Stack) startNested(_ context.Context, parameters []byte) ([]byte, error) {
	var p struct {
		StateMachineArn string //nolint:revive // Step Functions' name
		Name            *string
		Input           json.RawMessage
	}
	if err := strictly(parameters, &p); err != nil {
		return nil, err
	}
	var input *string
	switch text := string(p.Input); {
	case strings.HasPrefix(text, "{"):
		input = &text
	case text != "" && text != "null":
		return nil, unsupportedParameters(errors.New("Input is no object")) //nolint:staticcheck // the parameter's name
	}
	e, err := s.startAs(p.StateMachineArn, p.Name, input)
	if err != nil {
		return nil, s.statesFailure(err)
	}
	return json.Marshal(map[string]any{"ExecutionArn": e.ARN, "StartDate": e.started.UnixMilli()})
}

// statesFailure words an error of Step Functions' API as its own integration does.
func (s *Stack) statesFailure(err error) error {
	refused := (*statesError)(nil)
	if !errors.As(err, &refused) {
		return &asl.Error{Name: "StepFunctions.SdkClientException", Cause: err.Error()}
	}
	return &asl.Error{Name: "StepFunctions." + refused.code + "Exception", Cause: fmt.Sprintf(
		"%s (Service: AWSStepFunctions; Status Code: 400; Error Code: %s; Request ID: %s; Proxy: null)", refused.message, refused.code, s.newID())}
}

// strictly decodes parameters and refuses, by name, any this stack ignores.
func strictly(parameters []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(parameters))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return unsupportedParameters(err)
	}
	return nil
}

func unsupportedParameters(err error) error {
	return &asl.Error{Name: asl.Runtime, Cause: fmt.Sprintf("The parameters are not supported by the local stack: %v", err)}
}

// serviceError names an error as the integrations do: SNS.NotFoundException.
func serviceError(service string, err error) error {
	code := "SdkClientException"
	if refused := (*sns.Error)(nil); errors.As(err, &refused) {
		code = refused.Code + "Exception"
	}
	if refused := (*sqs.Error)(nil); errors.As(err, &refused) {
		code = refused.Shape + "Exception"
		if strings.HasSuffix(refused.Shape, "Exception") { // AWS recorded so for a missing parameter
			code = "AmazonSQSException"
		}
	}
	return &asl.Error{Name: service + "." + code, Cause: err.Error()}
}
