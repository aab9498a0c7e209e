// Package wire holds what the services' APIs have in common: one type for the
// errors that they answer, and the protocols JSON, Query and REST-JSON.
package wire

import (
	"errors"
	"fmt"
	"net/http"

	"autobackup/local/sigv4"
)

// Error is an error answer of a service, whatever protocol it goes out in.
type Error struct {
	Code    string // as the SDKs report it: AWS.SimpleQueueService.NonExistentQueue
	Shape   string // its name in the JSON protocol, where that differs: QueueDoesNotExist
	Status  int    // of the HTTP answer
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Name is the error's name in the service's model.
func (e *Error) Name() string {
	if e.Shape != "" {
		return e.Shape
	}
	return e.Code
}

// Invalid is an error with status 400.
func Invalid(code, format string, args ...any) *Error {
	return &Error{Code: code, Status: http.StatusBadRequest, Message: fmt.Sprintf(format, args...)}
}

// From is the error answer in err. What holds none is a failure of the service
// itself, for which it has a code.
func From(err error, failure string) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: failure, Status: http.StatusInternalServerError, Message: err.Error()}
}

// Region is where a request for an action is signed for. Those that name no
// resource with a region of its own ask for it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func Region(r *http.Request, action string) (string, error) {
	region, _ := sigv4.Scope(r)
	if region == "" {
		return "", &Error{Code: "MissingAuthenticationToken", Status: http.StatusForbidden,
			Message: action + " needs a signed request: its signature names the region"}
	}
	return region, nil
}
