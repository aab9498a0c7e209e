package sqs

import (
	"fmt"

	"autobackup/local/wire"
)

func invalidValue(format string, args ...any) *wire.Error {
	return &wire.Error{Shape: "InvalidParameterValueException", Code: "InvalidParameterValue", Status: 400, Message: fmt.Sprintf(format, args...)}
}

func missing(parameter string) *wire.Error {
	return &wire.Error{Shape: "MissingRequiredParameterException", Code: "MissingParameter", Status: 400,
		Message: "The request must contain the parameter " + parameter + "."}
}

func unsupported(format string, args ...any) *wire.Error {
	return &wire.Error{Shape: "UnsupportedOperation", Code: "AWS.SimpleQueueService.UnsupportedOperation", Status: 400, Message: fmt.Sprintf(format, args...)}
}

func noSuchQueue() *wire.Error {
	return &wire.Error{Shape: "QueueDoesNotExist", Code: "AWS.SimpleQueueService.NonExistentQueue", Status: 400,
		Message: "The specified queue does not exist."}
}

// invalidAddress has the status and the text that people have posted.
func invalidAddress(queueURL string) *wire.Error {
	return &wire.Error{Code: "InvalidAddress", Status: 404, Message: "The address " + queueURL + " is not valid for this endpoint."}
}

func noSuchResource(parameter string) *wire.Error {
	return &wire.Error{Code: "ResourceNotFoundException", Status: 404,
		Message: "The resource that you specified for the " + parameter + " parameter doesn't exist."}
}

func invalidReceipt(handle string) *wire.Error {
	return &wire.Error{Code: "ReceiptHandleIsInvalid", Status: 404,
		Message: fmt.Sprintf("The input receipt handle %q is not a valid receipt handle.", handle)}
}

func batchError(shape, message string) *wire.Error {
	return &wire.Error{Shape: shape, Code: "AWS.SimpleQueueService." + shape, Status: 400, Message: message}
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
