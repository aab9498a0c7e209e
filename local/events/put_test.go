package events_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/clock"
	"autobackup/local/events"
	"autobackup/local/gate"
	"autobackup/local/iam"
	"autobackup/local/sqs"
)

const (
	owner   = "111122223333"
	theBus  = "arn:aws:events:eu-west-1:" + owner + ":event-bus/default"
	anEntry = `{"Source":"acme","DetailType":"Paid","Detail":"{\"a\":1}","Time":1700000000}`
)

// answer is what PutEvents answers, or its error.
type answer struct {
	FailedEntryCount int
	Entries          []struct{ EventId, ErrorCode string } //nolint:revive // EventBridge's names
	Type             string                                `json:"__type"`
	Message          string                                `json:"message"`
}

// putter is a service with a rule that takes everything of acme's.
func putter(t *testing.T) (*events.Service, *sqs.Service) {
	t.Helper()
	var n atomic.Int64
	id := func() string { return fmt.Sprint("id-", n.Add(1)) }
	queues := sqs.New(clock.Real(), id)
	require.NoError(t, queues.CreateQueue(sqs.Defaults(queueARN, "")))
	s := events.NewService(queues)
	s.NewID = id
	require.NoError(t, s.Bus("eu-west-1").AddRule(events.Rule{ARN: ruleARN, Pattern: []byte(`{"source":["acme"]}`), Targets: []events.Target{{ARN: queueARN}}}))
	return s, queues
}

func put(t *testing.T, s *events.Service, key, body string) (int, answer) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260302/eu-west-1/events/aws4_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var a answer
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &a), w.Body.String())
	return w.Code, a
}

func TestAnEventThatIsPutReachesTheTargetsOfRulesInEventBridgesForm(t *testing.T) {
	s, queues := putter(t)
	status, a := put(t, s, "LOCAL", `{"Entries":[`+anEntry+`]}`)
	require.Equal(t, []any{200, 0, 1}, []any{status, a.FailedEntryCount, len(a.Entries)})
	got := messages(t, queues, queueARN)
	require.Len(t, got, 1)
	assert.JSONEq(t, `{"version":"0","id":"`+a.Entries[0].EventId+`","detail-type":"Paid","source":"acme","account":"000000000000","region":"eu-west-1",`+
		`"time":"2023-11-14T22:13:20Z","resources":[],"detail":{"a":1}}`, got[0].Body)
}

func TestEachEntryHasAnAnswerOfItsOwn(t *testing.T) {
	s, queues := putter(t)
	s.Now = func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }
	s.Fault = func(e events.Entry) string {
		return map[bool]string{true: "ThrottlingException"}[e.DetailType == "Slow"]
	}
	_, a := put(t, s, "LOCAL", `{"Entries":[{"Source":"acme","DetailType":"Paid","Detail":"{}"},{"Source":"acme","DetailType":"Paid"},{"Source":"aws.s3","DetailType":"Paid","Detail":"{}"},`+
		`{"Source":"acme","DetailType":"Paid","Detail":"[]"},{"Source":"acme","DetailType":"Slow","Detail":"{}"},{"Source":"acme","DetailType":"Paid","Detail":"{}","EventBusName":"default"}]}`)
	var codes []string
	for _, e := range a.Entries {
		codes = append(codes, e.ErrorCode)
		assert.Equal(t, e.ErrorCode == "", e.EventId != "")
	}
	assert.Equal(t, []string{"", "InvalidArgument", "NotAuthorizedForSourceException", "MalformedDetail", "ThrottlingException", ""}, codes)
	assert.Equal(t, 4, a.FailedEntryCount)
	got := messages(t, queues, queueARN)
	require.Len(t, got, 2)
	assert.Contains(t, got[0].Body, `"time":"2026-03-02T09:00:00Z"`, "one without a time has that of the call")
}

func TestACallThatIsTooLongOrForAnotherBusIsRefused(t *testing.T) {
	s, queues := putter(t)
	for body, want := range map[string]string{
		`{"Entries":[]}`: "com.amazonaws.events#ValidationException",
		`{"Entries":[` + strings.Repeat(anEntry+",", 10) + anEntry + `]}`:                                                 "com.amazonaws.events#ValidationException",
		`{"Entries":[{"Source":"acme","DetailType":"Paid","Detail":"{\"a\":\"` + strings.Repeat("a", 256<<10) + `\"}"}]}`: "com.amazonaws.events#ValidationException",
		`{"Entries":[{"Source":"acme","DetailType":"Paid","Detail":"{}","EventBusName":"orders"}]}`:                       "com.amazonaws.events#ResourceNotFoundException",
		`{"Entries":[` + anEntry + `],"EndpointId":"e"}`:                                                                  "com.amazonaws.events#ValidationException",
	} {
		status, a := put(t, s, "LOCAL", body)
		assert.Equal(t, []any{400, want}, []any{status, a.Type}, a.Message)
	}
	assert.Empty(t, messages(t, queues, queueARN))
}

func TestEveryEventOfACallMustBeAllowed(t *testing.T) {
	s, queues := putter(t)
	s.Gate = gate.New(owner)
	by, err := s.Gate.User("sender", map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Effect": "Allow", "Action": "events:PutEvents", "Resource": theBus, "Condition": map[string]any{"StringEquals": map[string]any{"events:source": "acme"}}}}})
	require.NoError(t, err)
	key := by.AccessKey()
	other := strings.Replace(anEntry, "acme", "other", 1)
	for body, status := range map[string]int{`{"Entries":[` + anEntry + `]}`: 200, `{"Entries":[` + anEntry + "," + other + `]}`: 400, `{"Entries":[` + other + `]}`: 400, `{"Entries":[]}`: 400} {
		got, a := put(t, s, key, body)
		assert.Equal(t, status, got, a.Message)
		if status == 400 {
			assert.Equal(t, "com.amazonaws.events#AccessDeniedException", a.Type)
		}
	}
	assert.Empty(t, messages(t, queues, queueARN), "the rule may not send: the queue's policy lets nobody in")
	assert.Contains(t, s.Gate.Refusals(), gate.Refusal{By: "arn:aws:iam::" + owner + ":user/sender", Action: "events:PutEvents"})
	assert.Equal(t, iam.Principal{ARN: "arn:aws:iam::" + owner + ":user/sender"}, by.Principal())
}
