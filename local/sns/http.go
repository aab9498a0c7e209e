package sns

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"autobackup/local/sigv4"
	"autobackup/local/wire"
)

const namespace = "http://sns.amazonaws.com/doc/2010-03-31/"

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

// Actions names what is served over HTTP.
func Actions() []string {
	return []string{"GetSubscriptionAttributes", "ListSubscriptionsByTopic", "ListTopics", "Publish"}
}

// ServeHTTP answers requests of the query protocol as SNS does, and refuses other actions and parameters by name.
// https://docs.aws.amazon.com/sns/latest/dg/sns-making-api-requests.html
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	wire.Query{Namespace: namespace, Answer: s.answer}.Serve(s.newID, w, r)
}

func (s *Service) answer(r *http.Request, id string) (any, error) {
	by := s.As(s.Gate.Signed(sigv4.AccessKey(r)))
	switch action := r.PostForm.Get("Action"); action {
	case "Publish":
		p, err := publication(r.PostForm)
		if err != nil {
			return nil, err
		}
		message, err := by.Publish(p)
		return publishResponse{Namespace: namespace, MessageID: message, Metadata: metadata{id}}, err
	case "ListSubscriptionsByTopic":
		return by.listSubscriptions(r.PostForm, id)
	case "GetSubscriptionAttributes":
		return by.subscriptionAttributes(r.PostForm, id)
	case "ListTopics":
		region, err := wire.Region(r, "ListTopics")
		if err != nil {
			return nil, err
		}
		topics, err := by.Topics(region)
		list := listTopicsResponse{Namespace: namespace, Metadata: metadata{id}}
		for _, topicARN := range topics {
			list.Topics = append(list.Topics, member{topicARN})
		}
		return list, err
	default:
		return nil, wire.Invalid("InvalidAction", "the local stack does not support the SNS action %q", action)
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
