// Package s3error tells what an error of an S3 call says about an object
// version, for who looks at headers and who reads bytes alike, and marks what is worth
// another try.
package s3error

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"autobackup/internal/verdict"
)

// Found tells by the status alone what is there, because the answer to a HEAD
// has no body: verdict.Missing, Denied or Unreachable.
func Found(err error) verdict.Found {
	switch Status(err) {
	case http.StatusNotFound:
		return verdict.Missing
	case http.StatusForbidden, http.StatusUnauthorized:
		return verdict.Denied
	default:
		return verdict.Unreachable
	}
}

// OfGet tells by the error code, too, what an error of GetObject says, and
// explains it for people as Explain does. A GET without the customer's key is
// InvalidRequest:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-s3-c-encryption.html
// InvalidObjectState says that the version is in an archive storage class:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func OfGet(operation string, err error) (verdict.Found, string) {
	switch Code(err) {
	case "InvalidRequest":
		return verdict.SSEC, Explain(operation, err) + ": the customer's key is needed"
	case "InvalidObjectState":
		return verdict.Archived, Explain(operation, err) + ": the object must be restored to be read"
	default:
		return Found(err), Explain(operation, err)
	}
}

// Explain says for people what was called, and the answer or why there was none.
// It never holds the key, which anyone may choose who may upload: S3's error
// message is left out, because it may name the object, and so is Go's own text
// of a failed request, because it starts with the URL.
func Explain(operation string, err error) string {
	var request *url.Error
	switch status := Status(err); {
	case errors.Is(err, errForeign):
		return operation + " " + errForeign.Error()
	case Message(err) != "":
		return fmt.Sprintf("%s answered %d %s", operation, status, Code(err))
	case status != 0:
		return fmt.Sprintf("%s answered %d %s", operation, status, http.StatusText(status))
	case errors.Is(err, context.DeadlineExceeded):
		return operation + " did not answer in time"
	case errors.As(err, &request):
		return operation + " got no answer: " + request.Err.Error()
	default:
		return operation + " failed: " + err.Error()
	}
}

// Message is S3's own text as the end of a sentence, of a call that concerns no
// key; empty where the answer had no body.
func Message(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) || Status(err) == 0 || api.ErrorMessage() == http.StatusText(Status(err)) {
		return ""
	}
	return ": " + api.ErrorMessage()
}

// Status is the HTTP status S3 answered with, 0 where it did not answer.
func Status(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// Header is the answer's, nil where S3 did not answer.
func Header(err error) http.Header {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.HTTPResponse() != nil {
		return response.HTTPResponse().Header
	}
	return nil
}

// Code is S3's error code, empty where there is none.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
