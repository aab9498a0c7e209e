package sqs

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"autobackup/internal/local/sigv4"
)

const prefix = "AmazonSQS."

// maxRequest holds the largest batch with every character escaped.
const maxRequest = 8 << 20

// ServeHTTP answers requests of the JSON protocol as SQS does. The region of
// GetQueueUrl and ListQueues comes from the request's signature; queue URLs are
// compared whole. Actions and parameters that are not supported are refused by name.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := s.serve(r)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amzn-Requestid", s.newID())
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			e = &Error{Shape: "InternalFailure", Code: "InternalFailure", Status: 500, Message: err.Error()}
		}
		w.Header().Set("X-Amzn-Query-Error", e.Code+";Sender")
		w.WriteHeader(e.Status)
		answer = map[string]string{"__type": "com.amazonaws.sqs#" + e.Shape, "message": e.Message}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(answer) // the client has gone away
}

func (s *Service) serve(r *http.Request) (any, error) {
	target := r.Header.Get("X-Amz-Target")
	name, ok := strings.CutPrefix(target, prefix)
	if !ok || r.Method != http.MethodPost {
		return nil, &Error{Shape: "InvalidAction", Code: "InvalidAction", Status: 400,
			Message: "not an SQS request in the AWS JSON protocol: it is a POST with X-Amz-Target: AmazonSQS.<action>"}
	}
	act, ok := actions[name]
	if !ok {
		return nil, unsupported("the local stack does not support %s", name)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return nil, err
	}
	return act(s, request{Request: r, action: name, body: body})
}

type request struct {
	*http.Request
	action string
	body   []byte
}

// decode refuses parameters that are not in v: what is not supported is told,
// never ignored.
func (r request) decode(v any) error {
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return unsupported("%s: the local stack does not take this request: %v", r.action, err)
	}
	return nil
}

// region is read from the credential scope of the request's signature.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func (r request) region() (string, error) {
	region, _ := sigv4.Scope(r.Request)
	if region == "" {
		return "", &Error{Shape: "MissingAuthenticationToken", Code: "MissingAuthenticationToken", Status: 403,
			Message: r.action + " needs a signed request: its signature names the region"}
	}
	return region, nil
}

var actions = map[string]func(*Service, request) (any, error){
	"SendMessage":             (*Service).sendMessage,
	"SendMessageBatch":        (*Service).sendMessageBatch,
	"ReceiveMessage":          (*Service).receiveMessage,
	"DeleteMessage":           (*Service).deleteMessage,
	"DeleteMessageBatch":      (*Service).deleteMessageBatch,
	"ChangeMessageVisibility": (*Service).changeMessageVisibility,
	"GetQueueAttributes":      (*Service).getQueueAttributes,
	"GetQueueUrl":             (*Service).getQueueURL,
	"ListQueues":              (*Service).listQueues,
	"PurgeQueue":              (*Service).purgeQueue,
	"StartMessageMoveTask":    (*Service).startMessageMoveTask,
	"ListMessageMoveTasks":    (*Service).listMessageMoveTasks,
}
