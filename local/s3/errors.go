package s3

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"

	"autobackup/local/wire"
)

// apiError is an error as S3 answers it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
type apiError struct {
	answer  wire.Error
	header  http.Header // sent with the answer
	details []element   // further elements of the body
}

func (e *apiError) Error() string { return e.answer.Error() }

// with adds a header to the answer.
func (e *apiError) with(name, value string) *apiError {
	if e.header == nil {
		e.header = http.Header{}
	}
	e.header.Set(name, value)
	return e
}

// detail adds an element to the answer's body.
func (e *apiError) detail(name, value string) *apiError {
	e.details = append(e.details, newElement(name, value))
	return e
}

func fail(status int, code, format string, args ...any) *apiError {
	return &apiError{answer: wire.Error{Code: code, Status: status, Message: fmt.Sprintf(format, args...)}}
}

// answered tells whether an error goes out with a status.
func answered(err error, status int) bool {
	var api *apiError
	return errors.As(err, &api) && api.answer.Status == status
}

func notImplemented(format string, args ...any) *apiError {
	return fail(http.StatusNotImplemented, "NotImplemented", format+" is not supported by the local S3", args...)
}

func invalidRequest(format string, args ...any) *apiError {
	return fail(http.StatusBadRequest, "InvalidRequest", format, args...)
}

func invalidArgument(format string, args ...any) *apiError {
	return fail(http.StatusBadRequest, "InvalidArgument", format, args...)
}

func badDigest(what string) *apiError {
	return fail(http.StatusBadRequest, "BadDigest", "The %s you specified did not match what we received.", what)
}

func malformedXML(err error) *apiError {
	return fail(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate: %s", err)
}

func noSuchBucket(name string) *apiError {
	return fail(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist").detail("BucketName", name)
}

func noSuchKey(key string) *apiError {
	return fail(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.").detail("Key", key)
}

func noSuchVersion(key, id string) *apiError {
	return fail(http.StatusNotFound, "NoSuchVersion", "The specified version does not exist.").
		detail("Key", key).detail("VersionId", id)
}

func keyTooLong() *apiError {
	return fail(http.StatusBadRequest, "KeyTooLongError", "Your key is too long")
}

func internalError(err error) *apiError {
	return fail(http.StatusInternalServerError, "InternalError", "We encountered an internal error: %s", err)
}

func noSuchUpload(id string) *apiError {
	return fail(http.StatusNotFound, "NoSuchUpload", "The specified multipart upload does not exist. The upload ID "+
		"may be invalid, or the upload may have been aborted or completed.").detail("UploadId", id)
}

func permanentRedirect(bucket, region string) *apiError {
	return fail(http.StatusMovedPermanently, "PermanentRedirect", "The bucket you are attempting to access must be "+
		"addressed using the specified endpoint. Please send all future requests to this endpoint.").
		with("X-Amz-Bucket-Region", region).
		detail("Endpoint", "s3."+region+".amazonaws.com").detail("Bucket", bucket)
}

// errorBody is the answer's XML.
type errorBody struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	Details   []element
	Resource  string
	RequestID string `xml:"RequestId"`
	HostID    string `xml:"HostId"`
}

// fail answers err; what holds no answer is S3's internal error. A HEAD has no
// body, so that clients know the status and the headers only.
func (c *call) fail(err error) {
	var e *apiError
	if !errors.As(err, &e) {
		e = internalError(err)
	}
	for name, values := range e.header {
		c.w.Header()[name] = values
	}
	if c.r.Method == http.MethodHead || e.answer.Status == http.StatusNotModified {
		c.w.WriteHeader(e.answer.Status)
		return
	}
	c.xml(e.answer.Status, errorBody{
		Code: e.answer.Code, Message: e.answer.Message, Details: e.details,
		Resource: c.r.URL.Path, RequestID: c.id, HostID: c.id,
	})
}
