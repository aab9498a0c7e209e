package lambda

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"autobackup/local/gate"
	"autobackup/local/wire"
)

// FunctionError is what Lambda answers for an invocation that failed in the
// function. Step Functions takes Type as the error's name and Payload as its cause.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
type FunctionError struct {
	Type    string
	Message string
	Payload []byte // JSON: errorType, errorMessage and, after a panic, stackTrace
}

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

func functionError(errorType, message string) *FunctionError {
	return newFunctionError(messages.InvokeResponse_Error{Type: errorType, Message: message})
}

func newFunctionError(e messages.InvokeResponse_Error) *FunctionError {
	payload, _ := json.Marshal(e) // text and numbers: it can't fail
	return &FunctionError{Type: e.Type, Message: e.Message, Payload: payload}
}

// readFunctionError reads what a process posted as its error.
func readFunctionError(payload []byte) *FunctionError {
	var e messages.InvokeResponse_Error
	if err := json.Unmarshal(payload, &e); err != nil {
		return &FunctionError{Type: "Runtime.Unknown", Message: "the function's error is not JSON: " + err.Error(), Payload: payload}
	}
	return &FunctionError{Type: e.Type, Message: e.Message, Payload: payload}
}

func timedOut(id string, limit time.Duration) *FunctionError {
	return functionError("Sandbox.Timedout", fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", id, limit.Seconds()))
}

func exited(id string, how fmt.Stringer) *FunctionError {
	message := "Runtime exited without providing a reason"
	if how.String() != "exit status 0" {
		message = "Runtime exited with error: " + how.String()
	}
	return functionError("Runtime.ExitError", "RequestId: "+id+" Error: "+message)
}

// locked is the gate's error in the words of Lambda, where its role may not use the key of
// a function's environment variables.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
func locked(err error) error {
	const words = "Lambda was unable to decrypt the environment variables because KMS access was denied. Please check the function's KMS key settings. KMS Exception: AccessDeniedExceptionKMS Message: "
	if errors.As(err, new(*gate.Exceeded)) { // for which AWS documents no name
		return gate.Throttled(err, wire.Error{Code: "ServiceException", Status: http.StatusInternalServerError})
	}
	err = gate.Denied(err, wire.Error{Code: "KMSAccessDeniedException", Status: http.StatusBadGateway})
	if refused := (*wire.Error)(nil); errors.As(err, &refused) {
		refused.Message = words + refused.Message
	}
	return err
}

func responseTooLarge() *FunctionError {
	return functionError("Function.ResponseSizeTooLarge", fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", maxPayload))
}

// handlerError maps a handler's error as the Go runtime of Lambda does: an
// InvokeResponse_Error by value passes as it is, any other error goes by the
// name of its outermost Go type, so that a wrapped one is a wrapError.
// https://docs.aws.amazon.com/lambda/latest/dg/golang-exceptions.html
func handlerError(err error) *FunctionError {
	if e, ok := err.(messages.InvokeResponse_Error); ok { //nolint:errorlint // the runtime looks at the outermost error only
		return newFunctionError(e)
	}
	return functionError(typeName(err), err.Error())
}

// panicked maps a recovered panic. Its stack, which nobody compares, is left out.
func panicked(value any) *FunctionError {
	if e, ok := value.(messages.InvokeResponse_Error); ok {
		return newFunctionError(e)
	}
	return functionError(typeName(value), fmt.Sprint(value))
}

func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}
