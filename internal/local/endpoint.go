package local

import (
	"net/http"

	"autobackup/internal/local/sigv4"
)

// endpoint is the one address of all services in all regions. As with AWS, a
// request tells by its signature which service in which region it is for:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func (s *Stack) endpoint(w http.ResponseWriter, r *http.Request) {
	switch region, service := sigv4.Scope(r); service {
	case "sqs":
		s.SQS.ServeHTTP(w, r)
	case "sns":
		s.SNS.ServeHTTP(w, r)
	case "states":
		s.serveStates(w, r)
	case "lambda":
		s.serveLambda(w, r, region)
	case "s3", "":
		// S3 itself says what is wrong with an unsigned request.
		s.S3.ServeHTTP(w, r)
	default:
		http.Error(w, "the local stack serves s3, sqs, sns, states and lambda over HTTP, not "+service, http.StatusNotImplemented)
	}
}
