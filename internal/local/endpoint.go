package local

import (
	"net/http"
	"strings"
)

// endpoint is the one address of all services in all regions. As with AWS, a
// request tells by its signature which service in which region it is for:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func (s *Stack) endpoint(w http.ResponseWriter, r *http.Request) {
	switch service := signedService(r); service {
	case "sqs":
		s.SQS.ServeHTTP(w, r)
	case "sns":
		s.SNS.ServeHTTP(w, r)
	case "states":
		s.serveStates(w, r)
	case "s3", "":
		// S3 itself says what is wrong with an unsigned request.
		s.S3.ServeHTTP(w, r)
	default:
		http.Error(w, "the local stack serves s3, sqs, sns and states over HTTP, not "+service, http.StatusNotImplemented)
	}
}

// signedService is the service in the request's credential scope, or "" where
// the request is not signed:
// Credential=AKID/20260302/eu-central-1/s3/aws4_request.
func signedService(r *http.Request) string {
	scope := r.URL.Query().Get("X-Amz-Credential")
	if _, rest, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		scope, _, _ = strings.Cut(rest, ",")
	}
	if parts := strings.Split(scope, "/"); len(parts) == 5 {
		return parts[3]
	}
	return ""
}
