package handler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"autobackup/internal/reason"
	"autobackup/internal/text"
)

// maxMessage is the length of an error message in bytes: it lands in the
// workflow's state and in alerts.
const maxMessage = 1024

// retryables is the SDK's own list of what is worth another try: throttling,
// 5xx answers, broken connections and time-outs. An answer that ends too early is not on it,
// as the SDK reads some of it before it can know.
var retryables = retry.IsErrorRetryables(retry.DefaultRetryables)

type badInput struct{ cause error }

func (e *badInput) Error() string {
	return fmt.Sprintf("bad input: %v; the folder events has a good one of each function", e.cause)
}

func (e *badInput) Unwrap() error { return e.cause }

type panicked struct {
	value any
	stack []byte
}

func (e *panicked) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// nameError is returned by value: aws-lambda-go takes the name from nothing else.
func nameError(err error) messages.InvokeResponse_Error {
	return messages.InvokeResponse_Error{
		Type:    errorName(err),
		Message: text.Line(err.Error(), maxMessage),
	}
}

func errorName(err error) string {
	var bad *badInput
	var bug *panicked
	switch {
	case errors.As(err, &bad):
		return reason.BadInput
	case errors.As(err, &bug):
		return reason.Internal
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF), retryables.IsErrorRetryable(err) == aws.TrueTernary:
		return reason.Transient
	default:
		return reason.Internal
	}
}

// logged is what only the log gets: the whole error, and a panic's stack.
func logged(err error) []slog.Attr {
	attrs := []slog.Attr{slog.String("error", err.Error())}
	var bug *panicked
	if errors.As(err, &bug) {
		attrs = append(attrs, slog.String("stack", string(bug.stack)))
	}
	return attrs
}
