package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// maxBody holds the largest batch of SQS with every character escaped.
const maxBody = 8 << 20

// JSON is the protocol AWS JSON 1.0, as the service S speaks it. Actions and
// parameters that are not supported are refused by name.
// https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
type JSON[S any] struct {
	Target  string // AmazonSQS, for requests with X-Amz-Target: AmazonSQS.<action>
	Shapes  string // com.amazonaws.sqs, which the names of errors stand in
	Actions map[string]func(S, Request) (any, error)
	// NoRequest, NoAction and Unsupported make the errors for what is no request of
	// the service, for an action that is not served, and for parameters that an
	// action does not take.
	NoRequest, NoAction, Unsupported func(message string) *Error
	// Permit decides whether whoever signed a request may make it.
	Permit func(S, Request) error
	// QueryCompatible has errors tell the code of the query protocol, too.
	QueryCompatible bool
}

// Request is a request for one of the actions.
type Request struct {
	*http.Request
	Action      string
	body        []byte
	unsupported func(message string) *Error
}

// Names reads into v the parameters that say what a request is about, whatever else it
// has: the action says what is wrong with it.
func (r Request) Names(v any) { _ = json.Unmarshal(r.body, v) }

// Decode refuses parameters that are not in v, and what is no request at all.
func (r Request) Decode(v any) error {
	err := Decode(r.body, v)
	if err == nil {
		return nil
	}
	if why := malformed(err); why != "" {
		return Invalid("SerializationException", "%s: %s", r.Action, why)
	}
	return r.unsupported(err.Error())
}

// Names are the actions that are served, in order.
func (p *JSON[S]) Names() []string { return slices.Sorted(maps.Keys(p.Actions)) }

// Serve answers a request. newID makes the request's id.
func (p *JSON[S]) Serve(service S, newID func() string, w http.ResponseWriter, r *http.Request) {
	answer, err := p.answer(service, r)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amzn-Requestid", newID())
	if err != nil {
		e := From(err, "InternalFailure")
		if p.QueryCompatible {
			w.Header().Set("X-Amzn-Query-Error", e.Code+";Sender")
		}
		w.WriteHeader(e.Status)
		answer = map[string]string{"__type": p.Shapes + "#" + e.Name(), "message": e.Message}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(answer) // the client has gone away
}

func (p *JSON[S]) answer(service S, r *http.Request) (any, error) {
	name, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), p.Target+".")
	if !ok || r.Method != http.MethodPost {
		return nil, p.NoRequest(fmt.Sprintf("not a request of %[1]s in the AWS JSON protocol: it is a POST with X-Amz-Target: %[1]s.<action>", p.Target))
	}
	act := p.Actions[name]
	if act == nil {
		return nil, p.NoAction("the local stack does not support " + name)
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return nil, err
	}
	in := Request{Request: r, Action: name, body: body, unsupported: func(why string) *Error {
		return p.Unsupported(name + ": the local stack does not take this request: " + why)
	}}
	if p.Permit != nil {
		if err := p.Permit(service, in); err != nil {
			return nil, err
		}
	}
	return act(service, in)
}

// Decode decodes a JSON text and refuses, by name, members that are not in v: what
// is not supported is told, never ignored.
func Decode(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err != nil {
		if name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown { // Go has no type for it
			return fmt.Errorf("it does not support the parameter %s", name)
		}
	}
	return err
}

// FailREST answers with an error in the protocol REST-JSON.
// https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
func FailREST(w http.ResponseWriter, e *Error) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", e.Name())
	w.WriteHeader(e.Status)
	_ = json.NewEncoder(w).Encode(map[string]string{"Type": "User", "Message": e.Message}) // the client has gone away
}
