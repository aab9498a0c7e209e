package sqs_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"autobackup/local/sqs"
	"autobackup/local/wire"
)

func TestConfigurationIsCheckedWhenAQueueIsCreated(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*sqs.Queue)
		want   string
	}{
		"a FIFO queue": {func(q *sqs.Queue) { q.ARN += ".fifo" },
			"AWS.SimpleQueueService.UnsupportedOperation: queue new.fifo: FIFO queues are not supported by the local stack; use a standard queue"},
		"an ARN of another service": {func(q *sqs.Queue) { q.ARN = "arn:aws:sns:eu-west-1:111122223333:x" },
			`InvalidParameterValue: "arn:aws:sns:eu-west-1:111122223333:x" is no queue ARN; write it as arn:aws:sqs:region:account:name`},
		"a name that is taken": {func(q *sqs.Queue) { q.ARN = mainARN }, "QueueAlreadyExists: queue " + mainARN + " exists already"},
		"too long a delay": {func(q *sqs.Queue) { q.DelaySeconds = 901 },
			"InvalidParameterValue: Value 901 for parameter DelaySeconds is invalid. Reason: Must be between 0 and 900."},
		"too long a visibility time-out": {func(q *sqs.Queue) { q.VisibilityTimeout = 43_201 },
			"InvalidParameterValue: Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200."},
		"too short a retention": {func(q *sqs.Queue) { q.MessageRetentionPeriod = 59 },
			"InvalidParameterValue: Value 59 for parameter MessageRetentionPeriod is invalid. Reason: Must be between 60 and 1209600."},
		"too small a message size": {func(q *sqs.Queue) { q.MaximumMessageSize = 1023 },
			"InvalidParameterValue: Value 1023 for parameter MaximumMessageSize is invalid. Reason: Must be between 1024 and 1048576."},
		"too large a message size": {func(q *sqs.Queue) { q.MaximumMessageSize = 1<<20 + 1 },
			"InvalidParameterValue: Value 1048577 for parameter MaximumMessageSize is invalid. Reason: Must be between 1024 and 1048576."},
		"too long a wait": {func(q *sqs.Queue) { q.ReceiveMessageWaitTimeSeconds = 21 },
			"InvalidParameterValue: Value 21 for parameter ReceiveMessageWaitTimeSeconds is invalid. Reason: Must be between 0 and 20."},
		"no receives before the dead-letter queue": {func(q *sqs.Queue) { q.RedrivePolicy = &sqs.RedrivePolicy{DeadLetterTargetARN: dlqARN} },
			"InvalidParameterValue: Value 0 for parameter RedrivePolicy.maxReceiveCount is invalid. Reason: Must be between 1 and 1000."},
		"a dead-letter queue that isn't there": {func(q *sqs.Queue) {
			q.RedrivePolicy = &sqs.RedrivePolicy{DeadLetterTargetARN: dlqARN + "2", MaxReceiveCount: 3}
		}, "InvalidParameterValue: RedrivePolicy of queue new: dead-letter queue " + dlqARN + "2 does not exist"},
		"a dead-letter queue that doesn't let it in": {func(q *sqs.Queue) {
			q.RedrivePolicy = &sqs.RedrivePolicy{DeadLetterTargetARN: closedARN, MaxReceiveCount: 3}
		}, "InvalidParameterValue: RedrivePolicy of queue new: RedriveAllowPolicy of " + closedARN + " does not let it in"},
		"an unknown redrive permission": {func(q *sqs.Queue) { q.RedriveAllowPolicy = &sqs.RedriveAllowPolicy{RedrivePermission: "some"} },
			`InvalidParameterValue: RedriveAllowPolicy.redrivePermission of queue new is "some"; use allowAll, denyAll or byQueue`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, nil)
			closed := sqs.Defaults(closedARN, url(closedARN))
			closed.RedriveAllowPolicy = &sqs.RedriveAllowPolicy{RedrivePermission: "byQueue", SourceQueueARNs: []string{mainARN}}
			require.NoError(t, s.CreateQueue(closed))
			q := sqs.Defaults("arn:aws:sqs:eu-west-1:111122223333:new", "")
			c.change(&q)
			assert.EqualError(t, s.CreateQueue(q), c.want)
		})
	}
}

const closedARN = "arn:aws:sqs:eu-west-1:111122223333:closed"

func TestARedrivePolicyTakesItsCountAsNumberOrString(t *testing.T) {
	for _, text := range []string{`{"deadLetterTargetArn":"a","maxReceiveCount":3}`, `{"deadLetterTargetArn":"a","maxReceiveCount":"3"}`} {
		var p sqs.RedrivePolicy
		require.NoError(t, json.Unmarshal([]byte(text), &p))
		assert.Equal(t, sqs.RedrivePolicy{DeadLetterTargetARN: "a", MaxReceiveCount: 3}, p)
	}
	var p sqs.RedrivePolicy
	assert.Error(t, json.Unmarshal([]byte(`{"maxReceiveCount":"many"}`), &p))
}

func TestMessagesThatSQSRefusesAreRefused(t *testing.T) {
	attribute := func(name string, a sqs.Attribute) sqs.Outgoing {
		return sqs.Outgoing{Body: "x", Attributes: map[string]sqs.Attribute{name: a}}
	}
	text := sqs.Attribute{DataType: "String", Value: "v"}
	eleven := map[string]sqs.Attribute{}
	for _, name := range strings.Split("abcdefghijk", "") {
		eleven[name] = text
	}
	late := 901
	for name, c := range map[string]struct {
		message sqs.Outgoing
		code    string
	}{
		"an empty body":                      {sqs.Outgoing{}, "MissingParameter"},
		"a body over the queue's limit":      {sqs.Outgoing{Body: strings.Repeat("x", 1025)}, "InvalidParameterValue"},
		"a body of bytes that are no UTF-8":  {sqs.Outgoing{Body: "\xff"}, "InvalidMessageContents"},
		"a noncharacter":                     {sqs.Outgoing{Body: "\uffff"}, "InvalidMessageContents"},
		"a delay over 15 minutes":            {sqs.Outgoing{Body: "x", DelaySeconds: &late}, "InvalidParameterValue"},
		"more than ten attributes":           {sqs.Outgoing{Body: "x", Attributes: eleven}, "InvalidParameterValue"},
		"an attribute name with a space":     {attribute("a b", text), "InvalidParameterValue"},
		"an attribute name with two periods": {attribute("a..b", text), "InvalidParameterValue"},
		"a reserved attribute name":          {attribute("AWS.x", text), "InvalidParameterValue"},
		"an attribute of an unknown type":    {attribute("a", sqs.Attribute{DataType: "List", Value: "v"}), "InvalidParameterValue"},
		"an empty attribute":                 {attribute("a", sqs.Attribute{DataType: "String"}), "InvalidParameterValue"},
		"a number that is none":              {attribute("a", sqs.Attribute{DataType: "Number", Value: "one"}), "InvalidParameterValue"},
		"a control character in a value":     {attribute("a", sqs.Attribute{DataType: "String", Value: "\x02"}), "InvalidMessageContents"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, func(q *sqs.Queue) { q.MaximumMessageSize = 1024 })
			_, err := s.Send(mainARN, c.message)
			var e *wire.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.code, e.Code)
			all, err := s.Messages(mainARN)
			require.NoError(t, err)
			assert.Empty(t, all)
		})
	}
}

func TestSizeCountsBodyAndAttributeNamesTypesAndValues(t *testing.T) {
	s := newService(t, func(q *sqs.Queue) { q.MaximumMessageSize = 1024 })
	a := map[string]sqs.Attribute{"name": {DataType: "String", Value: "value"}} // 4 + 6 + 5
	_, err := s.Send(mainARN, sqs.Outgoing{Body: strings.Repeat("x", 1024-15), Attributes: a})
	require.NoError(t, err)
	_, err = s.Send(mainARN, sqs.Outgoing{Body: strings.Repeat("x", 1024-14), Attributes: a})
	assert.EqualError(t, err, "InvalidParameterValue: One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.")
}

func TestABatchIsAtMostTenMessagesAndOneMebibyte(t *testing.T) {
	s := newService(t, nil)
	entries := make([]sqs.Entry, 11)
	for i := range entries {
		entries[i] = sqs.Entry{ID: string(rune('a' + i)), Outgoing: sqs.Outgoing{Body: strings.Repeat("x", 1<<18)}}
	}
	_, err := s.SendBatch(mainARN, entries)
	assert.ErrorContains(t, err, "TooManyEntriesInBatchRequest")
	_, err = s.SendBatch(mainARN, entries[:5])
	assert.ErrorContains(t, err, "BatchRequestTooLong")
	sent, err := s.SendBatch(mainARN, entries[:4])
	require.NoError(t, err)
	assert.Len(t, sent, 4)
	_, err = s.SendBatch(mainARN, []sqs.Entry{{ID: "a b", Outgoing: sqs.Outgoing{Body: "x"}}})
	assert.ErrorContains(t, err, "InvalidBatchEntryId")
}

func TestWhatTheHTTPFrontDoesNotSupportIsRefusedByName(t *testing.T) {
	s := newService(t, nil)
	for name, c := range map[string]struct{ target, body, want string }{
		"an action":    {"AmazonSQS.CreateQueue", `{}`, "the local stack does not support CreateQueue"},
		"a parameter":  {"AmazonSQS.SendMessage", `{"QueueUrl":"http://localhost/123456789012/q","MessageBody":"x","MessageGroupId":"g"}`, `does not support the parameter \"MessageGroupId\"`},
		"no JSON":      {"AmazonSQS.SendMessage", `{`, "SendMessage: the body is not JSON (unexpected EOF)"},
		"a number":     {"AmazonSQS.SendMessage", `{"MessageBody":1}`, "SendMessage: MessageBody is of the JSON type number: it must be of the type string"},
		"an entry":     {"AmazonSQS.SendMessageBatch", `{"Entries":[{"MessageBody":1}]}`, "SendMessageBatch: MessageBody is of the JSON type number: it must be of the type string"},
		"no target":    {"", ``, "not a request of AmazonSQS in the AWS JSON protocol"},
		"a name alone": {"AmazonSQS.GetQueueAttributes", `{"QueueUrl":"main"}`, `#InvalidAddress","message":"The address main is not valid for this endpoint."`},
		"no account":   {"AmazonSQS.GetQueueAttributes", `{"QueueUrl":"http://localhost/main"}`, "The specified queue does not exist."},
		"a host alone": {"AmazonSQS.GetQueueAttributes", `{"QueueUrl":"https://queue.amazonaws.com/"}`, "The address https://queue.amazonaws.com/ is not valid for this endpoint."},
		"a page":       {"AmazonSQS.ListQueues", `{"MaxResults":1}`, `UnsupportedOperation","message":"ListQueues: the local stack does not take this request: it does not support the parameter \"MaxResults\""`},
		"no queue":     {"AmazonSQS.SendMessage", `{"MessageBody":"x"}`, "The request must contain the parameter QueueUrl."},
		"no signature": {"AmazonSQS.ListQueues", `{}`, "ListQueues needs a signed request: its signature names the region"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body))
			r.Header.Set("X-Amz-Target", c.target)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			assert.GreaterOrEqual(t, w.Code, 400)
			assert.Contains(t, w.Body.String(), c.want)
			assert.Contains(t, w.Body.String(), `"__type":"com.amazonaws.sqs#`)
			assert.Contains(t, w.Header().Get("X-Amzn-Query-Error"), ";Sender")
		})
	}
}

func TestAListOfNoQueuesIsLeftOut(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"QueueNamePrefix":"nobodys"}`))
	r.Header.Set("X-Amz-Target", "AmazonSQS.ListQueues")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=LOCAL/20260101/eu-central-1/sqs/aws4_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	newService(t, nil).ServeHTTP(w, r)
	assert.Equal(t, "{}\n", w.Body.String())
}
