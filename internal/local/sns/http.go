package sns

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"autobackup/internal/local/sigv4"
)

const namespace = "http://sns.amazonaws.com/doc/2010-03-31/"

// maxRequest holds the largest message with every byte percent-encoded.
const maxRequest = 2 << 20

type metadata struct {
	RequestID string `xml:"RequestId"`
}

type publishResponse struct {
	XMLName   xml.Name `xml:"PublishResponse"`
	Namespace string   `xml:"xmlns,attr"`
	MessageID string   `xml:"PublishResult>MessageId"`
	Metadata  metadata `xml:"ResponseMetadata"`
}

type listTopicsResponse struct {
	XMLName   xml.Name `xml:"ListTopicsResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Topics    []member `xml:"ListTopicsResult>Topics>member"`
	Metadata  metadata `xml:"ResponseMetadata"`
}

type member struct {
	ARN string `xml:"TopicArn"`
}

type errorResponse struct {
	XMLName   xml.Name `xml:"ErrorResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

// ServeHTTP answers Publish and ListTopics requests of the query protocol as SNS
// does, and refuses other actions and parameters by name.
// https://docs.aws.amazon.com/sns/latest/dg/sns-making-api-requests.html
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	requestID := s.newID()
	answer, err := s.serve(w, r, requestID)
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("X-Amzn-Requestid", requestID)
	if err != nil {
		var e *Error
		if !errors.As(err, &e) {
			e = &Error{Code: "InternalError", Status: 500, Message: err.Error()}
		}
		fault := "Sender"
		if e.Status >= 500 {
			fault = "Receiver"
		}
		w.WriteHeader(e.Status)
		answer = errorResponse{Namespace: namespace, Type: fault, Code: e.Code, Message: e.Message, RequestID: requestID}
	}
	_ = xml.NewEncoder(w).Encode(answer) // the client has gone away
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request, requestID string) (any, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	if err := r.ParseForm(); err != nil {
		return nil, invalid("not a request of the query protocol: %v", err)
	}
	switch action := r.PostForm.Get("Action"); action {
	case "Publish":
		p, err := publication(r.PostForm)
		if err != nil {
			return nil, err
		}
		id, err := s.Publish(p)
		return publishResponse{Namespace: namespace, MessageID: id, Metadata: metadata{requestID}}, err
	case "ListTopics":
		region, err := regionOf(r)
		list := listTopicsResponse{Namespace: namespace, Metadata: metadata{requestID}}
		for _, topicARN := range s.Topics(region) {
			list.Topics = append(list.Topics, member{topicARN})
		}
		return list, err
	default:
		return nil, &Error{Code: "InvalidAction", Status: 400, Message: fmt.Sprintf("the local stack does not support the SNS action %q", action)}
	}
}

// publication reads the parameters of Publish and refuses those it does not know.
func publication(form url.Values) (Publication, error) {
	p := Publication{TopicARN: form.Get("TopicArn"), Subject: form.Get("Subject"), Message: form.Get("Message"), Attributes: map[string]Attribute{}}
	for key := range form {
		if strings.HasPrefix(key, "MessageAttributes.entry.") {
			entry, _ := strings.CutSuffix(key, ".Name")
			if entry == key {
				continue // read with its name
			}
			a, err := attribute(form, entry)
			if err != nil {
				return p, err
			}
			p.Attributes[form.Get(key)] = a
		} else if !slices.Contains([]string{"Action", "Version", "TopicArn", "Subject", "Message"}, key) {
			return p, invalid("the local stack does not support the parameter %s of Publish", key)
		}
	}
	return p, nil
}

func attribute(form url.Values, entry string) (Attribute, error) {
	a := Attribute{DataType: form.Get(entry + ".Value.DataType"), Value: form.Get(entry + ".Value.StringValue")}
	if encoded := form.Get(entry + ".Value.BinaryValue"); encoded != "" {
		b, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return a, invalid("%s.Value.BinaryValue is not base64: %v", entry, err)
		}
		a.Value = string(b)
	}
	return a, nil
}

// regionOf reads the credential scope of the request's signature.
func regionOf(r *http.Request) (string, error) {
	region, _ := sigv4.Scope(r)
	if region == "" {
		return "", &Error{Code: "MissingAuthenticationToken", Status: 403, Message: "ListTopics needs a signed request: its signature names the region"}
	}
	return region, nil
}
