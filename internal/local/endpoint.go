package local

import (
	"encoding/xml"
	"net/http"
	"strings"

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
	case "sts":
		s.serveIdentity(w, r)
	case "s3", "":
		// S3 itself says what is wrong with an unsigned request.
		s.S3.ServeHTTP(w, r)
	default:
		refuse(w, r, "the local stack serves s3, sqs, sns, states, lambda and sts over HTTP, not "+service)
	}
}

// refusal is an error of the query protocol.
// https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
type refusal struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	Type    string   `xml:"Error>Type"`
	Code    string   `xml:"Error>Code"`
	Message string   `xml:"Error>Message"`
}

// refuse says what is not done here. Clients of the query protocol, which sends
// forms, show nothing but XML; the others show the text.
func refuse(w http.ResponseWriter, r *http.Request, why string) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		http.Error(w, why, http.StatusNotImplemented)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(http.StatusNotImplemented)
	answer, _ := xml.Marshal(refusal{Type: "Sender", Code: "NotImplemented", Message: why}) // texts always encode
	_, _ = w.Write(answer)                                                                  // the client has gone away
}
