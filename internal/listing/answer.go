package listing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"autobackup/internal/s3error"
	"autobackup/internal/text"
)

const (
	// attemptTimeout is how long one attempt may take, its body included. A page
	// takes S3 well under a second; the SDK then tries again.
	attemptTimeout = 30 * time.Second
	// maxBody is far above 1,000 rows of keys of 1,024 bytes, URL-encoded.
	maxBody = 16 << 20
	// usualBody is about what a page of 1,000 rows takes.
	usualBody = 1 << 19
	// maxText keeps what a server says in an error one short line.
	maxText = 300
)

// answer is the page that an operation read in place of the SDK.
type answer struct {
	page Page
	read bool
}

// readInstead puts the answer's reader where the SDK's deserializer was. Everything
// before and behind it stays: endpoint, signature, retries, the errors that S3 sends.
func (a *answer) readInstead(stack *middleware.Stack) error {
	reader := &reader{answer: a}
	original, err := stack.Deserialize.Swap(reader.ID(), reader)
	if err != nil {
		return err
	}
	reader.original = original
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("BoundBody", bounded), middleware.After)
}

// bounded is next to the network, because the SDK itself looks into a body whether it
// is an error behind a status of 200, and reads what is left of one before it closes it.
func bounded(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if response, ok := out.RawResponse.(*smithyhttp.Response); ok && response.Body != nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxBody)
	}
	return out, metadata, err
}

type reader struct {
	answer   *answer
	original middleware.DeserializeMiddleware
}

// ID implements middleware.DeserializeMiddleware: it is the SDK's own.
func (*reader) ID() string { return "OperationDeserializer" }

// HandleDeserialize runs once for each attempt.
func (r *reader) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	attempt, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	out, metadata, err := next.HandleDeserialize(attempt, in)
	if response, ok := out.RawResponse.(*smithyhttp.Response); ok && response.StatusCode/100 == 2 {
		out.Result = &s3.ListObjectVersionsOutput{} // which the SDK hands over; the page goes beside it
		err = r.answer.from(response.Body, err)
	} else {
		answered := middleware.DeserializeHandlerFunc(func(context.Context, middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
			return out, metadata, err
		})
		out, metadata, err = r.original.HandleDeserialize(attempt, in, answered)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		err = &smithy.CanceledError{Err: ctx.Err()}
	case err != nil && attempt.Err() != nil:
		err = unreadable("no answer within " + attemptTimeout.String())
	}
	return out, metadata, err
}

// from reads a page, unless the SDK could not read the body's beginning.
func (a *answer) from(body io.ReadCloser, err error) error {
	defer body.Close() //nolint:errcheck // it was read to its end, or is given up
	raw := bytes.NewBuffer(buffers.get(usualBody))
	defer func() { buffers.put(raw.Bytes()) }()
	if err == nil {
		_, err = raw.ReadFrom(body)
	}
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return unreadable("the answer is too long")
	case err != nil:
		return unreadable("the answer is cut off, or no XML")
	}
	page, err := Parse(raw.Bytes())
	if err != nil {
		return unreadable("the answer can't be read: " + err.Error())
	}
	a.page, a.read = page, true
	return nil
}

// unreadable is an answer that may be another one at the next attempt. It hides the
// error below, so that an attempt's own time-out isn't taken for the caller's.
type unreadable string

// Error implements error.
func (u unreadable) Error() string { return string(u) }

// RetryableError is what the SDK asks before it tries again.
func (unreadable) RetryableError() bool { return true }

var errNotRead = errors.New("the client did not hand over S3's answer")

// failure words an error without the URL in it, which names a key.
type failure struct {
	text  string
	cause error
}

// Error implements error.
func (f *failure) Error() string { return f.text }

// Unwrap gives the SDK's error.
func (f *failure) Unwrap() error { return f.cause }

// advice is what to do about an answer. It stands before S3's own words, which name the
// caller, the resource and the policies, and leave no room behind them.
func advice(err error) string {
	switch s3error.Code(err) {
	case "AccessDenied":
		return "; grant s3:ListBucketVersions on the bucket"
	case "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId":
		return "; renew the credentials"
	}
	return ""
}

func (l Lister) failed(err error) error {
	operation := "ListObjectVersions of s3://" + l.Bucket
	var body unreadable
	if errors.As(err, &body) {
		return &failure{fmt.Sprintf("%s: %s", operation, body), err}
	}
	said := err
	if stopped := (*smithy.CanceledError)(nil); errors.As(err, &stopped) {
		said = stopped // S3 may have begun to answer: that isn't why
	}
	return &failure{text.Line(s3error.Explain(operation, said)+advice(said)+s3error.Message(said), maxText), err}
}
