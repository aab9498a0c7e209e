package wire_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"autobackup/local/wire"
)

var protocol = wire.JSON[string]{
	Target: "AmazonTests", Shapes: "com.amazonaws.tests", QueryCompatible: true,
	NoRequest:   func(message string) *wire.Error { return wire.Invalid("NoRequest", "%s", message) },
	NoAction:    func(message string) *wire.Error { return wire.Invalid("NoAction", "%s", message) },
	Unsupported: func(message string) *wire.Error { return wire.Invalid("Unsupported", "%s", message) },
	Actions: map[string]func(string, wire.Request) (any, error){
		"Echo": func(service string, r wire.Request) (any, error) {
			var in struct {
				Text  string
				Times *int
				Each  []struct{ Bytes []byte }
			}
			err := r.Decode(&in)
			return map[string]string{"Text": service + in.Text}, err
		},
		"Break": func(string, wire.Request) (any, error) { return nil, errors.New("out of order") },
		"Refuse": func(string, wire.Request) (any, error) {
			return nil, &wire.Error{Code: "Old", Shape: "New", Status: 403}
		},
	},
}

func id() string { return "id" }

func TestTheJSONProtocolAnswersActionsAndRefusesTheRestByName(t *testing.T) {
	for name, test := range map[string]struct {
		method, target, body string
		status               int
		query, want          string
	}{
		"an action":             {"POST", "AmazonTests.Echo", `{"Text":"<&>"}`, 200, "", `{"Text":"service<&>"}`},
		"a parameter too many":  {"POST", "AmazonTests.Echo", `{"Text":"","Loud":true}`, 400, "Unsupported;Sender", `{"__type":"com.amazonaws.tests#Unsupported","message":"Echo: the local stack does not take this request: it does not support the parameter \"Loud\""}`},
		"a list":                {"POST", "AmazonTests.Echo", `[]`, 400, "SerializationException;Sender", `{"__type":"com.amazonaws.tests#SerializationException","message":"Echo: the body is JSON of the type array: it must be an object with the action's parameters"}`},
		"a text":                {"POST", "AmazonTests.Echo", `"x"`, 400, "SerializationException;Sender", `{"__type":"com.amazonaws.tests#SerializationException","message":"Echo: the body is JSON of the type string: it must be an object with the action's parameters"}`},
		"nothing":               {"POST", "AmazonTests.Echo", ``, 400, "SerializationException;Sender", `{"__type":"com.amazonaws.tests#SerializationException","message":"Echo: the body is not JSON (EOF): it must be an object with the action's parameters"}`},
		"half an object":        {"POST", "AmazonTests.Echo", `{"Text":`, 400, "SerializationException;Sender", `{"__type":"com.amazonaws.tests#SerializationException","message":"Echo: the body is not JSON (unexpected EOF): it must be an object with the action's parameters"}`},
		"no JSON":               {"POST", "AmazonTests.Echo", `Text=x`, 400, "SerializationException;Sender", `{"__type":"com.amazonaws.tests#SerializationException","message":"Echo: the body is not JSON (invalid character 'T' looking for beginning of value): it must be an object with the action's parameters"}`},
		"a number as text":      {"POST", "AmazonTests.Echo", `{"Times":"2"}`, 400, "SerializationException;Sender", `{"__type":"com.amazonaws.tests#SerializationException","message":"Echo: Times is of the JSON type string: it must be of the type whole number"}`},
		"half a number":         {"POST", "AmazonTests.Echo", `{"Times":1.5}`, 400, "SerializationException;Sender", `{"__type":"com.amazonaws.tests#SerializationException","message":"Echo: Times is of the JSON type number 1.5: it must be of the type whole number"}`},
		"an object as a list":   {"POST", "AmazonTests.Echo", `{"Each":{}}`, 400, "SerializationException;Sender", `{"__type":"com.amazonaws.tests#SerializationException","message":"Echo: Each is of the JSON type object: it must be of the type array"}`},
		"bytes that are none":   {"POST", "AmazonTests.Echo", `{"Each":[{"Bytes":"?"}]}`, 400, "SerializationException;Sender", `{"__type":"com.amazonaws.tests#SerializationException","message":"Echo: a value of bytes is not base64 (illegal base64 data at input byte 0)"}`},
		"an action too many":    {"POST", "AmazonTests.Shout", `{}`, 400, "NoAction;Sender", `{"__type":"com.amazonaws.tests#NoAction","message":"the local stack does not support Shout"}`},
		"another service":       {"POST", "AmazonSQS.Echo", `{}`, 400, "NoRequest;Sender", `{"__type":"com.amazonaws.tests#NoRequest","message":"not a request of AmazonTests in the AWS JSON protocol: it is a POST with X-Amz-Target: AmazonTests.<action>"}`},
		"another method":        {"GET", "AmazonTests.Echo", "", 400, "NoRequest;Sender", `{"__type":"com.amazonaws.tests#NoRequest","message":"not a request of AmazonTests in the AWS JSON protocol: it is a POST with X-Amz-Target: AmazonTests.<action>"}`},
		"an error of any kind":  {"POST", "AmazonTests.Break", `{}`, 500, "InternalFailure;Sender", `{"__type":"com.amazonaws.tests#InternalFailure","message":"out of order"}`},
		"an error of two names": {"POST", "AmazonTests.Refuse", `{}`, 403, "Old;Sender", `{"__type":"com.amazonaws.tests#New","message":""}`},
	} {
		t.Run(name, func(t *testing.T) {
			r, w := httptest.NewRequest(test.method, "/", strings.NewReader(test.body)), httptest.NewRecorder()
			r.Header.Set("X-Amz-Target", test.target)
			protocol.Serve("service", id, w, r)
			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, test.want+"\n", w.Body.String())
			assert.Equal(t, test.query, w.Header().Get("X-Amzn-Query-Error"))
			assert.Equal(t, "id", w.Header().Get("X-Amzn-Requestid"))
		})
	}
}

func TestTheQueryProtocolTellsWhoseFaultAnErrorIs(t *testing.T) {
	for name, test := range map[string]struct {
		err    error
		status int
		want   string
	}{
		"the caller's":        {wire.Invalid("NotFound", "no such %s", "topic"), 400, "<Error><Type>Sender</Type><Code>NotFound</Code><Message>no such topic</Message></Error>"},
		"the service's":       {errors.New("out of order"), 500, "<Error><Type>Receiver</Type><Code>InternalError</Code><Message>out of order</Message></Error>"},
		"that it is not here": {wire.NotImplemented("no"), 501, "<Error><Type>Sender</Type><Code>NotImplemented</Code><Message>no</Message></Error>"},
	} {
		t.Run(name, func(t *testing.T) {
			r, w := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("Action=Test")), httptest.NewRecorder()
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			wire.Query{Namespace: "urn:test", Answer: func(r *http.Request, id string) (any, error) {
				assert.Equal(t, "Test", r.PostForm.Get("Action"))
				assert.Equal(t, "id", id)
				return nil, test.err
			}}.Serve(id, w, r)
			assert.Equal(t, test.status, w.Code)
			assert.Equal(t, `<ErrorResponse xmlns="urn:test">`+test.want+`<RequestId>id</RequestId></ErrorResponse>`, w.Body.String())
		})
	}
}

func TestARESTErrorHasItsNameInTheHeader(t *testing.T) {
	w := httptest.NewRecorder()
	wire.FailREST(w, &wire.Error{Code: "TooLarge", Status: 413, Message: "too large"})
	assert.Equal(t, 413, w.Code)
	assert.Equal(t, "TooLarge", w.Header().Get("X-Amzn-Errortype"))
	var body map[string]string
	assert.NoError(t, json.NewDecoder(w.Body).Decode(&body))
	assert.Equal(t, map[string]string{"Type": "User", "Message": "too large"}, body)
}

func TestWhatIsRefusedIsToldInTheClientsFormat(t *testing.T) {
	for _, c := range []struct{ service, kind, target, want, shape string }{
		{"iam", "application/x-www-form-urlencoded; charset=utf-8", "", "<ErrorResponse><Error><Type>Sender</Type><Code>NotImplemented</Code><Message>none</Message></Error></ErrorResponse>", ""},
		{"kms", "application/x-amz-json-1.1", "TrentService.ListKeys", `{"__type":"NotImplemented","message":"none"}` + "\n", ""},
		{"backup", "application/json", "", `{"Message":"none","Type":"User"}` + "\n", "NotImplemented"},
		{"s3express", "", "", "<Error><Code>NotImplemented</Code><Message>none</Message></Error>", ""},
	} {
		r, w := httptest.NewRequest(http.MethodPost, "/", nil), httptest.NewRecorder()
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=K/20260301/eu-central-1/"+c.service+"/aws4_request, SignedHeaders=host, Signature=0")
		r.Header.Set("Content-Type", c.kind)
		if c.target != "" {
			r.Header.Set("X-Amz-Target", c.target)
		}
		wire.Refuse(w, r, "none")
		answer, _ := io.ReadAll(w.Body)
		assert.Equal(t, c.want, string(answer), c.service)
		assert.Equal(t, c.shape, w.Header().Get("X-Amzn-Errortype"), c.service)
		assert.Equal(t, http.StatusNotImplemented, w.Code)
	}
}

func TestARegionIsThatOfTheSignature(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	_, err := wire.Region(r, "ListTests")
	assert.EqualError(t, err, "MissingAuthenticationToken: ListTests needs a signed request: its signature names the region")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=LOCAL/20260302/eu-west-1/tests/aws4_request, SignedHeaders=host, Signature=0")
	region, err := wire.Region(r, "ListTests")
	assert.NoError(t, err)
	assert.Equal(t, "eu-west-1", region)
}
