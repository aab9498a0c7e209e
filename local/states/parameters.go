package states

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"autobackup/local/asl"
	"autobackup/local/wire"
)

// decode decodes parameters and refuses, by name, any this stack ignores.
func decode(parameters []byte, into any) error {
	if err := wire.Decode(parameters, into); err != nil {
		return unsupportedParameters(err)
	}
	return nil
}

func unsupportedParameters(err error) error {
	return &asl.Error{Name: asl.Runtime, Cause: fmt.Sprintf("The parameters are not supported by the local stack: %v", err)}
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

// serviceError names an error as the integrations do: SNS.NotFoundException.
func serviceError(service string, err error) error {
	code := "SdkClientException"
	if refused := (*wire.Error)(nil); errors.As(err, &refused) {
		code = refused.Name() + "Exception"
		if strings.HasSuffix(refused.Name(), "Exception") { // AWS recorded so for a missing parameter of SQS
			code = "Amazon" + service + "Exception"
		}
	}
	return &asl.Error{Name: service + "." + code, Cause: err.Error()}
}

// statesFailure words an error of Step Functions' API as its own integration does.
func (s *Service) statesFailure(err error) error {
	refused := (*wire.Error)(nil)
	if !errors.As(err, &refused) {
		return &asl.Error{Name: "StepFunctions.SdkClientException", Cause: err.Error()}
	}
	name := refused.Code + "Exception"
	if strings.HasSuffix(refused.Code, "Exception") { // the SDK that the integration is made with has no type of its own for it
		name = "AWSStepFunctionsException"
	}
	return &asl.Error{Name: "StepFunctions." + name, Cause: fmt.Sprintf(
		"%s (Service: AWSStepFunctions; Status Code: 400; Error Code: %s; Request ID: %s; Proxy: null)", refused.Message, refused.Code, s.NewID())}
}

// permissions words a refusal to the state machine itself.
func permissions(err error) error {
	if err == nil {
		return nil
	}
	return &asl.Error{Name: "States.Permissions", Cause: denied(err).Error()}
}

// lambdaError names an error of Lambda's API. What the SDK that the integration is made
// with has no type for is AWSLambdaException.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
func lambdaError(name string) string {
	if name == "AccessDeniedException" {
		name = "AWSLambdaException"
	}
	return "Lambda." + name
}
