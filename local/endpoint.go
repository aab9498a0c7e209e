package local

import (
	"net/http"

	"autobackup/local/sigv4"
	"autobackup/local/wire"
)

// ServeHTTP is the one address of all services in all regions. As with AWS, a
// request tells by its signature which service in which region it is for:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
//
// Each answers with the time by the stack's clock, which may run ahead of this machine's: by the
// header Date, programs tell how long ago something was.
func (s *Stack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if s.Store.Broken() != nil { // what was answered may not be there
			panic(http.ErrAbortHandler) //nolint:forbidigo // net/http's own way to close the connection: it recovers
		}
	}()
	w.Header().Set("Date", s.Clock.Now().UTC().Format(http.TimeFormat))
	switch _, service := sigv4.Scope(r); service {
	case "sqs":
		s.SQS.ServeHTTP(w, r)
	case "sns":
		s.SNS.ServeHTTP(w, r)
	case "states":
		s.States.ServeHTTP(w, r)
	case "lambda":
		s.Lambda.ServeHTTP(w, r)
	case "events":
		s.Events.ServeHTTP(w, r)
	case "pipes":
		s.Pipes.ServeHTTP(w, r)
	case "cloudformation":
		s.CloudFormation.ServeHTTP(w, r)
	case "monitoring": // CloudWatch
		s.CloudWatch.ServeHTTP(w, r)
	case "logs":
		s.Logs.ServeHTTP(w, r)
	case "sts":
		s.STS.ServeHTTP(w, r)
	case "s3", "":
		// S3 itself says what is wrong with an unsigned request.
		s.S3.ServeHTTP(w, r)
	default:
		wire.Refuse(w, r, "the local stack serves s3, sqs, sns, events, pipes, states, lambda, cloudformation, monitoring, logs and sts over HTTP, not "+service)
	}
}
