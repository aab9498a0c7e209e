package look

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

const (
	// maxDetail is the length of verdict.Side's Detail in bytes.
	maxDetail = 200
	noBucket  = "bucket does not exist"
)

// classify tells what an error of HeadObject says about the side, by status and
// headers, because the answer to a HEAD has no body.
func classify(side *verdict.Side, err error) {
	header := headerOf(err)
	if statusOf(err) == http.StatusMethodNotAllowed && header.Get("x-amz-delete-marker") == "true" {
		side.Found = verdict.Marker
		side.Replication = header.Get("x-amz-replication-status")
		return
	}
	side.Found = found(err)
	switch side.Found {
	case verdict.Missing: // nothing to explain
	case verdict.Denied:
		side.Detail = explain("HeadObject", err) + "; grant s3:GetObjectVersion, for SSE-KMS also kms:Decrypt on the key"
	default:
		side.Detail = explain("HeadObject", err)
	}
}

// bucketSide is a side whose bucket's region could not be had.
func bucketSide(bucket string, err error) verdict.Side {
	side := verdict.Side{Bucket: bucket, Found: found(err), Detail: explain("HeadBucket", err)}
	switch side.Found {
	case verdict.Missing: // of a bucket: then nothing is known of the object
		side.Found, side.Detail = verdict.Unreachable, noBucket
	case verdict.Denied:
		side.Detail += "; grant s3:ListBucket on the bucket"
	}
	return side
}

// rulesSide is a primary whose replication rules could not be had or followed.
func rulesSide(bucket, region string, err error) verdict.Side {
	side := verdict.Side{Bucket: bucket, Region: region}
	var unsupported unsupportedRules
	switch {
	case errors.As(err, &unsupported):
		side.Found, side.Detail = verdict.Unsupported, unsupported.Error()
	case codeOf(err) == "NoSuchBucket":
		side.Found, side.Detail = verdict.Unreachable, noBucket
	case found(err) == verdict.Denied:
		side.Found, side.Detail = verdict.Denied, explain("grant s3:GetReplicationConfiguration on the bucket: GetBucketReplication", err)+message(err)
	default:
		side.Found, side.Detail = verdict.Unreachable, explain("GetBucketReplication", err)+message(err)
	}
	return side
}

func found(err error) verdict.Found {
	switch statusOf(err) {
	case http.StatusNotFound:
		return verdict.Missing
	case http.StatusForbidden, http.StatusUnauthorized:
		return verdict.Denied
	default:
		return verdict.Unreachable
	}
}

// explain says for people what was called, and the answer or why there was none.
// It never holds the key, which anyone may choose who may upload: S3's error
// message is left out, because it may name the object, and so is Go's own text
// of a failed request, because it starts with the URL.
func explain(operation string, err error) string {
	var request *url.Error
	switch status := statusOf(err); {
	case message(err) != "":
		return fmt.Sprintf("%s answered %d %s", operation, status, codeOf(err))
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

// message is S3's own text as the end of a sentence, of a call that concerns no
// key; empty where the answer had no body.
func message(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) || statusOf(err) == 0 || api.ErrorMessage() == http.StatusText(statusOf(err)) {
		return ""
	}
	return ": " + api.ErrorMessage()
}

// statusOf is the HTTP status S3 answered with, 0 where it did not answer.
func statusOf(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

func headerOf(err error) http.Header {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.HTTPResponse() != nil {
		return response.HTTPResponse().Header
	}
	return nil
}

// codeOf is S3's error code, empty where there is none.
func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
