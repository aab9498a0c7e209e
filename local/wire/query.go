package wire

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"

	"autobackup/local/sigv4"
)

// maxForm holds the largest message of SNS with every byte percent-encoded.
const maxForm = 2 << 20

// Query is the query protocol, forms in and XML out, as a service speaks it.
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
type Query struct {
	Namespace string // of its answers
	// Answer answers a request, whose form is parsed. Its id stands in the answer.
	Answer func(r *http.Request, id string) (any, error)
}

// errorResponse is an error answer.
// https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html
type errorResponse struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Namespace string   `xml:"xmlns,attr,omitempty"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId,omitempty"`
}

// Serve answers a request. newID makes its id.
func (q Query) Serve(newID func() string, w http.ResponseWriter, r *http.Request) {
	id := newID()
	w.Header().Set("X-Amzn-Requestid", id)
	answer, err := q.answer(w, r, id)
	if err != nil {
		q.fail(w, From(err, "InternalError"), id)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	_ = xml.NewEncoder(w).Encode(answer) // the client has gone away
}

func (q Query) answer(w http.ResponseWriter, r *http.Request, id string) (any, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, Invalid("InvalidParameter", "not a request of the query protocol: %v", err)
	}
	return q.Answer(r, id)
}

func (q Query) fail(w http.ResponseWriter, e *Error, id string) {
	fault := "Sender"
	if e.Status == http.StatusInternalServerError {
		fault = "Receiver"
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(e.Status)
	_ = xml.NewEncoder(w).Encode(errorResponse{ // the client has gone away
		Namespace: q.Namespace, Type: fault, Code: e.Code, Message: e.Message, RequestID: id,
	})
}

// NotImplemented says what is not done here.
func NotImplemented(message string) *Error {
	return &Error{Code: "NotImplemented", Status: http.StatusNotImplemented, Message: message}
}

// Refuse says what is not done here to whoever asks for it, of whatever service.
func Refuse(w http.ResponseWriter, r *http.Request, why string) { fail(w, r, NotImplemented(why)) }

// Forbid refuses a request of whatever service.
func Forbid(w http.ResponseWriter, r *http.Request, why string) {
	fail(w, r, &Error{Code: "AccessDenied", Shape: "AccessDeniedException", Status: http.StatusForbidden, Message: why})
}

// inXML are the services of the protocol REST-XML, by the names that requests are signed for.
var inXML = []string{"", "s3", "s3express", "s3-object-lambda", "s3-outposts", "cloudfront", "route53"}

// fail answers with an error in the form of the protocol that a request speaks.
func fail(w http.ResponseWriter, r *http.Request, e *Error) {
	_, service := sigv4.Scope(r)
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(e.Status)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": e.Name(), "message": e.Message}) // the client has gone away
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		Query{}.fail(w, e, "")
	case !slices.Contains(inXML, service):
		FailREST(w, e)
	default:
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(e.Status)
		_ = xml.NewEncoder(w).Encode(struct { // the client has gone away
			XMLName       xml.Name `xml:"Error"`
			Code, Message string
		}{Code: e.Code, Message: e.Message})
	}
}
