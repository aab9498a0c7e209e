package sqs

import "fmt"

// Error is an error answer of the service.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
type Error struct {
	Shape   string // its name in the JSON protocol, such as QueueDoesNotExist
	Code    string // its name in the query protocol, which the SDKs report: AWS.SimpleQueueService.NonExistentQueue
	Status  int    // of the HTTP answer
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func invalidValue(format string, args ...any) *Error {
	return &Error{Shape: "InvalidParameterValueException", Code: "InvalidParameterValue", Status: 400, Message: fmt.Sprintf(format, args...)}
}

func missing(parameter string) *Error {
	return &Error{Shape: "MissingRequiredParameterException", Code: "MissingParameter", Status: 400,
		Message: "The request must contain the parameter " + parameter + "."}
}

func unsupported(format string, args ...any) *Error {
	return &Error{Shape: "UnsupportedOperation", Code: "AWS.SimpleQueueService.UnsupportedOperation", Status: 400, Message: fmt.Sprintf(format, args...)}
}

func noSuchQueue() *Error {
	return &Error{Shape: "QueueDoesNotExist", Code: "AWS.SimpleQueueService.NonExistentQueue", Status: 400,
		Message: "The specified queue does not exist."}
}

func noSuchResource(parameter string) *Error {
	return &Error{Shape: "ResourceNotFoundException", Code: "ResourceNotFoundException", Status: 404,
		Message: "The resource that you specified for the " + parameter + " parameter doesn't exist."}
}

func invalidReceipt(handle string) *Error {
	return &Error{Shape: "ReceiptHandleIsInvalid", Code: "ReceiptHandleIsInvalid", Status: 404,
		Message: fmt.Sprintf("The input receipt handle %q is not a valid receipt handle.", handle)}
}

func batchError(shape, message string) *Error {
	return &Error{Shape: shape, Code: "AWS.SimpleQueueService." + shape, Status: 400, Message: message}
}

type bound struct {
	name            string
	value, min, max int
}

func (b bound) check() error {
	if b.value < b.min || b.value > b.max {
		return invalidValue("Value %d for parameter %s is invalid. Reason: Must be between %d and %d.", b.value, b.name, b.min, b.max)
	}
	return nil
}
