package look

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"autobackup/internal/reason"
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
	var unsupported *unsupportedRule
	switch {
	case errors.As(err, &unsupported):
		side.Found, side.Detail = verdict.Unsupported, reason.Line(unsupported.Error(), maxDetail)
	case codeOf(err) == "NoSuchBucket":
		side.Found, side.Detail = verdict.Unreachable, noBucket
	case found(err) == verdict.Denied:
		side.Found, side.Detail = verdict.Denied, explain("grant s3:GetReplicationConfiguration on the bucket: GetBucketReplication", err)
	default:
		side.Found, side.Detail = verdict.Unreachable, explain("GetBucketReplication", err)
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

// explain is one line for people: what was called, and the answer or why there
// was none. Go's own text of a failed request is left out, because it starts
// with the URL and may be as long as the key.
func explain(operation string, err error) string {
	return reason.Line(operation+" "+answer(err), maxDetail)
}

func answer(err error) string {
	var api smithy.APIError
	var request *url.Error
	switch status := statusOf(err); {
	case errors.As(err, &api) && status != 0 && api.ErrorMessage() != http.StatusText(status):
		return fmt.Sprintf("answered %d %s: %s", status, api.ErrorCode(), api.ErrorMessage())
	case status != 0:
		return fmt.Sprintf("answered %d %s", status, http.StatusText(status))
	case errors.Is(err, context.DeadlineExceeded):
		return "did not answer in time"
	case errors.As(err, &request):
		return "got no answer: " + request.Err.Error()
	default:
		return "failed: " + err.Error()
	}
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
